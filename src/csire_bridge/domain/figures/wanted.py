"""Which orders somebody wants figures of."""

from __future__ import annotations

from dataclasses import dataclass

from csire_bridge.domain.figures.period import Period
from csire_bridge.domain.figures.tally import Cell
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import OrderKind

__all__ = ["EVERYTHING", "FiguresWanted"]


@dataclass(frozen=True, slots=True)
class FiguresWanted:
    """Which orders; None is every one. ``supplier`` empty: those for which no supplier asked.

    ``period`` None: all that there ever were.
    """

    period: Period | None = None
    kind: OrderKind | None = None
    source: OrderSource | None = None
    supplier: str | None = None

    def takes(self, cell: Cell) -> bool:
        """Whether a cell of a day is wanted."""
        return (
            (self.period is None or cell.day in self.period)
            and self.kind in (None, cell.kind)
            and self.source in (None, cell.source)
            and self.supplier in (None, cell.supplier)
        )


EVERYTHING = FiguresWanted()
