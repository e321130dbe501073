"""The hub's results (R_1) to our answers, and when they count.

A result counts for an answer that was sent, if it names the same process and the same metering point. Only a person can
settle an answer that the hub contested.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.message.documents import DocumentState, OutgoingDocument
from csire_bridge.domain.order.order import Order

__all__ = ["HubResult", "Weight", "weigh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HubResult:
    """An R_1 of the hub, received at ``heard_at`` (UTC) as ``message_id``, to our answer with the id ``answers``."""

    message_id: MessageId
    answers: MessageId
    process_instance: ProcessInstanceId
    metering_point: MeteringPointCode | None
    result_code: str
    accepted: bool
    description: str | None
    heard_at: datetime


class Weight(StrEnum):
    """How an R_1 counts.

    ``EARLY``: the answer is not known, or was not sent yet; the R_1 is kept. ``OTHER``: it names another process or
    point. ``CONTESTED``: the hub contested the answer before, so a person must settle it; the R_1 is only recorded.
    """

    COUNTS = "counts"
    EARLY = "early"
    OTHER = "other"
    CONTESTED = "contested"


def weigh(result: HubResult, document: OutgoingDocument | None, order: Order | None) -> Weight:
    """How ``result`` counts for ``document``, our answer to ``order`` under the id that the result names."""
    if document is None or order is None:
        return Weight.EARLY
    if result.process_instance != order.process_instance:
        return Weight.OTHER
    if result.metering_point not in (None, order.metering_point):
        return Weight.OTHER
    if document.state is DocumentState.CONTESTED:
        return Weight.CONTESTED
    return Weight.COUNTS if document.has_left else Weight.EARLY
