"""A database that was restored from a backup does not know what was done since; what concerns that time is in doubt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.order.order import Order

__all__ = ["IN_DOUBT", "Restore"]

IN_DOUBT = (
    "restored from a backup: what was done of it meanwhile, and whether the hub was answered, is not known here; "
    "a person must find out (docs/backups.md)"
)


@dataclass(frozen=True, slots=True)
class Restore:
    """The last restore. ``generation`` is greater than that of every restore before, also of those that this database
    does not know of; it stands in the ids that the head-end system gets. What happened up to ``lost_until`` (UTC) may
    have been lost.
    """

    generation: int
    restored_at: datetime
    lost_until: datetime

    @classmethod
    def starting(cls, at: datetime, lost_until: datetime, last: Restore | None = None) -> Restore:
        """A restore at this moment (UTC), after ``last``: its generation is the moment itself, in seconds."""
        return cls(max(int(at.timestamp()), last.generation + 1 if last else 0), at, lost_until)

    def generation_of(self, order: Order) -> int:
        """What is written into a new order: one that was asked for while we may have known more is in doubt."""
        known = order.registered_at > self.lost_until or order.parent is not None
        return self.generation if known else 0

    def doubts(self, order: Order) -> bool:
        """Whether nobody has looked at the order since."""
        return order.generation < self.generation
