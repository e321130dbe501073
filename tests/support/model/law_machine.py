"""The machine of orders, and what the law looks at: households become protected and stop being so, days go by.

Each statement about a household holds from some day, and is heard on that day or later, in any order and from anybody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from csire_bridge.domain.clock import WARSAW, start_of
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.meter.contactor import ContactorAction, ContactorCommand
from csire_bridge.domain.metering_point.facts import Source
from csire_bridge.domain.order.requests.operators_own import is_danger_cut
from csire_bridge.domain.protection import NOT_PROTECTED, ProtectedKind, Protection
from tests.support.law import is_forbidden
from tests.support.model.head_end import Held
from tests.support.model.machine import POINTS, OrdersMachine

__all__ = ["LawMachine"]

_AT = st.sampled_from(range(len(POINTS)))
_DAY = timedelta(days=1)
_BEGINNINGS = st.sampled_from(
    [
        datetime(2026, 6, 11, 18, tzinfo=UTC),  # Thursday evening
        datetime(2026, 6, 11, 21, 50, tzinfo=UTC),  # ten minutes before Friday in Poland
        datetime(2026, 6, 14, 21, 50, tzinfo=UTC),  # ten minutes before Monday
        datetime(2026, 10, 31, 22, 50, tzinfo=UTC),  # ten minutes before winter, a Saturday
        datetime(2026, 10, 24, 22, 30, tzinfo=UTC),  # the night in which clocks go back
        datetime(2026, 3, 31, 21, 50, tzinfo=UTC),  # ten minutes before the end of winter
        datetime(2026, 4, 29, 21, 55, tzinfo=UTC),  # five minutes before the eve of 1 May
        datetime(2026, 12, 21, 9, tzinfo=UTC),
    ]
)
_Told = tuple[date, datetime, Protection]


class LawMachine(OrdersMachine):
    """Every disconnection of the machine is a suspension for debt."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[MeteringPointCode, list[_Told]] = {}
        self.heard_before: dict[str, list[_Told]] = {}
        submitted, moved = self.head_end.on_submit, self.head_end.on_move

        def on_submit(command: ContactorCommand) -> None:
            point = self._point_of(command)
            self.heard_before[command.correlation_id] = list(self.told.get(point, ()))
            submitted(command)

        def on_move(held: Held, was_on: bool) -> None:
            moved(held, was_on)
            self._look(held, was_on)

        self.head_end.on_submit, self.head_end.on_move = on_submit, on_move

    @initialize(now=_BEGINNINGS, unknown=st.booleans())
    def begins(self, now: datetime, unknown: bool) -> None:
        self.world.now = now
        for at, point in enumerate(POINTS):
            known = None if unknown and at == 0 else NOT_PROTECTED
            with self.parts.database.transaction() as tx:
                record = tx.points.get(point)
                assert record is not None
                tx.points.put(replace(record, protection=known, updated_at=now))
            today = now.astimezone(WARSAW).date()
            self.told[point] = [] if known is None else [(today, now, known)]

    @rule(
        at=_AT,
        ago=st.sampled_from([0, 0, 0, 1, 10]),
        protection=st.sampled_from([NOT_PROTECTED, *map(Protection.of, ProtectedKind)]),
        days=st.sampled_from([None, 0, 1, 3]),
        source=st.sampled_from([Source.SID, Source.IMPORT, Source.PERSON]),
        then=st.integers(0, 2),
    )
    def somebody_tells_of_a_household(
        self, at: int, ago: int, protection: Protection, days: int | None, source: Source, then: int
    ) -> None:
        now = self.world.bridge_clock()
        today = now.astimezone(WARSAW).date()
        kind = protection.kind
        if kind is not None and days is not None:
            protection = Protection.of(kind, today + days * _DAY)
        told = RegistryUpdate(
            process_instance=None, metering_point=POINTS[at], effective_date=today - ago * _DAY, protection=protection
        )
        with self.parts.database.transaction() as tx:
            tx.points.record_notices([told], now, source)
        self.told[POINTS[at]].append((told.effective_date, now, protection))
        self._turns(then)

    @rule(days=st.sampled_from([0, 0, 1, 2]), minutes=st.sampled_from([-6, -1, 0, 1, 9 * 60]), then=st.integers(0, 2))
    def midnight_comes(self, days: int, minutes: int, then: int) -> None:
        tomorrow = self.world.now.astimezone(WARSAW).date() + (days + 1) * _DAY
        self.world.now = max(self.world.now, start_of(tomorrow) + timedelta(minutes=minutes))
        self._turns(then)

    def _point_of(self, command: ContactorCommand) -> MeteringPointCode:
        return next(o.metering_point for o in self.checks.orders() if str(o.key) == command.tracking_id)

    def _is_danger(self, command: ContactorCommand) -> bool:
        return any(str(o.key) == command.tracking_id and is_danger_cut(o) for o in self.checks.orders())

    def _look(self, held: Held, was_on: bool) -> None:
        """A household must not have been cut off on a day on which the law protects it, by what was heard before."""
        command = held.command
        if command.action is not ContactorAction.DISCONNECT or not was_on or self._is_danger(command):
            return
        day = self.world.now.astimezone(WARSAW).date()
        heard = [told for told in self.heard_before[command.correlation_id] if told[0] <= day]
        newest = max(heard, key=lambda told: told[:2], default=None)
        kind = None if newest is None else newest[2].on(day)
        forbidden = is_forbidden(day) if newest is None or kind is not None else False
        if forbidden or kind is ProtectedKind.NATIONAL_DEFENCE:
            text = f"{self._point_of(command)} was cut off on {day}, although it counts as {kind or 'unknown'}"
            self.checks.broken.append(text)
