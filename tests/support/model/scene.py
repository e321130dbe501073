"""A household on a simulated clock: the real store, pipeline and worker, and a head-end system that is a model.

Everything happens in one thread and at once, so a test of a branch takes some milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.message import OrderRequest
from csire_bridge.domain.meter.contactor import ControlState
from csire_bridge.domain.meter.metering import MeterCalendars, ObisCode, RegisterReading, TariffCalendar
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.order.steps import OrderStep
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.intake.point_finder import PointFinder
from csire_bridge.store.queries.reports import order_lines
from tests.support.model.bridge import POLICY as TIGHT
from tests.support.model.bridge import ModelBridge, Parts, emptied
from tests.support.model.head_end import Fault, ModelHeadEnd, ModelMeter, World
from tests.support.model.machine import POINTS

__all__ = ["METERS", "POINT", "POINTS", "POLICY", "MeteringHeadEnd", "Scene"]

POINT = POINTS[0]
METERS = tuple(MeterNumber(f"MODEL{number}") for number in range(len(POINTS)))
POLICY = replace(TIGHT, meter_pause=timedelta(0), disconnections_per_hour=100)
"""Without pauses between commands to one meter, and with a cap that no test reaches by chance."""


@dataclass
class MeteringHeadEnd(ModelHeadEnd):
    """Meters count by a calendar too. ``calls`` are what becomes of the next calls about registers and calendars."""

    active: str = "G11"
    passive: TariffCalendar = field(default_factory=lambda: TariffCalendar(""))
    calls: list[Fault | None] = field(default_factory=list)
    keeps_what_is_written: bool = True
    activates: bool = True

    def read_registers(self, meter: MeterNumber, registers: Sequence[ObisCode]) -> list[RegisterReading]:
        """A value for each."""
        self._answer(self.calls, lambda: None)
        at = self.world.head_end_clock()
        return [RegisterReading(meter, register, Decimal("12.5"), "kWh", at) for register in registers]

    def read_calendar(self, meter: MeterNumber) -> MeterCalendars:
        """The calendar that counts and the one that waits; whose time has come counts."""
        self._answer(self.calls, lambda: None)
        due = self.passive.activate_at
        if due is not None and due <= self.world.head_end_clock() and self.activates:
            self.active, self.passive = self.passive.name, TariffCalendar("")
        return MeterCalendars(meter, self.active, self.passive, self.world.head_end_clock())

    def write_calendar(self, meter: MeterNumber, tariff: str, activate_at: datetime) -> None:
        """Another calendar waits, if the meter keeps it."""
        self._answer(self.calls, lambda: None)
        self.log.append(("calendar", meter, tariff))
        if self.keeps_what_is_written:
            self.passive = TariffCalendar(tariff, activate_at)

    def activate_calendar(self, meter: MeterNumber) -> None:
        """The calendar that waits counts from now on."""
        self._answer(self.calls, lambda: None)
        if self.activates:
            self.active, self.passive = self.passive.name, TariffCalendar("")


class Scene:
    """Three households, each with its meter, and one bridge that works when it is told to."""

    def __init__(
        self,
        parts: Parts,
        *,
        on: bool = True,
        arms: bool = False,
        policy: ExecutionPolicy = POLICY,
        finder: PointFinder | None = None,
    ) -> None:
        self.world = World()
        state = ControlState.CONNECTED if on else ControlState.DISCONNECTED
        meters = {number: ModelMeter(number, arms=arms, state=state) for number in METERS}
        self.head_end = MeteringHeadEnd(self.world, meters, at_once=True)
        self.database = emptied(parts.database)
        for code, meter in zip(POINTS, METERS, strict=True):
            self.knows(
                code, meter=meter, meter_kind="CK0201", has_contactor=True, protection=NOT_PROTECTED, connected=on
            )
        self.bridge = ModelBridge(parts, self.world, self.head_end, policy, finder)
        self.reports = True
        """Whether events of the head-end system arrive."""

    @property
    def meter(self) -> ModelMeter:
        return self.head_end.meters[METERS[0]]

    @property
    def worker(self) -> object:
        return self.bridge.workers[0]

    def knows(self, code: MeteringPointCode = POINT, **facts: object) -> None:
        """Enter facts of a point into the registry."""
        with self.database.transaction() as tx:
            tx.points.put(MeteringPoint(code=code, updated_at=self.world.now, **facts))  # type: ignore[arg-type]

    def day(self, days: int = 0) -> date:
        """A Polish date, counted from today."""
        return self.world.now.astimezone(WARSAW).date() + timedelta(days=days)

    # --- what is asked for

    def asks(
        self, kind: OrderKind, point: MeteringPointCode = POINT, *, ago: float = 0, **facts: object
    ) -> ProcessInstanceId:
        """A request of the hub arrives, with a timestamp some seconds ``ago``; returns its process."""
        process = facts.pop("process_instance", None) or ProcessInstanceId.new()
        request = OrderRequest(kind=kind, process_instance=process, metering_point=point, **facts)  # type: ignore[arg-type]
        self.bridge.ask(request, self.world.now - timedelta(seconds=ago))
        return request.process_instance or ProcessInstanceId.new()

    def disconnect(self, point: MeteringPointCode = POINT, **facts: object) -> ProcessInstanceId:
        return self.asks(OrderKind.DISCONNECT, point, **facts)  # type: ignore[arg-type]

    def reconnect(self, point: MeteringPointCode = POINT, **facts: object) -> ProcessInstanceId:
        return self.asks(OrderKind.RECONNECT, point, **facts)  # type: ignore[arg-type]

    # --- what happens

    def works(self) -> None:
        """Until nothing more is due at this moment."""
        for _ in range(100):
            self._events()
            if not self.bridge.workers[0].turn() and not (self.reports and self.head_end.undelivered):
                return

    def _events(self) -> None:
        if self.reports:
            events, self.head_end.undelivered = self.head_end.undelivered, []
            for event in events:
                self.bridge.deliver(event)

    def passes(self, seconds: float) -> None:
        """So much time, at the end of which the bridge works."""
        self.world.now += timedelta(seconds=seconds)
        self.works()

    def until(self, condition: Callable[[], bool]) -> None:
        """From one thing that is due to the next, until ``condition`` holds."""
        for _ in range(300):
            self.works()
            if condition():
                return
            with self.database.transaction() as tx:
                due = tx.work.next_due(tuple(WorkStep))
            self.world.now = max(self.world.now + timedelta(seconds=1), due or self.world.now)
        raise AssertionError(f"it never came to that: {[str(order.state) for order in self.orders()]}\n{self.texts()}")

    def until_state(self, state: OrderState, key: int | None = None) -> Order:
        """Until the newest order, or that one, is in ``state``."""
        self.until(lambda: self.order(key).state is state)
        return self.order(key)

    # --- what has come of it

    def orders(self) -> list[Order]:
        with self.database.reading() as connection:
            keys = sorted({line.key for line in order_lines(connection)})
        with self.database.read_transaction() as tx:
            return [tx.orders.get(key) for key in keys]

    def order(self, key: int | None = None) -> Order:
        """The newest, or that one."""
        found = self.orders()
        return found[-1] if key is None else next(order for order in found if order.key == key)

    def steps(self, key: int) -> list[OrderStep]:
        with self.database.read_transaction() as tx:
            return tx.steps.of([key])[key]

    def texts(self) -> str:
        """The history of all orders, in words."""
        with self.database.read_transaction() as tx:
            return "\n".join(event.text for order in self.orders() for event in tx.orders.history(order.key))

    def commands(self) -> int:
        """How many commands reached the head-end system."""
        return sum(1 for what, _, _ in self.head_end.log if what == "taken")

    def answers(self) -> list[str]:
        """Numbers of the answers that the hub has, each message once."""
        with self.database.reading() as connection:
            return sorted(line.answer_number for line in order_lines(connection) if line.answer_number)
