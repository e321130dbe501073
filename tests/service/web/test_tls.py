"""TLS of our own: who is let in by which certificate, and certificates that are renewed while the service runs."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from csire_bridge.channels.transport.inbound.caller_address import Caller
from csire_bridge.config.sections.running.doors import TlsSettings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.service.web.tls_files import server_context
from tests.support.callers import watched_callers
from tests.support.logs import told
from tests.support.patience import PATIENCE, wait_until
from tests.support.tls_servers import Authority, Files
from tests.support.webhook import BARE, Scene, bare, now, running


@dataclass
class Place:
    """A service by TLS, who made its certificate, and the files that it reads."""

    scene: Scene
    authority: Authority
    served: Files

    def trusting(self, own: Files | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.file.certificate))
        if own:
            context.load_cert_chain(own.certificate, own.key)
        return context

    def connect(self, context: ssl.SSLContext) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(*self.scene.address, timeout=PATIENCE, context=context)

    def post(self, raw: bytes, own: Files | None = None, **headers: str) -> int:
        connection = self.connect(self.trusting(own))
        try:
            connection.request("POST", "/hub/messages", raw, {"Content-Type": BARE, **headers})
            return connection.getresponse().status
        finally:
            connection.close()

    def serial_shown(self) -> int:
        with (
            socket.create_connection(self.scene.address, timeout=PATIENCE) as plain,
            self.trusting().wrap_socket(plain, server_hostname="127.0.0.1") as stream,
        ):
            shown = stream.getpeercert(binary_form=True)
            assert shown is not None
            return x509.load_der_x509_certificate(shown).serial_number

    def put(self, pair: Files) -> None:
        """Another pair takes the place of the one that is served."""
        for new, old in ((pair.certificate, self.served.certificate), (pair.key, self.served.key)):
            beside = old.with_suffix(".new")
            shutil.copy(new, beside)
            beside.replace(old)


@contextmanager
def serving(place: Path, clients: str = "none", **options: Any) -> Iterator[Place]:
    authority = Authority(place, "server authority")
    served = authority.issue("127.0.0.1")
    tls: dict[str, Any] = {"certificate": served.certificate, "key": served.key}
    if clients != "none":
        tls |= {"client_authorities": authority.file.certificate, "clients": clients}
    web = {"tls": tls, **options.pop("web", {})}
    with running(place, make_demo_pki(place, now()), web=web, **options) as scene:
        yield Place(scene, authority, served)


@pytest.fixture(scope="module")
def required(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Callers must have a certificate."""
    with serving(tmp_path_factory.mktemp("required"), "required", web={"header_seconds": 1, "connections": 8}) as place:
        yield place


def test_a_message_is_taken_by_tls_from_whoever_has_a_certificate(required: Place) -> None:
    assert required.scene.service.url.startswith("https://127.0.0.1:")
    assert required.post(bare(required.scene.pki), required.authority.issue("hub")) == 200


@pytest.mark.parametrize("whose", ["nobody", "another authority"])
def test_given_no_certificate_or_one_of_somebody_else_then_the_caller_is_not_let_in(
    required: Place, tmp_path: Path, whose: str
) -> None:
    own = Authority(tmp_path, whose).issue("hub") if whose != "nobody" else None
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.BadStatusLine)):
        required.post(b"<x/>", own)


def test_given_callers_that_begin_no_handshake_then_they_are_let_go_and_others_are_served(required: Place) -> None:
    """They are more than there may be connections."""
    silent = [socket.create_connection(required.scene.address, timeout=PATIENCE) for _ in range(12)]
    own = required.authority.issue("hub")
    try:
        assert required.post(bare(required.scene.pki), own) == 200
        assert [one.recv(1) for one in silent] == [b""] * 12, "after header_seconds"
    finally:
        for one in silent:
            one.close()


def test_given_plain_http_then_it_gets_no_answer_and_the_service_goes_on(required: Place) -> None:
    with socket.create_connection(required.scene.address, timeout=PATIENCE) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert not plain.recv(100).startswith(b"HTTP")
    assert required.post(bare(required.scene.pki), required.authority.issue("hub")) == 200


def test_answers_by_tls_tell_browsers_to_stay_with_tls(required: Place) -> None:
    connection = required.connect(required.trusting(required.authority.issue("hub")))
    connection.request("GET", "/healthz")
    assert connection.getresponse().headers["Strict-Transport-Security"] == "max-age=31536000"
    connection.close()


def test_the_operations_door_has_tls_of_its_own_or_none(required: Place) -> None:
    ready = required.scene.get("/readyz", "web.operations")
    assert json.loads(ready.body) == {"status": "ready", "reasons": []}


@pytest.fixture(scope="module")
def optional(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Callers may have a certificate."""
    with serving(tmp_path_factory.mktemp("optional"), "optional") as place:
        yield place


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
def test_tls_1_2_is_served_and_tls_1_1_is_refused(optional: Place) -> None:
    for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_1):
        context = optional.trusting()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
        refused = pytest.raises(ssl.SSLError, match=r"EOF|alert protocol version")
        with (
            socket.create_connection(optional.scene.address, timeout=PATIENCE) as plain,
            nullcontext() if newest is ssl.TLSVersion.TLSv1_2 else refused,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as stream,
        ):
            assert stream.version() == "TLSv1.2"


def test_given_a_renewed_certificate_then_new_connections_get_it_and_open_ones_go_on(
    optional: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    opened = optional.connect(optional.trusting())
    opened.request("GET", "/healthz")
    opened.getresponse().read()
    before = optional.serial_shown()
    optional.put(optional.authority.issue("127.0.0.1"))
    wait_until(lambda: optional.serial_shown() != before)
    opened.request("GET", "/healthz")
    assert opened.getresponse().status == 200
    opened.close()
    assert told(caplog, "tls.renewed")


def test_given_files_that_do_not_belong_together_then_the_old_ones_stay_and_it_is_told(
    optional: Place, caplog: pytest.LogCaptureFixture
) -> None:
    before = optional.serial_shown()
    good = optional.served.key.read_bytes()
    optional.served.key.write_bytes(optional.authority.issue("127.0.0.1").key.read_bytes())

    def is_told() -> bool:
        assert optional.serial_shown() == before
        return bool(told(caplog, "tls.not_renewed"))

    wait_until(is_told)
    optional.served.key.write_bytes(good)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Caller]:
    return watched_callers(monkeypatch)


def test_a_strangers_headers_say_nothing_about_who_calls(optional: Place, seen: list[Caller]) -> None:
    shown = quote(optional.scene.pki.hub.certificate_file.read_text("ascii"))
    optional.post(b"<x/>", None, **{"X-Forwarded-For": "10.9.8.7", "X-Client-Cert": shown})
    assert set(seen) == {Caller("127.0.0.1")}


def test_given_a_client_certificate_of_a_partner_then_the_partners_limits_count(
    tmp_path: Path, seen: list[Caller]
) -> None:
    """The supplier may send two messages a minute; whoever calls without a certificate has the limits of strangers."""
    authority = Authority(tmp_path, "server authority")
    own, served = authority.issue("supplier"), authority.issue("127.0.0.1")
    pki = make_demo_pki(tmp_path, now())
    supplier = {
        "eic": pki.supplier.eic,
        "certificates": [pki.supplier.certificate_file],
        "client_certificates": [own.certificate],
        "per_minute": 2,
    }
    tls = {
        "certificate": served.certificate,
        "key": served.key,
        "client_authorities": authority.file.certificate,
        "clients": "optional",
    }
    hub = {"eic": pki.hub.eic, "certificates": [pki.hub.certificate_file]}
    with running(tmp_path, pki, web={"tls": tls}, partners=[hub, supplier]) as scene:
        place = Place(scene, authority, served)
        assert [place.post(b"<x/>", own) for _ in range(3)] == [422, 422, 429]
        assert {one.certificate for one in seen} == {_sha256(own)}
        assert [place.post(b"<x/>") for _ in range(3)] == [422] * 3


def _sha256(pair: Files) -> bytes:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes()).fingerprint(hashes.SHA256())


def test_given_files_that_can_t_be_used_then_the_start_says_which_and_what_to_do(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one, other = authority.issue("127.0.0.1"), authority.issue("127.0.0.1")
    ended = authority.issue("127.0.0.1", until=now() - timedelta(days=1))
    for certificate, key, word in (
        (one.certificate, other.key, "can't be used"),
        (tmp_path / "nothing.pem", one.key, "can't be used"),
        (ended.certificate, ended.key, "has ended"),
    ):
        with pytest.raises(ConfigurationError, match=rf"setting web\.tls: .*{word}.* -> "):
            server_context(TlsSettings(certificate=certificate, key=key), "web.tls")
