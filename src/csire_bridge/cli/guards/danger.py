"""``csire-bridge danger``: cut the supply because of danger, lift the danger, and which cuts stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

import typer

from csire_bridge.cli.shared.arguments import PointArgument
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.operator_action import parse_point
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.metering_point.danger_cuts import DangerCut
from csire_bridge.domain.order.order import Order
from csire_bridge.pipeline.operator.orders import danger_actions
from csire_bridge.store.sql.row_mapper import to_row

__all__ = ["add_to", "lift"]

_danger = typer.Typer(help="Danger to life, health or the environment: cut the supply at once.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_danger, name="danger")


@_danger.command("cut")
@operator_command()
def cut(
    operator: Operator,
    point: PointArgument,
    *,
    despite_stop: Annotated[
        bool, typer.Option("--despite-stop", help="Although the stop switch holds everything back.")
    ] = False,
) -> None:
    """Cut the supply of a point at once, because of direct danger; connections wait until the danger is lifted.

    It passes bans, complaints, protections, the operator's rules and the cap. It does not pass a hold of the kind
    emergency-supply. Once the contactor was read, the hub is told (8.3.1.1).

    Example:

        csire-bridge danger cut 590243856287817706 --by "Anna Nowak" --why "fire brigade asks: flooded cellar"
    """
    act, code = operator.action(), parse_point(point)
    with operator.changing() as tx:
        ordered = danger_actions.cut(tx, code, act, despite_stop=despite_stop)
    key = ordered.order.key
    head = f"order {key} cuts the supply at {code}, by {act.by}; look whether it is done: csire-bridge danger list"
    operator.tell(_facts(ordered.cut, ordered.order) | {"against": list(ordered.against)}, head, *ordered.against)


@_danger.command("lift")
@operator_command()
def lift(operator: Operator, point: PointArgument) -> None:
    """Lift the danger at a point (PL-278): supply that was cut for it comes back, connections that waited go on.

    Example:

        csire-bridge danger lift 590243856287817706 --by "Jan Kowalski" --why "installation checked, protocol 17"
    """
    act, code = operator.action(), parse_point(point)
    with operator.changing() as tx:
        lifted = danger_actions.lift(tx, code, act)
    lines = [f"order {order.key} ({order.kind}) goes on" for order in lifted.waited]
    if lifted.connection is not None:
        lines.append(f"order {lifted.connection.key} brings the supply back")
    if lifted.stays_off is not None:
        lines.append(f"the supply stays off: {lifted.stays_off}")
    facts = {
        "metering_point": code,
        "by": act.by,
        "why": act.why,
        "orders": [order.key for order in lifted.waited],
        "connection": lifted.connection.key if lifted.connection else None,
        "stays_off": lifted.stays_off,
    }
    operator.tell(facts, f"registered danger at {code} was lifted by {act.by}", *lines)


_Standing: TypeAlias = tuple[DangerCut, Order | None]
CUT_COLUMNS: Sequence[Column[_Standing]] = (
    Column("point", lambda row: str(row[0].metering_point)),
    Column("order", lambda row: row[0].order),
    Column("state", lambda row: row[1].state if row[1] else None),
    Column("executed", lambda row: row[1].executed_at if row[1] else None, goes=1),
    Column("waits-for", lambda row: row[1].waits_for if row[1] and not row[1].executed_at else None, goes=2),
    Column("since", lambda row: row[0].since, goes=4),
    Column("by", lambda row: row[0].by, goes=5),
    Column("why", lambda row: row[0].why, words=True),
    Column("reason", lambda row: row[1].detail if row[1] and not row[1].executed_at else None, goes=3, words=True),
)


@_danger.command("list")
@list_command(CUT_COLUMNS)
def list_cuts(listing: Listing) -> None:
    """Cuts because of danger that stand: since when, by whom, and whether they are done.

    Example:

        csire-bridge danger list
    """
    with listing.reading() as tx:
        found = danger_actions.standing(tx)
    listing.show(
        CUT_COLUMNS,
        found,
        title="Cuts because of danger",
        nothing="no cut because of danger stands",
        facts=lambda: {"cuts": [_facts(cut, order) for cut, order in found]},
    )


def _facts(cut: DangerCut, order: Order | None) -> dict[str, Any]:
    state = {"state": order.state, "executed_at": order.executed_at} if order else {"state": None, "executed_at": None}
    return to_row(cut) | state
