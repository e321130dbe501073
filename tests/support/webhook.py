"""A service in this process, on a real port, and somebody who pushes messages to it."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.config.role import Role
from csire_bridge.config.settings import Settings, load_settings
from csire_bridge.domain.identifiers import MessageId, ProcessInstanceId
from csire_bridge.lab.simulators.hub.soap import send_request
from csire_bridge.lab.simulators.pki import DemoParty, DemoPki
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.service import Service
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import make_current
from csire_bridge.store.queries.reports import MessageLine, message_lines
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.certificates.keys import CertificateBook
from csire_bridge.xml.security.signature import serialise, sign_enveloped, verify_enveloped
from csire_bridge.xml.security.ws_security.soap_envelope import body_of, is_secured
from csire_bridge.xml.security.ws_security.wss import sign_envelope, verify_envelope
from tests.support.patience import PATIENCE

BARE, SOAP, TEXT = "application/xml", "application/soap+xml", "text/xml"
_TEMPLATE = folder("samples") / "good" / "8.1.1.5-minimal.xml"


@dataclass(frozen=True)
class Answer:
    """What the webhook said."""

    status: int
    kind: str
    body: bytes
    headers: http.client.HTTPMessage


def now() -> datetime:
    return datetime.now(UTC)


def tree(message_id: MessageId | None = None, **texts: str) -> etree._Element:
    """A message of today with ids of its own."""
    root = parse(_TEMPLATE.read_bytes())
    changes = {
        "MessageId": message_id or MessageId.new(),
        "MessageTimestamp": now().isoformat(timespec="milliseconds"),
        "ProcessInstanceId": ProcessInstanceId.new(),
    } | texts
    for name, text in changes.items():
        for element in root.iter(f"{{*}}{name}"):
            element.text = str(text)
    return root


def bare(pki: DemoPki, message_id: MessageId | None = None, **texts: str) -> bytes:
    return sign_enveloped(tree(message_id, **texts), pki.hub.signing)


def wrapped(document: bytes) -> bytes:
    """In an envelope without WS-Security."""
    return send_request(document)


def secured(signer: DemoParty, document: etree._Element | None = None) -> bytes:
    """In an envelope with WS-Security."""
    return sign_envelope(
        parse(send_request(serialise(tree() if document is None else document))), signer.signing, now()
    )


def receipt_of(pki: DemoPki, answer: Answer) -> etree._Element:
    """The signed tree of a receipt; in an envelope it is signed only to those who speak WS-Security."""
    book = CertificateBook([pki.operator.trusted])
    root = parse(answer.body)
    if answer.kind.startswith(BARE):
        return verify_enveloped(root, book, now()).tree
    return verify_envelope(root, book, now()).body[0] if is_secured(root) else body_of(root)[0]


@dataclass
class Scene:
    """A service under test."""

    service: Service
    pki: DemoPki

    @property
    def address(self) -> tuple[str, int]:
        return self.service.addresses[0].host, self.service.addresses[0].port

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self.address, timeout=PATIENCE)

    def socket(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=PATIENCE)

    def post(self, raw: bytes, kind: str = BARE, query: str = "", **headers: str) -> Answer:
        connection = self.connect()
        try:
            connection.request("POST", f"/hub/messages{query}", raw, {"Content-Type": kind, **headers})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers.get("Content-Type", ""), answer.read(), answer.headers)
        finally:
            connection.close()

    def get(self, path: str, at: str | None = None, **headers: str) -> Answer:
        """``at`` is the setting of an address; without it the first one is asked."""
        chosen = next(one for one in self.service.addresses if at in (None, one.setting))
        connection = http.client.HTTPConnection(chosen.host, chosen.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers.get("Content-Type", ""), answer.read(), answer.headers)
        finally:
            connection.close()

    def journal(self) -> Sequence[MessageLine]:
        with self.service.bridge.database.reading() as connection:
            return message_lines(connection)

    def states(self) -> list[str]:
        return [line.state.value for line in self.journal()]


def settings_of(place: Path, pki: DemoPki, **options: Any) -> Settings:
    """Hub and supplier are partners; the supplier signs envelopes."""
    partners = [
        {"eic": pki.hub.eic, "certificates": [pki.hub.certificate_file], "user": "hub"},
        {
            "eic": pki.supplier.eic,
            "certificates": [pki.supplier.certificate_file],
            "user": "supplier",
            "profile": "wss",
            "may_send_as_the_hub": ["8.1.1.5"],
            "per_minute": 2,
        },
    ]
    values: dict[str, Any] = {
        "database": f"sqlite:///{place / 'bridge.db'}",
        "signing_key": pki.operator.key_file,
        "signing_certificate": pki.operator.certificate_file,
        "partners": partners,
        "delivery_folder": place / "answers",
    }
    return load_settings(environment=False, **(values | options))


@contextmanager
def running(
    place: Path,
    pki: DemoPki,
    prepare: Callable[[Bridge], None] = lambda _: None,
    *,
    role: Role = Role.ALL,
    **options: Any,
) -> Iterator[Scene]:
    settings = settings_of(place, pki, **options)

    def open_bridge(events: str) -> Bridge:
        make_current(settings.database)
        bridge = Bridge(settings, system_clock, reply_address=events)
        prepare(bridge)
        return bridge

    service = Service(open_bridge, settings.web.at_free_ports(), role, shared_ports=False)
    service.start()
    try:
        yield Scene(service, pki)
    finally:
        service.stop()
