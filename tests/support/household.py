"""Agreements and tariffs on a real bridge whose clock a test may put forward."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from csire_bridge.config.resources import folder
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import MessageId, ProcessInstanceId
from csire_bridge.domain.message.message import Channel
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.order.steps import OrderStep
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.lab.demo.stage import Stage, stage
from csire_bridge.lab.simulators.meter.meter import Meter
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.store.queries.reports import order_lines
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped
from tests.support.bridge import METER, POINT
from tests.support.patience import wait_until

OLD, NEW = "19XPL-RZE-SA---V", "19XENERGAOPERATS"
_SAMPLES = {
    "start": "1.1.1.6-supply-agreement",
    "end": "1.4.1.4-supply-agreement-ends",
    "tariff": "2.2.1.11-tariff-and-power",
    "told": "3.1.1.1-rich",
    "ended": "S-process-ended",
    "disconnect": "8.1.1.5-minimal",
    "prepaid": "8.1.1.5-prepaid",
    "scheduled": "8.1.1.5-scheduled",
    "reconnect": "8.2.1.6-minimal",
}


@dataclass
class Ahead:
    """The time of this machine and more, so that everything still moves."""

    more: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.more


@dataclass
class Town:
    """One household, its meter, and everybody who decides about it."""

    scene: Stage
    clock: Ahead
    processes: dict[str, ProcessInstanceId] = field(default_factory=dict)

    @property
    def meter(self) -> Meter:
        return self.scene.head_end.meter(METER)

    def day(self, days: int = 0) -> date:
        """A Polish date, counted from today."""
        return self.clock().astimezone(WARSAW).date() + timedelta(days=days)

    def forward_to(self, day: date, hours: float = 1) -> None:
        """Put the clock so many hours after the start of a Polish day."""
        start = datetime.combine(day, datetime.min.time(), WARSAW)
        self.clock.more += start.astimezone(UTC) + timedelta(hours=hours) - self.clock()

    def send(self, what: str, name: str | None = None, **values: object) -> None:
        """Have the hub send a message; those of one ``name`` belong to one process. None takes an element out."""
        self.take_in(self.message(what, name, **values))

    def take_in(self, *raws: bytes) -> None:
        """Messages that come at once, in this order."""
        self.scene.bridge.take_in(Channel.REPLAY, [Arrival("test", raw) for raw in raws])

    def message(self, what: str, name: str | None = None, **values: object) -> bytes:
        """A signed message of the hub."""
        root = parse((folder("samples") / "good" / f"{_SAMPLES[what]}.xml").read_bytes())
        process = self.processes.setdefault(name or what, ProcessInstanceId.new())
        changes = {
            "MessageId": MessageId.new(),
            "MessageTimestamp": self.clock().isoformat(timespec="milliseconds"),
            "MeteringPointCode": POINT,
            "ProcessInstanceId": process,
            **values,
        }
        for element, text in changes.items():
            for found in list(root.iter(f"{{*}}{element}")):
                parent = found.getparent()
                if text is None and parent is not None:
                    parent.remove(found)
                else:
                    found.text = str(text)
        return sign_enveloped(root, self.scene.pki.hub.signing)

    def tariff(self, name: str, day: date, *, process: str = "tariff", power: str | None = None) -> None:
        self.send("tariff", process, TariffGroup=name or None, EffectiveDate=day, ContractedPower=power)

    def start(self, day: date, supplier: str = NEW, *, name: str = "start", tariff: str | None = None) -> None:
        self.send("start", name, EffectiveDate=day, SupplierIdentifier=supplier, TariffGroup=tariff)

    def end(self, day: date, supplier: str = OLD, *, name: str = "end") -> None:
        self.send("end", name, EffectiveDate=day, SupplierIdentifier=supplier)

    def orders(self) -> list[Order]:
        with self.scene.bridge.database.reading() as connection:
            keys = [line.key for line in order_lines(connection)]
        with self.scene.bridge.database.transaction() as tx:
            return [tx.orders.get(key) for key in sorted(set(keys))]

    def of(self, kind: OrderKind) -> Order:
        """The newest order of that kind."""
        return [order for order in self.orders() if order.kind is kind][-1]

    def steps(self, order: Order) -> list[OrderStep]:
        with self.scene.bridge.database.transaction() as tx:
            return tx.steps.of([order.key])[order.key]

    def told(self, order: Order) -> list[str]:
        """Kind and state of each step."""
        return [f"{step.kind} {step.state}" for step in self.steps(order)]

    def texts(self, order: Order) -> str:
        with self.scene.bridge.database.transaction() as tx:
            return "\n".join(event.text for event in tx.orders.history(order.key))

    def rest(self, turns: int = 12) -> None:
        """Work until nothing was due some times in a row; what is looked at again and again ends it too."""
        idle, deadline = 0, time.monotonic() + 2
        while idle < turns and time.monotonic() < deadline:
            idle = 0 if self.scene.bridge.worker.turn() else idle + 1
            time.sleep(0.02)

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the worker work until ``condition`` holds."""
        wait_until(condition, self._told, meanwhile=self.scene.bridge.worker.turn)

    def _told(self) -> str:
        return "\n".join(f"{order.kind} {order.state}\n{self.texts(order)}" for order in self.orders())

    def until_state(self, kind: OrderKind, state: OrderState) -> Order:
        self.until(lambda: self.of(kind).state is state)
        return self.of(kind)


@dataclass(frozen=True)
class Place:
    """Where a bridge of its own may live."""

    folder: Path
    database: str


@contextmanager
def town(
    place: Place, *, connected: bool = True, point: dict[str, Any] | None = None, **settings: dict[str, Any]
) -> Iterator[Town]:
    """A household that is supplied, with nothing that waits for long; ``settings`` by their groups."""
    clock = Ahead()
    known = {
        "meter": METER,
        "meter_kind": "CK0201",
        "has_contactor": True,
        "protection": NOT_PROTECTED,
        "connected": connected,
        **(point or {}),
    }
    quick = {"meter_pause_seconds": 0, "again_seconds": 0.05, "recheck_seconds": 0.1, "circuit_seconds": 0.1}
    times = {"command_lifetime_seconds": 60, "response_seconds": 60, "poll_seconds": 0.05, "read_seconds": 2}
    groups: dict[str, Any] = {
        **settings,
        "head_end": {**times, **settings.get("head_end", {})},
        "execution": {**quick, **settings.get("execution", {})},
    }
    given = load_settings(environment=False, **groups)
    points = [MeteringPoint(code=POINT, updated_at=clock(), **known)]
    near = (0.0, 0.02)
    with stage(place.folder, clock, points=points, delay=near, settings=given, database=place.database) as scene:
        yield Town(scene, clock)
