"""The one way in for all doors: who calls, what proves it, how slowly, and how many connections there may be."""

from __future__ import annotations

import base64
import functools
import http.client
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pydantic import ValidationError

from csire_bridge.config.private_files import write_private
from csire_bridge.config.settings import load_settings
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from tests.support.patience import PATIENCE, wait_until
from tests.support.webhook import Scene, bare, now, running

HES = {"url": "http://127.0.0.1:9/hes"}
DOORS = ("/hub/messages", "/hes/events")


@functools.cache
def pki() -> DemoPki:
    return make_demo_pki(Path(tempfile.mkdtemp(prefix="entrance-")), now())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with running(tmp_path, pki(), head_end=HES) as found:
        yield found


def report(scene: Scene, path: str = "/hes/events", **headers: str) -> int:
    """Post an event that can't be read: 400 says that who posts it was let in."""
    connection = scene.connect()
    try:
        connection.request("POST", path, b"<x/>", headers)
        return connection.getresponse().status
    finally:
        connection.close()


def address(scene: Scene) -> str:
    """Where the head-end system is asked to report, without the host."""
    parts = urlsplit(scene.service.bridge.head_end_profile.reply_address)
    return f"{parts.path}?{parts.query}"


def pem(file: Path) -> bytes:
    return x509.load_pem_x509_certificate(file.read_bytes()).public_bytes(serialization.Encoding.PEM)


# --- who may report events


def test_given_nothing_but_this_machine_s_address_then_no_event_is_taken(scene: Scene) -> None:
    assert report(scene) == 403
    assert report(scene, "/hes/events?key=") == 403
    assert report(scene, "/hes/events?key=ą".replace("ą", quote("ą"))) == 403


def test_given_the_address_that_the_head_end_system_was_told_then_its_events_are_taken(scene: Scene) -> None:
    assert report(scene, address(scene)) == 400
    assert len(address(scene).partition("key=")[2]) == 40


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Client-Cert", "Forwarded"])
def test_given_a_forged_header_of_a_proxy_then_it_changes_nothing(tmp_path: Path, header: str) -> None:
    head_end = {**HES, "event_peers": ["10.1.0.0/16"], "event_certificates": [pki().supplier.certificate_file]}
    told = quote(pem(pki().supplier.certificate_file)) if header == "X-Client-Cert" else "10.1.0.7"
    with running(tmp_path, pki(), head_end=head_end) as scene:
        assert report(scene, address(scene), **{header: told}) == 403


def test_given_a_named_proxy_then_it_tells_address_and_certificate(tmp_path: Path) -> None:
    head_end = {
        **HES,
        "event_key": False,
        "event_peers": ["10.1.0.0/16"],
        "event_certificates": [pki().supplier.certificate_file],
    }
    good, other = (quote(pem(party.certificate_file)) for party in (pki().supplier, pki().hub))
    single = base64.b64encode(
        x509.load_pem_x509_certificate(pem(pki().supplier.certificate_file)).public_bytes(serialization.Encoding.DER)
    ).decode()
    cases = [
        ("10.1.0.7", good, 400),
        ("10.1.0.7", f":{single}:", 400),
        ("203.0.113.1, 10.1.0.7", good, 400),
        ("10.1.0.7, 127.0.0.1", good, 400),
        ("10.1.0.7, 203.0.113.1", good, 403),
        ("10.1.0.7, nonsense", good, 403),
        ("10.1.0.7", other, 403),
        ("10.1.0.7", "", 403),
        ("10.1.0.7", "%%%", 403),
    ]
    with running(tmp_path, pki(), head_end=head_end, web={"trusted_proxies": ["127.0.0.0/8"]}) as scene:
        for forwarded, told, status in cases:
            assert report(scene, **{"X-Forwarded-For": forwarded, "X-Client-Cert": told}) == status, (forwarded, told)


def test_given_events_that_nothing_proves_then_the_settings_are_refused_with_a_sentence() -> None:
    with pytest.raises((ValidationError, Exception), match="must prove itself"):
        load_settings(environment=False, head_end={**HES, "event_key": False})


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@contextmanager
def with_password(place: Path) -> Iterator[Scene]:
    write_private(place / "password", b"right\n")
    head_end = {**HES, "event_key": False, "event_user": "hes", "event_password_file": place / "password"}
    with running(place, pki(), head_end=head_end, web={"trusted_proxies": ["127.0.0.1"]}) as scene:
        yield scene


def test_given_a_password_then_guesses_are_slowed_and_who_knows_it_is_not_locked_out(tmp_path: Path) -> None:
    with with_password(tmp_path) as scene:
        home, good = {"X-Forwarded-For": "192.0.2.1"}, basic("hes", "right")
        assert report(scene, **home) == 401
        assert report(scene, **home, **good) == 400
        statuses = [report(scene, **{"X-Forwarded-For": "198.51.100.1"}, **basic("hes", f"x{n}")) for n in range(9)]
        assert statuses == [401] * 5 + [429] * 4
        assert report(scene, **{"X-Forwarded-For": "198.51.100.1"}, **good) == 429, "not looked at"
        for n in range(40):
            report(scene, **{"X-Forwarded-For": f"198.51.100.{n}"}, **basic("hes", "wrong"))
        assert report(scene, **{"X-Forwarded-For": "198.51.100.200"}, **basic("hes", "wrong")) == 429, "by name"
        assert report(scene, **home, **good) == 400


# --- slow and many


def begin(scene: Scene, path: str) -> socket.socket:
    """A request whose body never comes."""
    sender = scene.socket()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 900\r\n\r\n<a>"
    sender.sendall(head.encode())
    return sender


@pytest.mark.parametrize("door", DOORS)
def test_given_a_body_that_never_ends_then_every_door_cuts_it_off(tmp_path: Path, door: str) -> None:
    web = {"body_seconds": 1.0, "grace_seconds": 0.2, "bytes_per_second": 10_000}
    with running(tmp_path, pki(), head_end=HES, web=web) as scene:
        path = address(scene) if door == "/hes/events" else door
        with begin(scene, path) as sender:
            assert sender.recv(100).startswith(b"HTTP/1.1 408")


def test_given_a_hundred_strangers_with_unfinished_bodies_then_the_head_end_system_gets_through(scene: Scene) -> None:
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(begin(scene, "/hes/events"))
        assert report(scene, address(scene)) == 400


def test_given_a_thousand_idle_connections_then_the_next_one_is_answered(scene: Scene) -> None:
    with ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(scene.socket())
        assert scene.get("/healthz").status == 200
        assert scene.post(bare(pki())).status == 200


def test_given_too_many_connections_then_an_idle_one_goes_and_a_busy_one_stays(tmp_path: Path) -> None:
    with running(tmp_path, pki(), head_end=HES, web={"connections_per_address": 3}) as scene, ExitStack() as stack:
        busy = stack.enter_context(begin(scene, "/hub/messages"))
        kept = http.client.HTTPConnection(*scene.address, timeout=PATIENCE)
        kept.request("GET", "/healthz")
        assert kept.getresponse().read()
        idle = stack.enter_context(scene.socket())
        assert scene.get("/healthz").status == 200
        with pytest.raises((ConnectionError, TimeoutError)):
            until_closed(idle)
        kept.request("GET", "/healthz")
        assert kept.getresponse().status == 200
        busy.sendall(b"x" * 897)
        assert b" 422 " in busy.recv(100)


def until_closed(sock: socket.socket) -> None:
    """Raise ConnectionError when the other side has hung up."""
    sock.settimeout(20)
    if sock.recv(1) == b"":
        raise ConnectionError


@pytest.mark.parametrize("length", ["9" * 5000, "0" * 5000 + "4", "-1", "4x", "४"])
@pytest.mark.parametrize("door", DOORS)
def test_given_a_content_length_of_any_kind_then_an_answer_of_ours_comes(scene: Scene, door: str, length: str) -> None:
    path = address(scene) if door == "/hes/events" else door
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n<a/>"
    with scene.socket() as sender:
        sender.sendall(head.encode())
        status = int(sender.recv(20).split()[1])
        assert status in (400, 408, 413, 422)
    assert scene.get("/readyz").status == 200


def test_given_time_then_nothing_is_left_of_connections_that_went(scene: Scene) -> None:
    for _ in range(5):
        scene.get("/healthz")
    connections = next(iter(scene.service._doors._servers.values()))._server.config.http_protocol_class.crowd  # type: ignore
    wait_until(lambda: not connections._open)
