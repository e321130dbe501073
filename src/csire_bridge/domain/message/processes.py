"""What is known of a market process: which order it asked for, and whether the hub has ended it.

A process instance is carried out once. Its messages may come twice, late, or in the wrong order, under any message id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.order.order import FINAL_STATES, NEEDS_OPERATOR, Order, OrderKind, OrderState

__all__ = ["Process", "Standing", "Stands", "same_dates", "standing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process instance. ``kind`` and ``metering_point`` are those of its order, None while none has come.

    ``ended_at`` (UTC) is when we were told that the hub ended it by force, ``ended_by`` the message that said so.
    ``archive`` names the archive of its order once retention has deleted it, and ``outcome`` that order's result; None
    if it is not known any more.
    """

    process_instance: ProcessInstanceId
    kind: OrderKind | None = None
    metering_point: MeteringPointCode | None = None
    ended_at: datetime | None = None
    ended_by: MessageId | None = None
    outcome: OrderState | None = None
    archive: str | None = None


class Standing(StrEnum):
    """How a request relates to its process.

    ``NEW``: nothing was done yet. ``JOINS``: SID has named the process already, and its order is open. ``MOVED``: it
    changes the dates of an order that waits. ``REPEATED``: its order asks for the same, and is open, or was carried out
    because SID had named the process. ``OUTDATED``: a newer message has set other dates. ``ANSWERED``: its order has
    ended. ``OTHER``: the process has asked for something else. ``UNDER_WAY``: other dates for an order whose command
    was given.
    """

    NEW = "new"
    JOINS = "joins"
    MOVED = "moved"
    REPEATED = "repeated"
    OUTDATED = "outdated"
    ANSWERED = "answered"
    OTHER = "other"
    UNDER_WAY = "under-way"


@dataclass(frozen=True, slots=True)
class Stands:
    """A request's standing, and the order of its process that decides it; None where there is none any more."""

    standing: Standing
    order: Order | None = None


_DATES = ("requested_date", "effective_date", "tariff_group", "contracted_power")


def standing(asked: Order, process: Process, known: Sequence[Order]) -> Stands:
    """How the request ``asked`` relates to ``process``, whose orders are ``known``.

    A movement of the contactor that has ended is never asked for again. An agreement or a tariff may be given another
    date afterwards, by a newer message; the same date again is a repeat.
    """
    if _is_other(asked, process, known):
        return Stands(Standing.OTHER, known[0] if known else None)
    if not known:
        return Stands(Standing.NEW if process.archive is None else Standing.ANSWERED)
    latest = max(known, key=lambda order: (_dated_at(order), order.key))
    if latest.state in FINAL_STATES:
        return Stands(_after(asked, process, latest), latest)
    return Stands(_while(asked, latest), latest)


def _after(asked: Order, process: Process, ended: Order) -> Standing:
    if ended.source_message is None and same_dates(asked, ended):
        return Standing.REPEATED
    if same_dates(asked, ended) or asked.kind.contactor_action or process.ended_at is not None:
        return Standing.ANSWERED
    return Standing.NEW if asked.registered_at > _dated_at(ended) else Standing.OUTDATED


def _while(asked: Order, waiting: Order) -> Standing:
    if waiting.source_message is None:
        return Standing.JOINS
    if same_dates(asked, waiting):
        return Standing.REPEATED
    if asked.registered_at <= _dated_at(waiting):
        return Standing.OUTDATED
    movable = waiting.recalled_at is None and waiting.state in _MOVABLE
    return Standing.MOVED if movable or not asked.kind.contactor_action else Standing.UNDER_WAY


_MOVABLE = NEEDS_OPERATOR | {OrderState.REGISTERED}


def _is_other(asked: Order, process: Process, known: Sequence[Order]) -> bool:
    wanted = (asked.kind, asked.metering_point)
    if process.kind is not None and (process.kind, process.metering_point) != wanted:
        return True
    return any((order.kind, order.metering_point) != wanted for order in known)


def same_dates(asked: Order, known: Order) -> bool:
    """Whether both are to be carried out on the same dates and, as agreements and tariffs, to the same terms."""
    return all(getattr(asked, name) == getattr(known, name) for name in _DATES)


def _dated_at(order: Order) -> datetime:
    """The moment (UTC) of the message that set the order's dates."""
    return order.dated_at or order.registered_at
