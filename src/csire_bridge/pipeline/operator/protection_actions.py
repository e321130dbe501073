"""Operator actions on the protection of a household, and the reading of what is known of it, which is noted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.metering_point.facts import Source
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import Order, WaitsFor
from csire_bridge.domain.protection import NOT_PROTECTED, ProtectedKind, Protection
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.operator.point_actions import not_before_told
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["protect", "read_protection_of", "unprotect"]


def protect(
    tx: Transaction, point: MeteringPointCode, kind: ProtectedKind, until: date | None, act: OperatorAction
) -> Protection:
    """Record that the household at a point is protected from today to the end of ``until`` (Polish date).

    Orders that are waiting are judged anew just before their command. Raises ActionRefused for an unknown point, and
    for an end that is past.
    """
    if until is not None and until < act.at.astimezone(WARSAW).date():
        raise ActionRefused(f"{until.isoformat()} is past", "give the last day of the protection, today or later")
    protection = Protection.of(kind, until)
    _record(tx, point, protection, act)
    return protection


def unprotect(tx: Transaction, point: MeteringPointCode, act: OperatorAction) -> Sequence[Order]:
    """Record that the household at a point is not protected; return the orders that waited for the law, which go on.

    Raises ActionRefused for an unknown point.
    """
    _record(tx, point, NOT_PROTECTED, act)
    keys = tx.neighbours.waiting_at([point])
    waited = [order for order in tx.orders.get_many(keys).values() if order.waits_for is WaitsFor.LAW]
    text = act.history_line("the household is not protected")
    tx.orders.note_all([(order.key, order.state, text) for order in waited], act.at)
    tx.work.wake(WorkStep.EXECUTE, keys, act.at)
    return waited


def read_protection_of(tx: Transaction, point: MeteringPointCode, act: OperatorAction) -> Protection | None:
    """What is known of the protection of the household at a point; that somebody has read it is noted.

    Raises ActionRefused for an unknown point.
    """
    known = tx.points.of([point], act.at).get(point)
    if known is None:
        raise ActionRefused(f"the point {point} is not known", "import it, or look the code up")
    tx.points.note_protection_read(point, act.by, act.why or "", act.at)
    return known.protection


def _record(tx: Transaction, point: MeteringPointCode, protection: Protection, act: OperatorAction) -> None:
    tx.points.lock([point])
    if point not in tx.points.of([point], act.at):
        raise ActionRefused(f"the point {point} is not known", "import it, or look the code up")
    told = RegistryUpdate(
        process_instance=None,
        metering_point=point,
        effective_date=not_before_told(tx, point, "protection", act),
        protection=protection,
    )
    tx.points.record_notices([told], act.at, Source.PERSON, act.by, act.why)
