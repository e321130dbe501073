"""A whole market on loopback: the bridge as a service between a simulated hub, head-end system and SID."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from csire_bridge.channels.hub.payload_bytes import bare
from csire_bridge.channels.sid.profile import read_password
from csire_bridge.channels.transport.outbound.http_exchange import PartnerClient
from csire_bridge.config.private_files import write_private
from csire_bridge.config.role import Role
from csire_bridge.config.sections.running.web import WebSettings
from csire_bridge.config.settings import HubSettings, SidSettings
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import OurFault, Unreadable
from csire_bridge.domain.message.partner_entries import PartnerEntry
from csire_bridge.domain.message.partners import SecurityProfile
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.lab.demo.stage import enter_points, install_meters, stage_settings
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
from csire_bridge.lab.simulators.hub.simulator import HubSimulator
from csire_bridge.lab.simulators.hub.soap import send_request
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.lab.simulators.sid.simulator import SidSimulator
from csire_bridge.lab.simulators.sid.soap_client import BridgeCaller
from csire_bridge.service.service import Service
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import make_current
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.ws_security.wss import sign_envelope

__all__ = ["Feeder", "Market", "market"]

_SOAP = 'application/soap+xml;charset=UTF-8;action="sendMessage"'
_PUSH_SECONDS = 30.0
_MOST_BYTES = 1 << 20
_LARGEST_PUSH = 512 * 1024


@dataclass(frozen=True)
class Market:
    """The bridge and all simulated partners."""

    service: Service
    hub: HubSimulator
    sid: SidSimulator
    pki: DemoPki
    clock: Clock

    @property
    def bridge(self) -> Bridge:
        """The bridge of the service."""
        return self.service.bridge

    def sid_caller(self) -> BridgeCaller:
        """SID's own client for our endpoint, with the agreed password."""
        sid_settings = self.bridge.settings.sid
        password = read_password(sid_settings.caller_password_file) if sid_settings.caller_password_file else ""
        return self.sid.caller(f"{self.service.url}/sid/soap", (sid_settings.caller_user or "", password))

    def agree(self, profile: SecurityProfile) -> None:
        """Let the hub sign with ``profile`` from now on; the running bridge reads that from its partner registry."""
        entry = PartnerEntry(self.pki.hub.eic, self.clock(), "demo", profile=profile)
        with self.bridge.database.transaction() as tx:
            tx.partners.enter(entry)


@contextmanager
def market(
    folder: Path,
    clock: Clock,
    points: Iterable[MeteringPoint],
    delay: tuple[float, float] = (0.2, 1.5),
    *,
    console_port: int = 0,
) -> Iterator[Market]:
    """Set everything up in ``folder``: real servers on 127.0.0.1, certificates made now, a meter for each point.

    The console is at ``console_port``; 0: at any free one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pki = make_demo_pki(folder, clock())
    with ExitStack() as stack:
        hub = stack.enter_context(HubSimulator(pki, clock=clock))
        head_end = HeadEndSimulator(delay=delay, seed=8).start()
        stack.callback(head_end.stop)
        door = HubSettings(
            url=hub.url, tenant=hub.tenant, user=hub.user, idle_seconds=0.2, longest_idle_seconds=0.4, peek_seconds=5
        )
        sid = stack.enter_context(SidSimulator(clock=clock, seed=8))
        password = folder / "sid-password.txt"
        write_private(password, f"{secrets.token_urlsafe(16)}\n".encode(), replace=True)
        sid_settings = SidSettings(
            url=sid.url,
            listen=True,
            caller_user="sid",
            caller_password_file=password,
            idle_seconds=0.2,
            longest_idle_seconds=0.4,
        )
        settings = stage_settings(folder, pki, head_end.url).model_copy(update={"hub": door, "sid": sid_settings})
        make_current(settings.database)
        service = Service(
            lambda url: Bridge(settings, clock, reply_address=url),
            _web(settings.web, console_port),
            Role.ALL,
            shared_ports=False,
        )
        stack.callback(service.stop)
        enter_points(service.bridge.database, points)
        install_meters(service.bridge.database, head_end)
        service.start()
        hub.webhook = None  # its results come through the queue
        yield Market(service, hub, sid, pki, clock)


def _web(web: WebSettings, console_port: int) -> WebSettings:
    free = web.at_free_ports()
    return free.model_copy(update={"operations": free.operations.model_copy(update={"port": console_port})})


@dataclass
class Feeder:
    """Sends documents to the bridge through its channels in turn: webhook bare, webhook SOAP, the hub's queue.

    ``sent`` tells for each name the SHA-256 of the bytes under which the journal has it.
    """

    scene: Market
    sent: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def feed(self, documents: Sequence[tuple[str, bytes]], profile: SecurityProfile) -> None:
        """Send (name, bytes) one after the other, signed by ``profile`` if the channel allows it."""
        doors = itertools.cycle((self._push_bare, self._push_soap, self._enqueue))
        for name, raw in documents:
            if not _is_xml(raw):
                self._push_bare(name, raw)
            elif profile is SecurityProfile.WSS:
                self._push_secured(name, raw)
            elif len(raw) > _LARGEST_PUSH:
                self._enqueue(name, raw)
            else:
                next(doors)(name, raw)

    def _push_bare(self, name: str, raw: bytes) -> None:
        self._post(name, raw, "application/xml")

    def _push_soap(self, name: str, raw: bytes) -> None:
        self._post(name, send_request(raw), _SOAP)

    def _push_secured(self, name: str, raw: bytes) -> None:
        envelope = sign_envelope(parse(send_request(raw)), self.scene.pki.hub.signing, self.scene.clock())
        self._post(name, envelope, _SOAP)

    def _enqueue(self, name: str, raw: bytes) -> None:
        document = bare(raw)  # a container holds elements, no comments before them
        self.scene.hub.enqueue(document)
        self._note(name, document)

    def _post(self, name: str, body: bytes, content_type: str) -> None:
        self._note(name, body)
        url = f"{self.scene.service.url}/hub/messages"
        with closing(PartnerClient(None, None)) as client:
            answer = client.post(
                url,
                body,
                {"Content-Type": content_type},
                connect_seconds=_PUSH_SECONDS,
                seconds=_PUSH_SECONDS,
                max_bytes=_MOST_BYTES,
            )
        if answer.status not in (200, 422, 500):
            raise OurFault(f"the webhook answered {answer.status} to {name}: {answer.excerpt}", "run again, -v")

    def _note(self, name: str, body: bytes) -> None:
        self.sent[name].append(hashlib.sha256(body).hexdigest())


def _is_xml(raw: bytes) -> bool:
    try:
        parse(raw, max_bytes=1 << 30)
    except Unreadable:
        return False
    return True
