"""The doors: which endpoints are open at which address, and what every response carries."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from pathlib import Path

import httpx
import pytest

from csire_bridge.channels.transport.inbound.caller_address import Callers
from csire_bridge.config.private_files import write_private
from csire_bridge.config.role import Role
from csire_bridge.config.sections.running.doors import DoorSettings, OperationsDoor, TlsSettings
from csire_bridge.config.sections.running.web import WebSettings
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.service.web.doors import Door, addresses, listening_socket, open_addresses
from csire_bridge.service.web.web_app import build_app
from csire_bridge.service.web.web_server import WebServer
from tests.support.patience import PATIENCE
from tests.support.tls_servers import Authority
from tests.support.webhook import Scene, now, running


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:  # type: ignore[misc]
    place = tmp_path_factory.mktemp("doors")
    with running(place, make_demo_pki(place, now())) as scene:
        yield scene


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("at", ["web", "web.operations"])
def test_health_is_told_at_the_address_for_messages_and_at_the_operations_door(
    scene: Scene, at: str, path: str
) -> None:
    assert scene.get(path, at).status == 200


@pytest.mark.parametrize("path", ["/hub/messages", "/hes/events", "/sid/soap", "/nothing"])
def test_the_operations_door_knows_no_endpoint_for_messages(scene: Scene, path: str) -> None:
    assert scene.get(path, "web.operations").status == 404


def test_given_a_worker_then_it_has_the_operations_door_alone(tmp_path: Path) -> None:
    with running(tmp_path, make_demo_pki(tmp_path, now()), role=Role.WORKER) as scene:
        assert [address.setting for address in scene.service.addresses] == ["web.operations"]
        ready = scene.get("/readyz")
        assert (ready.status, json.loads(ready.body)) == (200, {"status": "ready", "reasons": []})
        assert scene.get("/hub/messages").status == 404


def test_given_the_same_address_for_two_doors_then_it_serves_both() -> None:
    web = WebSettings(port=8080, operations=OperationsDoor(port=8080))
    (only,) = addresses(web, Role.ALL)
    assert only.doors == set(Door)


def test_given_an_address_that_is_taken_then_the_setting_is_named_and_nothing_stays_open() -> None:
    (held,) = open_addresses(WebSettings().at_free_ports(), Role.WORKER, shared=False)
    taken = held.address.port
    held.listener.listen()
    try:
        with pytest.raises(ConfigurationError, match=rf"127.0.0.1:{taken} can't be listened on.*web\.operations\.port"):
            open_addresses(WebSettings(port=0, operations=OperationsDoor(port=taken)), Role.ALL, shared=False)
    finally:
        held.listener.close()


def test_given_two_processes_that_bind_an_address_at_once_then_the_second_is_told_the_setting() -> None:
    (one,) = open_addresses(WebSettings().at_free_ports(), Role.WORKER, shared=False)
    port = one.address.port
    other = listening_socket("127.0.0.1", port, setting="web.operations")  # bound, as long as nobody listens
    one.listener.listen()
    server = WebServer(build_app([], Callers()), other, WebSettings(), name="web.operations")
    try:
        with pytest.raises(ConfigurationError, match=rf"127.0.0.1:{port} can't be listened on.*web\.operations\.port"):
            server.start()
    finally:
        one.listener.close()
        other.close()


@pytest.mark.parametrize("path", ["/healthz", "/nothing"])
def test_every_response_has_headers_that_protect_browsers_and_none_that_names_the_server(
    scene: Scene, path: str
) -> None:
    headers = scene.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "Server" not in headers
    assert "Strict-Transport-Security" not in headers, "it is for answers by TLS only"


def test_given_no_http_at_all_then_also_that_answer_says_what_it_is(scene: Scene) -> None:
    with scene.socket() as stream:
        stream.sendall(b"nonsense\r\n\r\n")
        answer = http.client.HTTPResponse(stream)
        answer.begin()
        assert (answer.status, answer.headers["X-Content-Type-Options"]) == (400, "nosniff")


def test_given_a_request_id_then_the_response_has_it(scene: Scene) -> None:
    assert scene.get("/healthz", **{"X-Request-Id": "caller-7.a"}).headers["X-Request-Id"] == "caller-7.a"


@pytest.mark.parametrize("told", [None, "x" * 65, "two words", "<script>", ""])
def test_given_no_request_id_or_one_that_could_do_harm_then_a_new_one_is_given(scene: Scene, told: str | None) -> None:
    headers = {} if told is None else {"X-Request-Id": told}
    given = [scene.get("/healthz", **headers).headers["X-Request-Id"] for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in given)
    assert given[0] != given[1]


def test_given_doors_with_addresses_of_their_own_then_each_refuses_the_endpoints_of_the_others(tmp_path: Path) -> None:
    """And the head-end system is told the address of the door for events."""
    pki = make_demo_pki(tmp_path, now())
    authority = Authority(tmp_path, "events authority")
    pair = authority.issue("127.0.0.1")
    password = tmp_path / "password.txt"
    write_private(password, b"secret")
    web = {
        "hub": {"port": 0},
        "sid": {"port": 0},
        "events": {"port": 0, "tls": {"certificate": pair.certificate, "key": pair.key}},
    }
    sid = {
        "url": "http://127.0.0.1:9",
        "fetch": False,
        "listen": True,
        "caller_user": "sid",
        "caller_password_file": password,
    }
    with running(tmp_path, pki, web=web, sid=sid, head_end={"url": "http://127.0.0.1:9"}) as scene:
        here = {address.setting: address for address in scene.service.addresses}
        paths = {"web.hub": "/hub/messages", "web.sid": "/sid/soap", "web.events": "/hes/events", "web": "/readyz"}
        trusted = ssl.create_default_context(cafile=str(authority.file.certificate))
        for setting, address in here.items():
            verify = trusted if address.tls else False
            with httpx.Client(verify=verify, timeout=PATIENCE) as client:
                found = {path: client.get(f"{address.url}{path}").status_code for path in paths.values()}
            served = {"/readyz"} if setting == "web.operations" else {paths[setting]}
            assert {path for path, status in found.items() if status != 404} == served, setting
        told = scene.service.bridge.head_end_profile.reply_address
        assert told.startswith(f"https://127.0.0.1:{here['web.events'].port}/hes/events?key=")


def test_given_one_address_with_two_kinds_of_tls_then_the_start_names_both_settings(tmp_path: Path) -> None:
    tls = TlsSettings(certificate=tmp_path / "a.pem", key=tmp_path / "a.key")
    web = WebSettings(events=DoorSettings(host="127.0.0.1", port=8080, tls=tls))
    with pytest.raises(ConfigurationError, match=r"web and web\.events: 127\.0\.0\.1:8080 can't have two kinds of TLS"):
        addresses(web, Role.ALL)


def test_given_a_door_with_tls_and_no_port_then_the_setting_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"web\.hub.*needs a port of its own"):
        load_settings(environment=False, web={"hub": {"host": "127.0.0.1"}})
