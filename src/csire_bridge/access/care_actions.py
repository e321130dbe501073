"""Who takes care of an order: take it, give it to a colleague, leave it. It changes no order."""

from __future__ import annotations

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.care import Care
from csire_bridge.domain.people.accounts import Account
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.domain.people.roles import PERMISSIONS, Permission
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["may_care", "take_care"]


def may_care(account: Account) -> bool:
    """Whether an order can be given to that account: it is not locked, and may act on orders."""
    return not account.locked and Permission.ORDERS in PERMISSIONS[account.role]


@audited(Act.ORDER_CARE, "order {key}", lambda tx, given: tx.care.of([given["key"]]).get(given["key"]))
def take_care(tx: UnitOfWork, key: int, person: str | None, act: OperatorAction) -> Care | None:
    """From now on ``person`` takes care of the order; None: nobody. Return what stands.

    Raises ActionRefused when there is no such order, or no such account that may act on orders.
    """
    if key not in tx.orders.get_for_update([key]):
        raise ActionRefused(f"there is no order {key}", "look its key up with `orders list`")
    account = None if person is None else tx.accounts.named(person)
    if person is not None and (account is None or not may_care(account)):
        raise ActionRefused(f"{person} can't take care of an order", "name an account that may act on orders")
    there = tx.care.of([key]).get(key)
    name = account.name if account else None
    if there and there.person == name:
        return there
    tx.care.end(key, act.at, act.by)
    if name is None:
        return None
    care = Care(order=key, person=name, since=act.at, by=act.by)
    tx.care.begin(care)
    return care
