"""A service, a simulated SID and a simulated head-end system, wired together for tests."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
from lxml import etree

from csire_bridge.channels.sid.contract import SID, SOAP11, element, in_envelope
from csire_bridge.config.private_files import write_private
from csire_bridge.config.resources import folder
from csire_bridge.config.role import Role
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.lab.simulators.sid.simulator import SidSimulator
from csire_bridge.lab.simulators.sid.soap_client import BridgeCaller
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.service import Service
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import make_current
from csire_bridge.store.queries.reports import MessageLine, message_lines, order_lines
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped
from tests.support.patience import PATIENCE, wait_until

POINT = MeteringPointCode.parse("590243856287817706")
OTHER_POINT = MeteringPointCode.parse("590015710563817868")
METER = MeterNumber("PROBE0000001")
_SAMPLES = {
    OrderKind.DISCONNECT: folder("samples") / "good" / "8.1.1.5-debt.xml",
    OrderKind.RECONNECT: folder("samples") / "good" / "8.2.1.6-minimal.xml",
}
_ENDED = next((folder("samples") / "good").glob("S-*ended*.xml"))
_DATES = ("RequestedExecutionDate",)


def now() -> datetime:
    return datetime.now(UTC)


def day(moment: datetime) -> date:
    """The Polish day of a moment."""
    return moment.astimezone(WARSAW).date()


@functools.cache
def pki() -> DemoPki:
    return make_demo_pki(Path(tempfile.mkdtemp(prefix="sid-pki-")), now())


CREDENTIALS = ("sid", "secret")


def plain_http(auth: tuple[str, str] | None = None) -> httpx.Client:
    """A client for this machine."""
    return httpx.Client(verify=False, trust_env=False, timeout=PATIENCE, auth=auth)  # noqa: S501


def _password_file(place: Path) -> Path:
    file = place / "sid-password"
    write_private(file, f"{CREDENTIALS[1]}\n".encode(), replace=True)
    return file


@dataclass(frozen=True)
class Scene:
    """What a test holds in its hands."""

    service: Service
    sid: SidSimulator
    head_end: HeadEndSimulator

    @property
    def bridge(self) -> Bridge:
        return self.service.bridge

    @property
    def door(self) -> str:
        return f"{self.service.url}/sid/soap"

    def caller(self, credentials: tuple[str, str] | None = CREDENTIALS) -> BridgeCaller:
        return self.sid.caller(self.door, credentials)

    def orders(self) -> list[Order]:
        with self.bridge.database.read_transaction() as tx:
            keys = [line.key for line in order_lines(tx.connection)]
            found = tx.orders.get_many(keys)
        return [found[key] for key in dict.fromkeys(keys)]

    def texts(self, order: Order) -> list[str]:
        with self.bridge.database.read_transaction() as tx:
            return [event.text for event in tx.orders.history(order.key)]

    def messages(self) -> list[MessageLine]:
        with self.bridge.database.reading() as connection:
            return message_lines(connection)

    def answers(self) -> list[str]:
        """Numbers of our answers to the hub."""
        with self.bridge.database.reading() as connection:
            return [line.answer_number for line in order_lines(connection) if line.answer_number]

    def until_state(self, *states: OrderState, count: int = 1) -> list[Order]:
        wait_until(lambda: [order.state in states for order in self.orders()].count(True) >= count)
        return self.orders()

    def post(
        self, body: bytes, kind: str = "text/xml", auth: tuple[str, str] | None = CREDENTIALS, **headers: str
    ) -> httpx.Response:
        with plain_http(auth) as client:
            return client.post(self.door, content=body, headers={"Content-Type": kind, **headers})

    def hub_sends(self, kind: OrderKind = OrderKind.DISCONNECT, **texts: str) -> MessageId:
        """The hub pushes an order message of today; return its id."""
        return self._pushed(
            _SAMPLES[kind], {"MeteringPointCode": POINT, "ProcessInstanceId": ProcessInstanceId.new()} | texts
        )

    def hub_ends(self, process: ProcessInstanceId) -> MessageId:
        """The hub ends a process by force."""
        return self._pushed(_ENDED, {"ProcessInstanceId": process})

    def _pushed(self, sample: Path, texts: Mapping[str, str]) -> MessageId:
        message_id = MessageId.new()
        root = parse(sample.read_bytes())
        changes = {
            "MessageId": message_id,
            "MessageTimestamp": now().isoformat(timespec="milliseconds"),
            **texts,
        }
        for name in _DATES:
            for found in list(root.iter(f"{{*}}{name}")):
                parent = found.getparent()
                assert parent is not None
                parent.remove(found)
        for name, text in changes.items():
            for found in root.iter(f"{{*}}{name}"):
                found.text = str(text)
        raw = sign_enveloped(root, pki().hub.signing)
        with plain_http() as client:
            answer = client.post(
                f"{self.service.url}/hub/messages", content=raw, headers={"Content-Type": "application/xml"}
            )
        assert answer.status_code == 200, answer.text
        return message_id


def fault_of(answer: httpx.Response) -> tuple[str, str, list[str]]:
    """faultcode, code of the contract, and the codes of all problems."""
    fault = parse(answer.content).find(f"{{{SOAP11}}}Body/{{{SOAP11}}}Fault")
    assert fault is not None, answer.text
    assert fault.findtext("faultstring")
    code = fault.findtext(f"detail/{SID}SidFault/{SID}Code") or ""
    problems = [p.findtext(f"{SID}Code") or "" for p in fault.iterfind(f"detail/{SID}SidFault/{SID}Problem")]
    return fault.findtext("faultcode") or "", code, problems


def request(name: str, values: dict[str, Any]) -> bytes:
    """A SOAP 1.1 request as bytes."""
    return in_envelope(etree.tostring(element(f"{name}Request", values)))


def submission(order: dict[str, Any]) -> bytes:
    return request("SubmitOrder", {"Order": order})


@contextmanager
def running(
    place: Path,
    *,
    sid: dict[str, Any] | None = None,
    simulator: SidSimulator | None = None,
    head_end: dict[str, Any] | None = None,
    points: bool = True,
    delay: tuple[float, float] = (0.0, 0.05),
    **options: Any,
) -> Iterator[Scene]:
    """Everything on loopback: one point with one meter, the bridge as a service, SID and the head-end system."""
    with ExitStack() as stack:
        customer = stack.enter_context(simulator or SidSimulator(seed=1))
        meters = HeadEndSimulator([METER], delay=delay, seed=1).start()
        stack.callback(meters.stop)
        settings = load_settings(
            environment=False,
            database=f"sqlite:///{place / 'bridge.db'}",
            signing_key=pki().operator.key_file,
            signing_certificate=pki().operator.certificate_file,
            partners=[{"eic": pki().hub.eic, "certificates": [pki().hub.certificate_file]}],
            delivery_folder=place / "answers",
            head_end={"url": meters.url, "poll_seconds": 0.05, "response_seconds": 5, **(head_end or {})},
            sid={
                "url": customer.url,
                "listen": True,
                "caller_user": CREDENTIALS[0],
                "caller_password_file": _password_file(place),
                "idle_seconds": 0.05,
                "longest_idle_seconds": 0.1,
                "read_seconds": 2,
                **(sid or {}),
            },
            **options,
        )
        make_current(settings.database)
        service = Service(
            lambda url: Bridge(settings, system_clock, reply_address=url),
            settings.web.at_free_ports(),
            Role.ALL,
            shared_ports=False,
        )
        stack.callback(service.stop)
        if points:
            known = MeteringPoint(
                code=POINT,
                updated_at=now(),
                meter=METER,
                meter_kind="CK0201",
                has_contactor=True,
                protection=NOT_PROTECTED,
                connected=True,
            )
            with service.bridge.database.transaction() as tx:
                tx.points.put(known)
        service.start()
        yield Scene(service, customer, meters)
