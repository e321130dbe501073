"""Search for orders by what they are, where they come from and what was said of them; read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, not_, or_, select

from csire_bridge.domain.identifiers import Eic, MessageId, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.order.care import CareOf, Whose
from csire_bridge.domain.order.clock_stage import ClockAt, ClockStage
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import (
    NEEDS_OPERATOR,
    DisconnectionKind,
    NotDelivered,
    OrderKind,
    OrderState,
    ReconnectionReason,
    RejectionReason,
    WaitsFor,
)
from csire_bridge.domain.people.actor import Actor
from csire_bridge.domain.people.roles import Permission
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.sql.array_parameter import Read, by_index, in_literals
from csire_bridge.store.tables import (
    FOR_A_PERSON,
    OFTEN_FAILED,
    OPEN_COMMANDS,
    STANDING_CARE,
    UNSETTLED,
    WITH_DEADLINE,
    metering_points,
    order_care,
    order_events,
    orders,
    outbox,
    sid_orders,
    work,
)

__all__ = ["OrderSearch", "at_stage", "commands_under_way"]

_Named = Iterator[tuple[str, ColumnElement[bool]]]
_TELLING = ("point", "meter", "reason", "text", "error", "sid_number")
_CODES: Mapping[str, type[str]] = {
    "point": MeteringPointCode,
    "meter": MeterNumber,
    "supplier": Eic,
    "message": MessageId,
    "process": ProcessInstanceId,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSearch:
    """Search criteria; without any, all orders.

    ``reason`` is a part of the order's detail, ``text`` of that, its description or any line of its history, ``error``
    of the last error of its work; all case-insensitive. Registered at ``since`` or later and before ``until``; the
    other pairs are when it may run (``dated``) and when it was carried out. ``message`` is the hub's message that asked
    for it, ``sid_number`` the order's number at SID, ``station`` that of its point. ``attempts``: so many commands were
    given, or more. ``failing``: its work has failed several times and is tried again. ``answer``: one of its answers
    stands so. ``care``: who takes care of it. All moments are UTC.
    """

    states: tuple[OrderState, ...] = ()
    waits_for: WaitsFor | None = None
    point: MeteringPointCode | None = None
    meter: MeterNumber | None = None
    station: str | None = None
    kind: OrderKind | None = None
    disconnection_kind: DisconnectionKind | None = None
    reason: str | None = None
    text: str | None = None
    error: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    dated_since: datetime | None = None
    dated_until: datetime | None = None
    executed_since: datetime | None = None
    executed_until: datetime | None = None
    clock: ClockAt | None = None
    message: MessageId | None = None
    process: ProcessInstanceId | None = None
    supplier: Eic | None = None
    sid_number: str | None = None
    source: OrderSource | None = None
    attempts: int | None = None
    undelivered: NotDelivered | None = None
    cannot: RejectionReason | None = None
    failing: bool = False
    answer: DocumentState | None = None
    care: CareOf | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any], now: datetime, me: str) -> OrderSearch:
        """The criteria as a request gives them by name: codes are texts, ``state`` are several, ``clock`` is a stage.

        A stage is looked at ``now`` (UTC); ``me`` is the name of whoever asks. What is None does not matter.
        """
        criteria = {name: value for name, value in given.items() if value is not None}
        criteria["states"] = tuple(criteria.pop("state", ()))
        for name, value_type in _CODES.items():
            if name in criteria:
                criteria[name] = value_type(criteria[name])
        if "clock" in criteria:
            criteria["clock"] = ClockAt(criteria["clock"], now)
        if "care" in criteria:
            criteria["care"] = CareOf(criteria["care"], me)
        return cls(**criteria)

    def require_permitted(self, actor: Actor) -> None:
        """Raise NotAllowed where a criterion tells, by what it finds, what the actor may not read."""
        for name in _TELLING:
            if getattr(self, name) is not None:
                actor.require(Permission.READ_PERSONAL, f"the filter `{name}`")

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for the database, for whoever reads all of what is found."""
        person = [FOR_A_PERSON] if self.states and NEEDS_OPERATOR.issuperset(self.states) else []
        return [*person, *(condition for _, condition in self.named(by_index))]

    def named(self, read: Read) -> _Named:
        """The conditions, each with the name of its criterion; ``read`` says how a column is come to."""
        yield from self._what(read)
        yield from self._origin(read)
        yield from self._when(read)
        yield from self._trouble(read)

    def _what(self, read: Read) -> _Named:
        if self.states:
            yield "states", read(orders.c.state).in_([state.value for state in self.states])
        if self.waits_for:
            waits = read(orders.c.waits_for) == self.waits_for.value
            yield "waits_for", and_(waits, read(orders.c.state) == OrderState.REGISTERED.value)
        if self.point:
            yield "point", read(orders.c.metering_point) == str(self.point)
        if self.meter:
            yield "meter", read(orders.c.meter) == str(self.meter)
        if self.station:
            there = select(metering_points.c.code).where(metering_points.c.station == self.station)
            yield "station", read(orders.c.metering_point).in_(there)
        if self.kind:
            yield "kind", read(orders.c.kind) == self.kind.value
        if self.disconnection_kind:
            yield "disconnection_kind", read(orders.c.disconnection_kind) == self.disconnection_kind.value

    def _origin(self, read: Read) -> _Named:
        if self.message:
            yield "message", read(orders.c.source_message) == str(self.message)
        if self.process:
            yield "process", read(orders.c.process_instance) == str(self.process)
        if self.supplier:
            yield "supplier", read(orders.c.supplier) == str(self.supplier)
        if self.source:
            yield "source", _of_source(self.source, read)
        if self.sid_number:
            numbered = select(sid_orders.c.order).where(sid_orders.c.number == self.sid_number)
            yield "sid_number", read(orders.c.key).in_(numbered)

    def _when(self, read: Read) -> _Named:
        if self.since:
            yield "since", read(orders.c.registered_at) >= self.since
        if self.until:
            yield "until", read(orders.c.registered_at) < self.until
        if self.dated_since:
            yield "dated_since", read(orders.c.not_before) >= self.dated_since
        if self.dated_until:
            yield "dated_until", read(orders.c.not_before) < self.dated_until
        if self.executed_since:
            yield "executed_since", read(orders.c.executed_at) >= self.executed_since
        if self.executed_until:
            yield "executed_until", read(orders.c.executed_at) < self.executed_until
        if self.clock:
            yield "clock", at_stage(self.clock.stage, self.clock.now, self.clock.day_ends)

    def _trouble(self, read: Read) -> _Named:
        if self.attempts:
            yield "attempts", read(orders.c.attempts) >= self.attempts
        if self.undelivered:
            yield "undelivered", read(orders.c.undelivered_why) == self.undelivered.value
        if self.cannot:
            yield "cannot", read(orders.c.cannot_reason) == self.cannot.value
        if self.failing:
            yield "failing", read(orders.c.key).in_(_FAILING)
        if self.answer:
            yield "answer", read(orders.c.key).in_(_with_answer(self.answer))
        if self.care:
            yield _care(self.care, read)
        yield from self._words()

    def _words(self) -> _Named:
        if self.reason:
            yield "reason", orders.c.detail.icontains(self.reason, autoescape=True)
        if self.text:
            yield "text", _said(self.text)
        if self.error:
            failed = work.c.last_error.icontains(self.error, autoescape=True)
            yield "error", exists().where(_ITS_WORK, failed)


_ITS_WORK = and_(work.c.subject == orders.c.key, in_literals(work.c.step, (WorkStep.EXECUTE, WorkStep.PERFORM)))


_FAILING = select(work.c.subject).where(OFTEN_FAILED, work.c.step == WorkStep.EXECUTE.value, work.c.parked.is_(False))


def _care(care: CareOf, read: Read) -> tuple[str, ColumnElement[bool]]:
    """By whom; the many of which nobody takes care are told by each row."""
    if care.whose is Whose.NOBODYS:
        return "uncared", ~exists().where(order_care.c.order == orders.c.key, STANDING_CARE)
    mine = [order_care.c.person == care.me] if care.whose is Whose.MINE else []
    return "care", read(orders.c.key).in_(select(order_care.c.order).where(STANDING_CARE, *mine))


def _with_answer(state: DocumentState) -> Select[tuple[int]]:
    """The orders with an answer in that state; the confirmed ones are nearly all, and have no index."""
    unsettled = [] if state is DocumentState.CONFIRMED else [UNSETTLED]
    return select(outbox.c.order).where(*unsettled, outbox.c.state == state.value)


def _said(text: str) -> ColumnElement[bool]:
    own = (column.icontains(text, autoescape=True) for column in (orders.c.detail, orders.c.description))
    line = order_events.c.text.icontains(text, autoescape=True)
    return or_(*own, exists().where(order_events.c.order == orders.c.key, line))


def _of_source(source: OrderSource, read: Read) -> ColumnElement[bool]:
    """The same as domain.order.sources.source_of; a test holds both to each other."""
    own = or_(
        func.coalesce(orders.c.disconnection_kind, "") == DisconnectionKind.DANGER.value,
        func.coalesce(orders.c.reconnection_reason, "") == ReconnectionReason.DANGER_GONE.value,
    )
    no_hub = and_(read(orders.c.source_message).is_(None), read(orders.c.parent).is_(None))
    return {
        OrderSource.PERSON: own,
        OrderSource.SID: and_(not_(own), no_hub),
        OrderSource.HUB: and_(not_(own), not_(no_hub)),
    }[source]


def at_stage(
    stage: ClockStage, now: datetime | ColumnElement[datetime], day_ends: datetime | ColumnElement[datetime]
) -> ColumnElement[bool]:
    """Open orders at that stage. The index begins with the deadline, so what is past it is not gone through."""
    half, late, end = orders.c.half_time, orders.c.four_fifths, orders.c.deadline
    reached = {
        ClockStage.HALF: and_(end > now, late > now, half <= now),
        ClockStage.FOUR_FIFTHS: and_(end > now, late <= now),
        ClockStage.PAST: end <= now,
        ClockStage.TODAY: and_(end > now, end <= day_ends),
    }
    return and_(WITH_DEADLINE, reached[stage])


def commands_under_way(connection: Connection, kind: OrderKind | None = None) -> int:
    """How many orders have a command at the head-end system that may still move a contactor."""
    kinds = OrderSearch(kind=kind).conditions()
    return connection.execute(select(func.count()).select_from(orders).where(OPEN_COMMANDS, *kinds)).scalar_one()
