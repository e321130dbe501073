"""Looks up a metering point at SID: one that the registry does not know, or whose protection nobody knows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from csire_bridge.domain.errors import OutcomeUnknown, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.operations.retry import RetryPolicy
from csire_bridge.domain.order.order import Order, RejectionReason
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.batch_step import Completed
from csire_bridge.pipeline.orders.order_changes import OrderChanges

__all__ = ["Finder", "PointAnswer", "PointQuery", "ask", "record_point_answer"]

_UNKNOWN = "the metering point is not known to the operator"
_PATIENCE = RetryPolicy.lasting(timedelta(days=1))
"""SID may be down for a while. Nothing is concluded from its silence; in the end a person looks."""


class Finder(Protocol):
    """Finds metering points in the registry, or else at SID; stores what it learns."""

    def find(self, code: MeteringPointCode, *, refresh: bool = False) -> MeteringPoint | None: ...


@dataclass(frozen=True, slots=True)
class PointQuery:
    """An order whose metering point is not in the registry; or is, but nobody knows whether its household is protected
    (``refresh``)."""

    order: Order
    refresh: bool = False


PointAnswer = MeteringPoint | PartnerUnreachable | OutcomeUnknown | PartnerRefused | None
"""What was found; None if the point is unknown everywhere."""


def ask(finder: Finder, asking: PointQuery) -> PointAnswer:
    """Look the point up."""
    try:
        return finder.find(asking.order.metering_point, refresh=asking.refresh)
    except (PartnerUnreachable, OutcomeUnknown, PartnerRefused) as error:
        return error


def record_point_answer(
    done: Sequence[Completed[PointQuery, PointAnswer]], changes: OrderChanges, jitter: random.Random
) -> None:
    """An order whose point was found continues; one whose point nobody knows ends as "cannot"."""
    for piece in done:
        order, item = piece.about.order, piece.item
        if piece.about.refresh:
            _protection_told(order, item, piece.result, changes, jitter)
            continue
        match piece.result:
            case MeteringPoint():
                changes.reschedule(item, changes.now)
            case PartnerUnreachable() | OutcomeUnknown() as error:
                again = _PATIENCE.next_try(item.attempts + 1, changes.now, jitter)
                why = f"the metering point can't be looked up: {error.text}"
                if again is None:
                    changes.park(order, item, why)
                else:
                    changes.reschedule(item, again, why)
            case PartnerRefused() | None:
                changes.cannot(order, item, RejectionReason.OTHER, _UNKNOWN)


def _protection_told(
    order: Order, item: WorkItem, answer: PointAnswer, changes: OrderChanges, jitter: random.Random
) -> None:
    """The order goes to the gates again, with whatever SID has told; where SID can't be asked, later."""
    if isinstance(answer, PartnerUnreachable | OutcomeUnknown):
        again = _PATIENCE.next_try(item.attempts + 1, changes.now, jitter)
        if again is not None:
            changes.reschedule(item, again, f"SID can't be asked whether the household is protected: {answer.text}")
            return
    changes.protection_asked.append(order.metering_point)
    changes.reschedule(item, changes.now)
