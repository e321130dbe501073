"""Every way in which a request to the head-end system can fail, told apart by one question: can it have arrived?"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from csire_bridge.channels.hes.client import HeadEndConnector, HeadEndProfile
from csire_bridge.domain.errors import (
    ConfigurationError,
    HeadEndBusy,
    HeadEndRefused,
    HeadEndUnreachable,
    OutcomeUnknown,
)
from csire_bridge.domain.meter.contactor import (
    HeadEndEventKind,
)
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
from tests.support.head_end import DISCONNECT, METER, bridge_to, command, running
from tests.support.hub import answering as http_answering
from tests.support.hub import raw_server


def answering(status: str, body: bytes, content_type: str = "text/xml") -> Callable[[socket.socket], None]:
    return http_answering(status, body, content_type)


def soap_reply(result: str, errors: str = "", correlation: str = "other") -> bytes:
    return f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
      xmlns="http://iec.ch/TC57/2011/schema/message"><s:Body><ResponseMessage>
      <Header><Verb>reply</Verb><Noun>EndDeviceControls</Noun><CorrelationID>{correlation}</CorrelationID></Header>
      <Reply><Result>{result}</Result>{errors}</Reply></ResponseMessage></s:Body></s:Envelope>""".encode()


def test_given_nobody_listens_when_submitted_then_certainly_nothing_arrived() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with bridge_to(f"http://127.0.0.1:{port}/hes") as bridge, pytest.raises(HeadEndUnreachable):
        bridge.connector.submit(command(DISCONNECT))


def test_given_an_unknown_host_when_submitted_then_certainly_nothing_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_host(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    with bridge_to("http://hes.invalid/hes") as bridge:
        monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
        with pytest.raises(HeadEndUnreachable):
            bridge.connector.submit(command(DISCONNECT))
        monkeypatch.undo()


def test_given_an_outage_when_the_hes_comes_back_then_the_same_connector_goes_on() -> None:
    with running() as (simulator, bridge):
        assert bridge.connector.read_contactor(METER).connected
        simulator.stop()
        with pytest.raises(HeadEndUnreachable):
            bridge.connector.submit(command(DISCONNECT))
        again = HeadEndSimulator([METER], port=urlsplit(simulator.url).port or 0).start()
        assert bridge.order(DISCONNECT).kind is HeadEndEventKind.DISCONNECTED
        again.stop()


def test_given_a_wrong_address_when_used_then_a_configuration_error() -> None:
    for endpoint in ("hes.example", "ftp://127.0.0.1/hes", "http://"):
        with pytest.raises(ConfigurationError):
            HeadEndConnector(HeadEndProfile(endpoint=endpoint, reply_address="")).submit(command(DISCONNECT))


def test_given_a_command_that_xml_cant_carry_when_submitted_then_it_is_not_called_unknown() -> None:
    with running() as (simulator, bridge):
        with pytest.raises(ValueError, match="XML"):
            bridge.connector.submit(replace(command(DISCONNECT), reason="\x00"))
        assert simulator.meter(METER).switches == 0


def _silence(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def _reset(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()


UNKNOWN: list[Callable[[socket.socket], None]] = [
    _silence,
    _reset,
    answering("200 OK", b"<html><body>Welcome<br></body></html>", "text/html"),
    answering("200 OK", b"<html><body>Welcome</body></html>", "text/html"),
    answering("502 Bad Gateway", b"<html><body>Bad gateway</body></html>", "text/html"),
    answering("503 Service Unavailable", b""),
    answering("302 Found", b""),
    answering("202 Accepted", b""),
    answering("200 OK", b""),
    answering("200 OK", b'<!DOCTYPE x [<!ENTITY a "b">]>' + soap_reply("OK")),
    answering("200 OK", soap_reply("OK")),
    answering("200 OK", soap_reply("MAYBE")),
    answering("200 OK", soap_reply("OK").replace(b"<Result>OK</Result>", b"")),
    answering("200 OK", soap_reply("OK").replace(b"<Reply>", b"<Strange/><Reply>")),
    answering("200 OK", soap_reply("OK")[:200]),
    answering("500 Oops", soap_reply("OK")),
    answering(
        "500 Oops",
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server'
        b"</faultcode><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>",
    ),
]


@pytest.mark.parametrize("behave", UNKNOWN, ids=range(len(UNKNOWN)))
def test_given_no_sound_answer_when_asked_then_the_outcome_is_unknown(behave: Callable[[socket.socket], None]) -> None:
    with raw_server(behave) as endpoint:
        profile = HeadEndProfile(endpoint=endpoint, reply_address="http://127.0.0.1/e", read_timeout=0.3)
        connector = HeadEndConnector(profile)
        with pytest.raises(OutcomeUnknown) as unknown:
            connector.submit(command(DISCONNECT))
        assert unknown.value.remedy
        with pytest.raises(OutcomeUnknown):
            connector.read_contactor(METER)
        connector.close()


@pytest.mark.parametrize(
    ("result", "code", "level", "expected"),
    [
        ("FAILED", "2.4", "FATAL", HeadEndRefused),
        ("FAILED", "2.4", "CATASTROPHIC", HeadEndRefused),
        ("FAILED", "5.8", "FATAL", HeadEndBusy),
        ("FAILED", "5.8", "WARNING", HeadEndBusy),
        ("FAILED", "9.9", "WARNING", OutcomeUnknown),
        ("PARTIAL", "2.4", "FATAL", OutcomeUnknown),
    ],
)
def test_given_a_reply_when_judged_then_result_and_level_decide(
    result: str, code: str, level: str, expected: type[Exception]
) -> None:
    sent = command(DISCONNECT)
    error = f"<Error><code>{code}</code><level>{level}</level><reason>so</reason></Error>"
    with (
        raw_server(answering("200 OK", soap_reply(result, error, sent.correlation_id))) as endpoint,
        bridge_to(endpoint) as bridge,
        pytest.raises(expected),
    ):
        bridge.connector.submit(sent)


def test_given_a_missing_contract_when_used_then_a_configuration_error(tmp_path: Any) -> None:
    profile = HeadEndProfile(endpoint="http://127.0.0.1:1/hes", reply_address="", contract=tmp_path)
    with pytest.raises(ConfigurationError):
        HeadEndConnector(profile).submit(command(DISCONNECT))


def test_given_a_naive_time_when_submitted_then_it_is_a_programming_error() -> None:
    wrong = replace(command(DISCONNECT), not_after=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        HeadEndConnector(HeadEndProfile(endpoint="http://127.0.0.1:1", reply_address="")).submit(wrong)
