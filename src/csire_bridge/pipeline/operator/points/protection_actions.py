"""Operator actions on the protection of a household, and the reading of what is known of it, which is noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import Order, WaitsFor
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited, note
from csire_bridge.domain.protection import NOT_PROTECTED, ProtectedKind, Protection
from csire_bridge.pipeline.operator.points.point_actions import known_point, record, statement
from csire_bridge.pipeline.operator.waiting_orders import go_on
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["protect", "read_protection_of", "unprotect"]


@audited(Act.PROTECTION_SET, "point {point}", lambda tx, given: _protection(tx, given["point"]))
def protect(
    tx: Transaction, point: MeteringPointCode, kind: ProtectedKind, until: date | None, act: OperatorAction
) -> Protection:
    """Record that the household at a point is protected from today to the end of ``until`` (Polish date).

    Orders that are waiting are judged anew just before their command; a command under way that the law now forbids is
    recalled. Raises ActionRefused for an unknown point, and
    for an end that is past.
    """
    if until is not None and until < act.at.astimezone(WARSAW).date():
        raise ActionRefused(f"{until.isoformat()} is past", "give the last day of the protection, today or later")
    protection = Protection.of(kind, until)
    _record(tx, point, protection, act)
    return protection


@audited(Act.PROTECTION_END, "point {point}", lambda tx, given: _protection(tx, given["point"]))
def unprotect(tx: Transaction, point: MeteringPointCode, act: OperatorAction) -> Sequence[Order]:
    """Record that the household at a point is not protected; return the orders that waited for the law, which go on.

    Raises ActionRefused for an unknown point.
    """
    _record(tx, point, NOT_PROTECTED, act)
    return go_on(tx, point, WaitsFor.LAW, "the household is not protected", act)


def read_protection_of(tx: Transaction, point: MeteringPointCode, act: OperatorAction) -> Protection | None:
    """What is known of the protection of the household at a point; that somebody has read it is noted.

    Raises ActionRefused for an unknown point.
    """
    note(tx, act.who, Act.PROTECTION_READ, f"point {point}", act.at, act.why)
    return known_point(tx, point, act).protection


def _protection(tx: Transaction, point: MeteringPointCode) -> dict[str, object]:
    """What the audit keeps of a protection: whether there is one and until when, and not why."""
    known = tx.points.get(point)
    told = known.protection if known else None
    return {"protected": told is not None and told != NOT_PROTECTED, "until": told.until if told else None}


def _record(tx: Transaction, point: MeteringPointCode, protection: Protection, act: OperatorAction) -> None:
    tx.points.lock([point])
    known_point(tx, point, act)
    record(tx, replace(statement(tx, point, "protection", act), protection=protection), act)
