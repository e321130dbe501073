"""The head-end simulator as a process of its own, steered through its control door."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from csire_bridge.domain.errors import HeadEndUnreachable
from csire_bridge.domain.meter.contactor import HeadEndEventKind
from csire_bridge.lab.simulators.hes.__main__ import main
from csire_bridge.lab.simulators.hes.simulator import meter_number
from tests.support.head_end import CONNECT, DISCONNECT, METER, bridge_to, command, until
from tests.support.patience import PATIENCE


class Process:
    """Its addresses, and its control door."""

    def __init__(self, announced: dict[str, Any]) -> None:
        self.url: str = announced["url"]
        self._control = urlsplit(announced["control"])

    def ask(self, status: int = 200, **words: Any) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._control.netloc, timeout=PATIENCE)
        connection.request("POST", self._control.path, json.dumps(words))
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        connection.close()
        assert response.status == status, answer
        return answer


@contextmanager
def process(*words: str) -> Iterator[Process]:
    line = [sys.executable, "-m", "csire_bridge.lab.simulators.hes", *words]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin
        assert running.stdout
        yield Process(json.loads(running.stdout.readline()))
        running.stdin.close()
        assert running.wait(timeout=PATIENCE) == 0


@pytest.fixture(scope="module")
def one() -> Iterator[Process]:
    """One process for all requests that change nothing."""
    with process("--meters", "1", "--faults", "plan") as running:
        yield running


def test_given_options_when_it_runs_then_its_faults_are_set_and_its_commands_counted() -> None:
    faults = json.dumps({"unreachable": {"meters": [METER], "tries": 1}})
    words = ("--meters", "6", "--mode", "1", "--meters-per-concentrator", "3", "--seed", "4", "--faults", faults)
    with process(*words, "--delay", "lognormal:0.01:1:0.05") as hes, bridge_to(hes.url) as bridge:
        assert bridge.order(DISCONNECT).kind is HeadEndEventKind.DISCONNECT_FAILED
        assert bridge.order(DISCONNECT).kind is HeadEndEventKind.DISCONNECTED
        assert bridge.order(CONNECT).kind is HeadEndEventKind.ARMED
        told = hes.ask(meter=METER, totals=True, tracking="order-1")
        assert told["tracking"] == 3
        assert told["totals"]["struck"] == {"unreachable": 1}
        assert told["totals"]["most_open_at_once"] == 1
        facts = {name: told["meter"][name] for name in ("mode", "state", "switches", "accepted", "most_open")}
        assert facts == {"mode": 1, "state": "ready_for_reconnection", "switches": 2, "accepted": 3, "most_open": 1}
        assert hes.ask(press=METER)["press"]["state"] == "connected"
        assert bridge.event().correlation_id is None


def test_given_an_outage_when_it_is_down_then_the_control_door_stays_open_and_everything_can_be_calmed() -> None:
    with process("--meters", "2", "--meters-per-concentrator", "1") as hes, bridge_to(hes.url) as bridge:
        hes.ask(faults={"busy": {"chance": 1.0}}, concentrator={"index": 1, "down": True})
        with pytest.raises(HeadEndUnreachable):
            bridge.connector.read_contactor(METER)
        assert hes.ask(outage={"how": "refused"}) == {"outage": True}
        with pytest.raises(HeadEndUnreachable, match="no connection"):
            bridge.connector.submit(command(DISCONNECT))
        hes.ask(calm=True)
        assert bridge.order(DISCONNECT, meter=meter_number(1)).kind is HeadEndEventKind.DISCONNECTED
        hes.ask(outage={"how": "refused", "seconds": 0.2})
        assert until(lambda: not hes.ask(outage=None)["outage"])
        assert bridge.order(DISCONNECT).kind is HeadEndEventKind.DISCONNECTED


@pytest.mark.parametrize(
    "words",
    [
        {"surprise": 1},
        {"meter": "nobody"},
        {"faults": {"busy": {"chance": 7}}},
        {"faults": 7},
        {"delay": "never"},
        {"concentrator": {"index": 9, "down": True}},
        {"outage": {"how": "loud"}},
    ],
)
def test_given_nonsense_when_posted_to_the_control_door_then_400_with_a_sentence(
    one: Process, words: dict[str, Any]
) -> None:
    assert one.ask(status=400, **words)["error"]


@pytest.mark.parametrize("options", [["--faults", "{"], ["--faults", '{"busy": 1}'], ["--delay", "soon"]])
def test_given_nonsense_as_option_when_started_then_it_says_so(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(options)
    assert options[0] in capsys.readouterr().err
