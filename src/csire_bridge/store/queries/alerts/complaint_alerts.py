"""Alerts on complaints that nobody has decided: half and four fifths of their time, and once they count as upheld."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, select

from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.domain.order.deadlines import Standing
from csire_bridge.domain.order.deadlines import standing as time_used
from csire_bridge.store.tables import UNDECIDED, complaints, holds

__all__ = ["complaint_alerts"]

_KINDS = {
    Standing.HALF: AlertKind.COMPLAINT_HALF,
    Standing.FOUR_FIFTHS: AlertKind.COMPLAINT_FOUR_FIFTHS,
    Standing.PAST: AlertKind.COMPLAINT_UPHELD,
}
_OPEN = (
    select(complaints.c.lodged, complaints.c.decide_by)
    .join(holds, holds.c.key == complaints.c.key)
    .where(UNDECIDED, holds.c.released_at.is_(None))
    .order_by(complaints.c.lodged)
)


def complaint_alerts(connection: Connection, now: datetime) -> Iterator[Alert]:
    """One alert for each stage that some undecided complaint has reached at ``now`` (UTC), with how many have.

    The last stage stays until the hold is released, or a decision or dispute is recorded.
    """
    reached: dict[AlertKind, list[datetime]] = defaultdict(list)
    for lodged, decide_by in connection.execute(_OPEN):
        used = Standing.PAST if now >= decide_by else time_used(decide_by, lodged, now)
        if used in _KINDS:
            reached[_KINDS[used]].append(lodged)
    for kind in _KINDS.values():
        if reached[kind]:
            yield Alert(kind, len(reached[kind]), reached[kind][0])
