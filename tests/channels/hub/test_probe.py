"""A partner's door, tried against real servers on loopback, good ones and each kind of bad one."""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from csire_bridge.channels.hub.client import HubClient
from csire_bridge.channels.hub.probe.probe import ProbeStep, ProbeTarget, try_door
from csire_bridge.channels.hub.profile import HubProfile
from csire_bridge.channels.transport.outbound.http_exchange import NoAnswer, PartnerClient
from tests.support.tls_servers import DAY, NOW, Authority, http, serving

REFUSES_GET = http("405 Method Not Allowed", "text/html", b"<html>no</html>")
EMPTY_QUEUE = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    b'<PeekMessageResponse xmlns="urn:cms:b2b:v01"/></s:Body></s:Envelope>'
)
ALL = ["address", "dns", "tcp", "tls", "certificate", "http"]


def hub(request: bytes) -> bytes:
    return http("200 OK", "application/soap+xml", EMPTY_QUEUE) if request.startswith(b"POST") else REFUSES_GET


def gateway(_request: bytes) -> bytes:
    return http("200 OK", "text/html", b"<html><h1>Log in</h1></html>")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def knock(url: str, *, peek: bool = False, **profile: Any) -> list[ProbeStep]:
    chosen = HubProfile(url=url, **{"connect_seconds": 3, "send_seconds": 3, "peek_seconds": 3, **profile})

    def look() -> str:
        with closing(HubClient(chosen)) as client:
            return "empty" if client.peek() is None else "a message"

    return list(try_door(ProbeTarget(chosen, look if peek else None), NOW))


def names(steps: list[ProbeStep]) -> list[str]:
    return [step.name for step in steps]


def failed(steps: list[ProbeStep]) -> ProbeStep:
    """The step that failed: the last one, and the only one."""
    assert [step.ok for step in steps] == [True] * (len(steps) - 1) + [False], steps
    assert steps[-1].remedy
    return steps[-1]


def test_given_a_good_door_then_every_step_goes_well_and_no_document_is_sent(authority: Authority) -> None:
    with serving(hub, authority.issue()) as server:
        steps = knock(f"https://localhost:{server.port}/soap/T", ca_bundle=authority.file.certificate, peek=True)
    assert names(steps) == [*ALL, "peek"]
    assert all(step.ok for step in steps), steps
    assert b"GET /soap/T HTTP/1.1" in server.requests[0]
    assert not any(b"SendMessage" in request or b"Payload" in request for request in server.requests)


def test_given_no_leave_to_peek_then_only_a_get_is_sent(authority: Authority) -> None:
    with serving(hub, authority.issue()) as server:
        steps = knock(f"https://localhost:{server.port}/", ca_bundle=authority.file.certificate)
    assert names(steps) == ALL
    assert len(server.requests) == 1
    assert server.requests[0].startswith(b"GET ")


@pytest.mark.parametrize(("days", "soon"), [(31, False), (30, True)])
def test_given_a_server_certificate_that_ends_soon_then_it_is_said(authority: Authority, days: int, soon: bool) -> None:
    with serving(hub, authority.issue(until=NOW + days * DAY)) as server:
        steps = knock(f"https://localhost:{server.port}/", ca_bundle=authority.file.certificate)
    assert steps[-1].ok
    assert ("tell its operator" in steps[ALL.index("certificate")].text) is soon


@pytest.mark.parametrize(
    ("issue", "told"),
    [
        ({"until": NOW - DAY}, "expired on"),
        ({"after": DAY}, "is not valid yet"),
        ({"name": "other.example"}, "is not for the name localhost"),
    ],
    ids=["expired", "not-yet", "wrong-name"],
)
def test_given_a_server_certificate_that_does_not_hold_then_the_reason_is_told(
    authority: Authority, issue: dict[str, Any], told: str
) -> None:
    with serving(hub, authority.issue(**issue)) as server:
        step = failed(knock(f"https://localhost:{server.port}/", ca_bundle=authority.file.certificate))
    assert step.name == "certificate"
    assert told in step.text
    assert issue.get("name", "localhost") in step.text
    assert server.requests == []


def test_given_an_address_that_the_certificate_does_not_name_then_wrong_name(authority: Authority) -> None:
    with serving(hub, authority.issue("127.0.0.2")) as server:
        step = failed(knock(f"https://127.0.0.1:{server.port}/", ca_bundle=authority.file.certificate))
    assert "is not for the name 127.0.0.1" in step.text


@pytest.mark.parametrize("public", [True, False])
def test_given_an_unknown_authority_then_its_name_is_told_and_nothing_is_sent(
    authority: Authority, tmp_path: Path, public: bool
) -> None:
    other = Authority(tmp_path, "another authority")
    with serving(hub, other.issue()) as server:
        bundle = None if public else authority.file.certificate
        step = failed(knock(f"https://localhost:{server.port}/", ca_bundle=bundle))
    assert step.name == "certificate"
    assert "another authority" in step.text
    assert "ca_bundle" in step.remedy
    assert server.requests == []


@pytest.mark.parametrize("tls12", [True, False], ids=["1.2", "1.3"])
def test_given_a_door_that_wants_our_certificate_when_we_show_none_then_it_is_told(
    authority: Authority, tls12: bool
) -> None:
    with serving(hub, authority.issue(), clients=authority.file.certificate, tls12=tls12) as server:
        step = failed(knock(f"https://localhost:{server.port}/", ca_bundle=authority.file.certificate))
    assert step.name == "tls"
    assert "wants a client certificate" in step.text
    assert "our TLS certificate" in step.remedy


@pytest.mark.parametrize("tls12", [True, False], ids=["1.2", "1.3"])
def test_given_a_door_that_wants_our_certificate_when_we_show_the_right_one_then_it_opens(
    authority: Authority, tls12: bool
) -> None:
    ours = authority.issue("operator")
    with serving(hub, authority.issue(), clients=authority.file.certificate, tls12=tls12) as server:
        url, pair = f"https://localhost:{server.port}/", (ours.certificate, ours.key)
        steps = knock(url, ca_bundle=authority.file.certificate, client_certificate=pair, peek=True)
    assert steps[-1] == ProbeStep("peek", True, "empty")


@pytest.mark.parametrize("tls12", [True, False], ids=["1.2", "1.3"])
def test_given_our_certificate_of_an_authority_that_they_do_not_know_then_it_is_told(
    authority: Authority, tmp_path: Path, tls12: bool
) -> None:
    ours = Authority(tmp_path, "another authority").issue("operator")
    with serving(hub, authority.issue(), clients=authority.file.certificate, tls12=tls12) as server:
        url, pair = f"https://localhost:{server.port}/", (ours.certificate, ours.key)
        step = failed(knock(url, ca_bundle=authority.file.certificate, client_certificate=pair))
    assert step.name == "tls"
    assert "does not accept our client certificate" in step.text


def test_given_a_door_that_is_slow_to_refuse_us_then_it_is_still_the_tls_step_that_fails(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = ssl.SSLError(1, "tlsv13 alert certificate required")
    refusal.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"

    def look(*_: object, **__: object) -> None:
        raise NoAnswer("TLS failed") from refusal

    monkeypatch.setattr(PartnerClient, "look", look)
    with serving(hub, authority.issue()) as server:
        step = failed(knock(f"https://localhost:{server.port}/", ca_bundle=authority.file.certificate))
    assert (step.name, "wants a client certificate" in step.text) == ("tls", True)


def test_given_our_key_of_another_certificate_then_our_files_are_blamed(authority: Authority) -> None:
    pair = (authority.issue().certificate, authority.issue().key)
    with serving(hub, authority.issue()) as server:
        url = f"https://localhost:{server.port}/"
        step = failed(knock(url, ca_bundle=authority.file.certificate, client_certificate=pair))
    assert (step.name, "our client certificate" in step.text) == ("tls", True)


def test_given_a_refused_connection_then_it_is_told() -> None:
    with socket.socket() as holder:  # bound and not listening: nobody else can take the port meanwhile
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        step = failed(knock(f"https://localhost:{port}/"))
    assert step.name == "tcp"
    assert f"port {port}" in step.text


def test_given_a_name_that_does_not_exist_then_it_is_told() -> None:
    assert failed(knock("https://no-such-host.invalid/")).name == "dns"


def test_given_plain_http_on_a_tls_port_then_it_is_told(authority: Authority) -> None:
    with serving(lambda _: http("400 Bad Request", "text/plain")) as server:
        step = failed(knock(f"https://localhost:{server.port}/", ca_bundle=authority.file.certificate))
    assert step.name == "tls"
    assert "does not speak TLS" in step.text
    assert "plain http" in step.remedy


def test_given_a_port_that_says_nothing_then_it_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        step = failed(knock(f"https://localhost:{listener.getsockname()[1]}/", connect_seconds=0.3))
    assert step.name == "tls"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (gateway(b""), "a web page answers"),
        (http("403 Forbidden", "text/html"), "HTTP 403"),
        (http("404 Not Found", "text/plain"), "HTTP 404"),
        (http("302 Found", "text/html"), "sends us elsewhere"),
        (http("503 Service Unavailable", "text/html"), "HTTP 503"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "is not HTTP"),
        (b"", "without an answer"),
    ],
    ids=["html", "403", "404", "302", "503", "ssh", "nothing"],
)
def test_given_an_answer_that_is_no_services_then_the_http_step_says_so(
    authority: Authority, answer: bytes, told: str
) -> None:
    with serving(lambda _: answer, authority.issue()) as server:
        step = failed(knock(f"https://localhost:{server.port}/", ca_bundle=authority.file.certificate))
    assert step.name == "http"
    assert told in step.text


def test_given_404_to_a_get_when_a_peek_follows_then_only_the_peek_decides(authority: Authority) -> None:
    def answer(request: bytes) -> bytes:
        return hub(request) if request.startswith(b"POST") else http("404 Not Found", "text/plain")

    with serving(answer, authority.issue()) as server:
        steps = knock(f"https://localhost:{server.port}/", ca_bundle=authority.file.certificate, peek=True)
    assert steps[-1] == ProbeStep("peek", True, "empty")


def test_given_a_password_in_the_url_then_it_is_not_shown() -> None:
    with serving(hub) as server:
        steps = knock(f"http://somebody:secret@127.0.0.1:{server.port}/")
    assert steps[-1].ok
    assert not any("secret" in step.text for step in steps)


def test_given_html_in_answer_to_a_peek_only_then_the_peek_says_so(authority: Authority) -> None:
    def answer(request: bytes) -> bytes:
        return gateway(request) if request.startswith(b"POST") else REFUSES_GET

    with serving(answer, authority.issue()) as server:
        step = failed(knock(f"https://localhost:{server.port}/", ca_bundle=authority.file.certificate, peek=True))
    assert step.name == "peek"
    assert "Log in" in step.text


def test_given_plain_http_on_this_machine_then_there_are_no_tls_steps() -> None:
    with serving(hub) as server:
        steps = knock(f"http://127.0.0.1:{server.port}/", peek=True)
    assert names(steps) == ["address", "dns", "tcp", "http", "peek"]
    assert all(step.ok for step in steps)


def test_given_an_address_with_strange_characters_then_it_is_told_before_anything_else() -> None:
    assert names(knock("https://zażółć.example/ścieżka")) == ["address"]
