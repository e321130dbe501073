"""Preview of a new rule set: what it changes for waiting orders, and what it would have changed in past months.

A preview of the past can show orders later than they were, never earlier: the delays of that time, including those by
the rules of that time, are part of the recorded times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import partial
from types import MappingProxyType

from csire_bridge.domain.identifiers import Eic, MessageId, MeteringPointCode
from csire_bridge.domain.law.clocks import Deadlines, deadline_of
from csire_bridge.domain.law.judge import Forbidden, LawVerdict, Permitted, judge
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.operations.statistics import Bucket, Executed, bucket_of
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, ReconnectionReason
from csire_bridge.domain.order.requests.sources import source_of
from csire_bridge.domain.protection import Protection
from csire_bridge.domain.rules.decide import GiveUp, Never, Rules, SendNow
from csire_bridge.domain.rules.model import Then
from csire_bridge.domain.rules.timeline import Planned, Timeline, plan

__all__ = ["Compared", "Moved", "PastOrder", "PastResult", "PlannedFate", "WaitingOrder", "compared", "replay_past"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingOrder:
    """An order that has not been given to the head-end system. Moments are UTC."""

    key: int
    kind: OrderKind
    metering_point: MeteringPointCode
    registered_at: datetime
    disconnection_kind: DisconnectionKind | None = None
    reconnection_reason: ReconnectionReason | None = None
    supplier: Eic | None = None
    requested_date: date | None = None
    effective_date: date | None = None
    source_message: MessageId | None = None
    parent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOrder(WaitingOrder):
    """An order that was executed. ``submitted_at``: when its last command was given."""

    submitted_at: datetime | None
    executed_at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """A waiting order whose fate changes. ``late``: it would be sent after its deadline, which it would not before."""

    order: WaitingOrder
    before: Planned
    after: Planned
    late: bool


@dataclass(slots=True)
class PastResult:
    """Orders of one kind in their buckets, as it was and as it would have been; those that would not have been sent."""

    kind: OrderKind
    before: Counter[Bucket] = field(default_factory=Counter)
    after: Counter[Bucket] = field(default_factory=Counter)
    not_sent: Counter[Then] = field(default_factory=Counter)
    late_before: int = 0
    late_after: int = 0

    @property
    def buckets(self) -> list[Bucket]:
        """The five buckets, in their order."""
        return list(Bucket)


class PlannedFate(StrEnum):
    """What would become of a waiting order by the rules and the law."""

    NOW = "goes now"
    LATER = "waits"
    FIELD_WORK = "field work"
    ASK = "a person decides"
    REFUSED = "refused by the rules"
    FORBIDDEN = "forbidden by law"


_THEN = {Then.FIELD_WORK: PlannedFate.FIELD_WORK, Then.REFUSE: PlannedFate.REFUSED, Then.ASK: PlannedFate.ASK}


@dataclass(frozen=True, slots=True)
class Compared:
    """A waiting order with what becomes of it, and what would."""

    order: WaitingOrder
    before: Planned
    after: Planned
    now: datetime

    @property
    def fates(self) -> tuple[PlannedFate, PlannedFate]:
        """Before and after."""
        return _fate(self.before, self.now), _fate(self.after, self.now)

    def moved(self, deadlines: Deadlines) -> Moved | None:
        """The order with what changes; None where nothing does."""
        if self.before == self.after:
            return None
        deadline = deadline_of(self.order, deadlines)
        late = deadline is not None and _misses(self.after, deadline) and not _misses(self.before, deadline)
        return Moved(self.order, self.before, self.after, late)


def _fate(planned: Planned, now: datetime) -> PlannedFate:
    match planned.what:
        case SendNow():
            return PlannedFate.NOW if planned.at <= now else PlannedFate.LATER
        case Forbidden():
            return PlannedFate.FORBIDDEN
        case given_up:
            return _THEN[given_up.then]


def compared(
    orders: Iterable[WaitingOrder],
    timeline: Timeline,
    since: datetime,
    rules: Rules,
    now: datetime,
    source: OrderSource | None = None,
    law: LawPolicy | None = None,
    protections: Mapping[MeteringPointCode, Protection] = MappingProxyType({}),
) -> Iterator[Compared]:
    """What becomes of each order at ``now`` (UTC), and what would if ``rules`` held from ``since`` (UTC) on.

    ``source`` is whose orders they are; None: what each of them says. The rules can be stricter than the ``law`` (None:
    there is none), and never looser; ``protections`` are those that are known.
    """
    changed = timeline.with_also(since, rules)
    for order in orders:
        whose, lawful = source or source_of(order), partial(_lawful, order, law, protections)
        before, after = plan(order, timeline, now, whose, lawful), plan(order, changed, now, whose, lawful)
        yield Compared(order, before, after, now)


def _lawful(
    order: WaitingOrder, law: LawPolicy | None, protections: Mapping[MeteringPointCode, Protection], moment: datetime
) -> LawVerdict:
    return Permitted() if law is None else judge(order, protections.get(order.metering_point), law, moment, moment)


def _misses(planned: Planned, deadline: datetime) -> bool:
    return planned.at > deadline or not isinstance(planned.what, SendNow)


def replay_past(
    orders: Iterable[PastOrder], rules: Rules, deadlines: Deadlines, source: OrderSource | None = None
) -> list[PastResult]:
    """The buckets of ``orders`` as they were and as they would have been under ``rules``, by kind.

    ``source`` is whose orders they are; None: what each of them says.
    """
    results: dict[OrderKind, PastResult] = {}
    timeline = Timeline([(_EVER, rules)])
    for order in orders:
        result = results.setdefault(order.kind, PastResult(order.kind))
        deadline = deadline_of(order, deadlines)
        result.before[_bucket(order, order.executed_at)] += 1
        result.late_before += _late(order.executed_at, deadline)
        planned = plan(order, timeline, order.registered_at, source or source_of(order))
        if isinstance(planned.what, SendNow):
            executed = max(order.executed_at, planned.at + _run_time(order))
            result.after[_bucket(order, executed)] += 1
            result.late_after += _late(executed, deadline)
        elif isinstance(planned.what, GiveUp | Never):
            result.not_sent[planned.what.then] += 1
    return [results[kind] for kind in OrderKind if kind in results]


_EVER = datetime.min.replace(tzinfo=UTC)


def _run_time(order: PastOrder) -> timedelta:
    """From command to movement; nothing where the movement came of itself."""
    return max(timedelta(0), order.executed_at - order.submitted_at) if order.submitted_at else timedelta(0)


def _bucket(order: PastOrder, executed_at: datetime) -> Bucket:
    return bucket_of(Executed(order.kind, order.registered_at, executed_at).seconds)


def _late(executed_at: datetime, deadline: datetime | None) -> bool:
    return deadline is not None and executed_at > deadline
