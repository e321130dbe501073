"""Keeps figures up to date: what has ended is counted once, in small transactions, and never read again for them.

The regulator's figures of a month are counted anew now and then, because commands of it may still come to their meters:
those of this month and of the one before; of older ones only what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import Event

from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.clock import WARSAW, Clock
from csire_bridge.domain.law.book import LawBook
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.law.model import ShareFigure
from csire_bridge.store.figures.law_months import keep_month, months_kept
from csire_bridge.store.queries.law_figures import month_figures
from csire_bridge.worker.scheduler import LedStore

__all__ = ["FigureKeeper", "LawMonthKeeper"]

_AT_ONCE = 2000
_MONTHS_BACK = 13
_STILL_CHANGE = 2


class FigureKeeper:
    """Counts ended orders by ``deadlines``, ``at_once`` events of histories in a transaction."""

    def __init__(self, deadlines: Deadlines, clock: Clock, at_once: int = _AT_ONCE) -> None:
        self._deadlines = deadlines
        self._clock = clock
        self._at_once = at_once

    def tick(self, led: LedStore, stop: Event) -> None:
        """Count until nothing is left that can be counted; ``stop`` ends it early, and the next run continues."""
        while not stop.is_set():
            with led.transaction() as tx:
                if tx.figures.keep(self._deadlines, self._clock(), self._at_once) < self._at_once:
                    return


class LawMonthKeeper:
    """Counts the regulator's figures by the rules of ``book``."""

    def __init__(self, book: LawBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock

    def tick(self, led: LedStore, stop: Event) -> None:
        """Count each month that may have changed, or was never counted; ``stop`` ends it after one of them."""
        for month, rule in self._months(led):
            if stop.is_set():
                return
            now = self._clock()
            with led.database.reading() as connection:
                found = month_figures(connection, month, rule, now)
            with led.transaction() as tx:
                keep_month(tx.connection, month, found, now)

    def _months(self, led: LedStore) -> Iterator[tuple[PolishMonth, ShareFigure]]:
        months = list(self._last(_MONTHS_BACK))
        with led.database.reading() as connection:
            known = months_kept(connection, months[_STILL_CHANGE:])
        for month in months:
            rule = next(self._book.on(ShareFigure, month.last), None)
            if rule is not None and str(month) not in known:
                yield month, rule

    def _last(self, count: int) -> Iterator[PolishMonth]:
        day = self._clock().astimezone(WARSAW).date()
        for _ in range(count):
            yield PolishMonth(day := day.replace(day=1))
            day -= timedelta(days=1)
