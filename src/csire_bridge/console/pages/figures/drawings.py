"""The charts of a page of figures."""

from __future__ import annotations

from collections.abc import Callable

from csire_bridge.console.charts import Chart, Figures, Series, bars, columns
from csire_bridge.console.pages.figures.tables import Words
from csire_bridge.domain.figures.published import PUBLISHED
from csire_bridge.domain.figures.summary import Summary
from csire_bridge.domain.operations.statistics import Bucket
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.store.figures.report import Report, Side

__all__ = ["bucket_chart", "hour_chart", "series_chart"]

_MOST_LABELS = 8


def bucket_chart(found: Report, kind: OrderKind, words: Words) -> Chart:
    """The five buckets of a kind in percent: this period, the other one, and the published years."""
    _ = words.text
    sides = [(str(side.period), side.by_kind.get(kind)) for side in (found.now, found.beside) if side is not None]
    series = [Series(name, _percents(one)) for name, one in sides if one is not None]
    for year in PUBLISHED:
        if year.kind is kind:
            series.append(Series(words.published(year), [year.shares[bucket] for bucket in Bucket]))
    labels = [words.bucket(bucket) for bucket in Bucket]
    title = _("Execution times") + f": {words.label(kind)}"
    return bars(Figures(f"buckets-{kind}", title, _("Time"), labels, series, _percent(words)))


def _percents(one: Summary) -> list[float | None]:
    return [None if (share := one.share(bucket)) is None else round(share * 100, 1) for bucket in Bucket]


def _percent(words: Words) -> Callable[[float], str]:
    return lambda value: f"{words.number(value, 0 if value == int(value) else 1)} %"


def series_chart(side: Side, words: Words) -> Chart:
    """Orders registered and done, by day or month."""
    _ = words.text
    labels = [f"{begin:%d}" if side.by_day else f"{begin:%Y-%m}" for begin in side.series]
    counts = list(side.series.values())
    series = (
        Series(_("Registered"), [one.orders for one in counts]),
        Series(_("Done"), [one.done for one in counts]),
    )
    title = _("By day of registration") if side.by_day else _("By month of registration")
    what = _("Day") if side.by_day else _("Month")
    every = max(1, -(-len(labels) // _MOST_LABELS))
    return columns(Figures("series", title, what, labels, series, words.number), every)


def hour_chart(total: Summary, words: Words) -> Chart:
    """Orders registered and executed by hour of the Polish clock."""
    _ = words.text
    registered = [sum(total.hours.get((day, hour), 0) for day in range(7)) for hour in range(24)]
    series = (
        Series(_("Registered"), registered),
        Series(_("Executed"), [total.executed.get(hour, 0) for hour in range(24)]),
    )
    labels = [f"{hour:02}" for hour in range(24)]
    title = _("By hour of the day")
    return columns(Figures("hours", title, _("Hour"), labels, series, words.number), 3)
