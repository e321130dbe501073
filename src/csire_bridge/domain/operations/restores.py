"""A database restored from a backup does not know what was done since; orders of that time are uncertain."""

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
    """The last restore.

    ``generation`` is greater than that of every earlier restore, also of those that this database does not know; it is
    part of the ids that the head-end system gets. What happened up to ``lost_until`` (UTC) may have been lost.
    """

    generation: int
    restored_at: datetime
    lost_until: datetime

    @classmethod
    def starting(cls, at: datetime, lost_until: datetime, last: Restore | None = None) -> Restore:
        """A restore at this moment (UTC), after ``last``: its generation is the moment itself, in seconds."""
        return cls(max(int(at.timestamp()), last.generation + 1 if last else 0), at, lost_until)

    def generation_of(self, order: Order) -> int:
        """The generation to store in a new order; 0, which means uncertain, for one asked for in the lost time."""
        known = order.registered_at > self.lost_until or order.parent is not None
        return self.generation if known else 0

    def doubts(self, order: Order) -> bool:
        """Whether the order is uncertain: no person has checked it since the restore."""
        return order.generation < self.generation
