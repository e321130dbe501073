"""Where meters are and were installed, as far as we know: which household a command to a meter would reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber

__all__ = ["Installation", "misplaced"]

_CLOCKS_DIFFER = timedelta(minutes=10)
"""An order's time is its sender's; so a move that we heard of shortly before it counts as one after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A meter at a metering point, from when until when (UTC) as far as we know; None: it is still there.

    ``confirmed_at`` is when a person has last made sure that the meter is there.
    """

    meter: MeterNumber
    metering_point: MeteringPointCode
    known_since: datetime
    known_until: datetime | None = None
    confirmed_at: datetime | None = None

    def lasts_beyond(self, moment: datetime) -> bool:
        """Whether the meter was known to be there after ``moment`` (UTC)."""
        return self.known_until is None or self.known_until > moment


def misplaced(
    point: MeteringPointCode, meter: MeterNumber, registered_at: datetime, known: Sequence[Installation]
) -> str | None:
    """Why a command to ``meter`` for an order of ``point`` might reach another household; None when it can't.

    ``registered_at`` (UTC) is when the order was registered. ``known`` are all installations of all meters that are or
    were at the point, however they are spelled. A meter must be at one point only. And no meter that was at the point
    since the order was registered may have been at another point since then, unless a person has confirmed the meter
    afterwards.
    """
    same = [i for i in known if meter.is_spelled(i.meter)]
    elsewhere = sorted({i.metering_point for i in same if i.known_until is None} - {point})
    if elsewhere:
        return (
            f"meter {meter} is known at more than one metering point ({', '.join([point, *elsewhere])}): "
            "it is not certain whose supply it switches -> find out where it is, and say so with `points meter`"
        )
    since = _counts_from(point, meter, registered_at, known)
    moved = {i.meter.value for i in known if i.metering_point == point and i.lasts_beyond(since)}
    for other in known:
        if other.meter.value in moved and other.metering_point != point and other.lasts_beyond(since):
            return (
                f"meter {other.meter} was moved between the metering points {other.metering_point} and {point} since "
                "the order was registered -> find out which meter is here, say so with `points meter`, then retry"
            )
    return None


def _counts_from(
    point: MeteringPointCode, meter: MeterNumber, registered_at: datetime, known: Sequence[Installation]
) -> datetime:
    """The moment (UTC) from which moves of the meter count against the order."""
    here = [i for i in known if i.metering_point == point and meter.is_spelled(i.meter) and i.known_until is None]
    confirmed = [i.confirmed_at for i in here if i.confirmed_at is not None]
    return max([registered_at - _CLOCKS_DIFFER, *confirmed])
