"""Rule sets and previews in words, for people; the one place with the texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from csire_bridge.cli.shared.moments import local
from csire_bridge.cli.shared.table import Column, bare_table
from csire_bridge.domain.law.judge import Forbidden
from csire_bridge.domain.operations.statistics import Bucket
from csire_bridge.domain.rules.decide import GiveUp, SendNow
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.domain.rules.preview import Moved, PastResult
from csire_bridge.domain.rules.timeline import Planned
from csire_bridge.domain.rules.words import THEN

__all__ = [
    "MOVED_COLUMNS",
    "VERSION_COLUMNS",
    "buckets_table",
    "not_sent_words",
    "planned_words",
]

VERSION_COLUMNS: Sequence[Column[tuple[RuleSetVersion, bool]]] = (
    Column("key", lambda row: row[0].key),
    Column("from", lambda row: row[0].valid_from),
    Column("entered", lambda row: row[0].entered_at, goes=1),
    Column("by", lambda row: row[0].entered_by),
    Column("why", lambda row: row[0].why, words=True),
    Column("in-force", lambda row: row[1] or None),
)
"""Rule sets with whether they are in force, the oldest first."""


def planned_words(planned: Planned) -> str:
    """The plan for an order."""
    match planned.what:
        case SendNow():
            return f"sent {local(planned.at)}"
        case GiveUp() as given_up:
            return f"{THEN[given_up.then]} {local(planned.at)}: {given_up.reason}"
        case Forbidden() as forbidden:
            return f"refused {local(planned.at)}: forbidden by law ({forbidden.ban.version})"
        case never:
            return f"{THEN[never.then]} {local(planned.at)}: {never.reason}"


MOVED_COLUMNS: Sequence[Column[Moved]] = (
    Column("key", lambda one: one.order.key),
    Column("kind", lambda one: one.order.kind, goes=1),
    Column("point", lambda one: str(one.order.metering_point)),
    Column("as-it-is", lambda one: planned_words(one.before), words=True),
    Column("as-it-would-be", lambda one: planned_words(one.after), words=True),
    Column("deadline", lambda one: "PAST IT" if one.late else None),
)
"""Waiting orders that would be handled differently."""


def buckets_table(results: Sequence[PastResult]) -> Table:
    """The shares of the five buckets as they were and as they would have been."""
    table = bare_table("Executed orders, had the rules held")
    for heading in ("kind", "", "orders", *(b.value for b in Bucket), "late"):
        table.add_column(heading, no_wrap=True)
    for result in results:
        for name, counts, late in (
            ("was", result.before, result.late_before),
            ("would be", result.after, result.late_after),
        ):
            total = counts.total()
            shares = (f"{counts[bucket] / total:.0%}" if total else "-" for bucket in Bucket)
            table.add_row(result.kind.value if name == "was" else "", name, str(total), *shares, str(late))
    return table


def not_sent_words(results: Sequence[PastResult]) -> Iterator[str]:
    """Orders that the rules would not have sent at all."""
    for result in results:
        for then, count in result.not_sent.items():
            yield f"{result.kind}: {count} would not have been sent; then: {THEN[then]}"
