"""A real bridge between a real database, a real head-end simulator and real meters, and messages of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from csire_bridge.channels.hes.dialect.dialect import OURS
from csire_bridge.config.resources import folder
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.message import Channel
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import Order, OrderEvent, OrderState
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.lab.demo.stage import Stage, stage
from csire_bridge.lab.simulators.pki import DemoPki
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.queries.reports import order_lines
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped
from tests.support.patience import wait_until

POINT = MeteringPointCode.parse("590243856287817706")
METER = MeterNumber("PROBE0000001")
_TEMPLATES = {
    "disconnect": folder("samples") / "good" / "8.1.1.5-minimal.xml",
    "reconnect": folder("samples") / "good" / "8.2.1.6-minimal.xml",
}


@dataclass(frozen=True)
class Play:
    """What a test holds in its hands."""

    scene: Stage

    def send(
        self, kind: str, point: str = POINT, message_id: MessageId | None = None, reason: str | None = None
    ) -> MessageId:
        """Have the hub send an order message of today; return its id."""
        chosen = message_id or MessageId.new()
        self.take_in(self.message(kind, point, chosen, reason))
        return chosen

    def other_meter(self) -> MeterNumber:
        """A second meter, installed now."""
        return self.scene.head_end.add_meter("PROBE0000002").number

    def message(self, kind: str, point: str, message_id: MessageId, reason: str | None = None) -> bytes:
        """A signed message made from a sample; ``reason`` is the code of a connection's reason."""
        return signed_message(self.scene.pki, kind, point, message_id, reason)

    def take_in(self, *raws: bytes) -> None:
        self.scene.bridge.take_in(Channel.REPLAY, [Arrival("test", raw) for raw in raws])

    def order(self) -> Order:
        """The newest order."""
        with self.scene.bridge.database.reading() as connection:
            key = [line.key for line in order_lines(connection)][-1]
        with self.scene.bridge.database.transaction() as tx:
            return tx.orders.get(key)

    def history(self) -> list[OrderEvent]:
        order = self.order()
        with self.scene.bridge.database.transaction() as tx:
            return tx.orders.history(order.key)

    def work_until(self, condition: Callable[[], bool]) -> None:
        """Let the worker work until ``condition`` holds."""
        wait_until(condition, self._told, meanwhile=self.scene.bridge.worker.turn)

    def _told(self) -> str:
        return f"{self.order()}\n" + "\n".join(event.text for event in self.history())

    def work_until_state(self, *states: OrderState) -> Order:
        self.work_until(lambda: self.order().state in states)
        return self.order()

    def answers(self) -> list[str]:
        """Numbers of the answers that were delivered."""
        with self.scene.bridge.database.reading() as connection:
            return [line.answer_number for line in order_lines(connection) if line.answer_number]


def signed_message(pki: DemoPki, kind: str, point: str, message_id: MessageId, reason: str | None = None) -> bytes:
    """A message of the hub made from a sample, of today; ``reason`` is the code of a connection's reason."""
    root = parse(_TEMPLATES[kind].read_bytes())
    changes = {
        "MessageId": message_id,
        "MessageTimestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "MeteringPointCode": point,
        "ProcessInstanceId": ProcessInstanceId.new(),
        **({"ConnectionReason": reason} if reason else {}),
    }
    for name, text in changes.items():
        for element in root.iter(f"{{*}}{name}"):
            element.text = str(text)
    return sign_enveloped(root, pki.hub.signing)


@contextmanager
def play(
    tmp_path: Path,
    *,
    mode: int = 2,
    connected: bool = True,
    lifetime: float = 60,
    response: float = 60,
    poll: float = 0.05,
    delay: tuple[float, float] = (0.0, 0.02),
    read: float = 2,
    dialect: str = OURS,
    systems: Sequence[Mapping[str, object]] = (),
    execution: Mapping[str, object] | None = None,
) -> Iterator[Play]:
    """One metering point with one meter, known to everybody; nothing waits for long unless ``execution`` says so."""
    point = MeteringPoint(
        code=POINT,
        updated_at=system_clock(),
        meter=METER,
        meter_kind="CK0201",
        has_contactor=True,
        protection=NOT_PROTECTED,
        connected=connected,
    )
    head_end = {
        "command_lifetime_seconds": lifetime,
        "response_seconds": response,
        "poll_seconds": poll,
        "read_seconds": read,
        "speaks": dialect,
        **({"url": "http://127.0.0.1:1/replaced", "system": list(systems)} if systems else {}),
    }
    quick = {"meter_pause_seconds": 0, "again_seconds": 0.05, "expiry_margin_seconds": 0.05, "recheck_seconds": 0.2}
    settings = load_settings(head_end=head_end, execution={**quick, **(execution or {})})
    with stage(tmp_path, system_clock, points=[point], delay=delay, settings=settings) as scene:
        scene.head_end.meter(METER).mode = mode
        yield Play(scene)
