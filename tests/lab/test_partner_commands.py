"""``csire-bridge lab``: the four simulated partners as processes, with a bridge by the settings of the page."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from csire_bridge.lab.simulators.control_endpoint import ControlEndpoint
from csire_bridge.lab.simulators.faults.hub import HubFaults, Trouble, calm, change_faults
from tests.support.command import Command
from tests.support.patience import PATIENCE, wait_until

PAGE = Path(__file__).parents[2] / "docs" / "testing-against.md"
PARTNERS = ("meters", "hes", "hub", "sid")


@contextmanager
def running(place: Path, *words: str) -> Iterator[list[str]]:
    """A command that runs until SIGTERM; what it printed until it was ready."""
    program = Path(sys.executable).with_name("csire-bridge")
    with subprocess.Popen([str(program), *words], cwd=place, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said: list[str] = []
        for line in process.stdout:
            said.append(line.rstrip("\n"))
            if line.startswith(("url = ", "next: ", "user = ", "csire-bridge serves")):
                break
        try:
            yield said
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(6 * PATIENCE) == 0


def asked(url: str, **words: object) -> Any:
    answer = httpx.post(url, json=words, timeout=PATIENCE)
    return answer.raise_for_status().json()


def control_of(said: list[str]) -> str:
    return next(line.removeprefix("control: ") for line in said if line.startswith("control: "))


def until(url: str, word: str, is_there: Any) -> Any:
    found: list[Any] = []

    def look() -> bool:
        found[:] = [asked(url, **{word: True})[word]]
        return bool(is_there(found[0]))

    wait_until(look, lambda: f"{word}: {found}")
    return found[0]


def settings_of_the_page(said: dict[str, list[str]]) -> str:
    """The page's settings with the addresses that the programs have told."""
    text = PAGE.read_text("utf-8").partition("```toml\n")[2].partition("```")[0]
    for name, section in (("hub", "hub"), ("hes", "head_end"), ("sid", "sid")):
        told = next(line for line in said[name] if line.startswith("url = "))
        text, count = re.subn(rf"(\[{section}\]\n)url = .*", rf"\g<1>{told}", text)
        assert count == 1
    return text


@pytest.mark.slow
def test_given_all_four_and_a_bridge_as_the_page_says_then_a_message_comes_through_and_an_answer_goes_back(
    process: Command, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        ports = ("--port", "0", "--control-port", "0")
        said = {name: stack.enter_context(running(tmp_path, "lab", name, *ports)) for name in PARTNERS}
        (tmp_path / "bridge.toml").write_text(settings_of_the_page(said), "utf-8")
        config = ("--config", "bridge.toml")
        assert process("db", "upgrade", *config, cwd=tmp_path).returncode == 0
        imported = process("points", "import", "lab/points.csv", "--by", "Anna Nowak", *config, cwd=tmp_path)
        assert "0 bad" in imported.stdout, imported.stdout + imported.stderr
        stack.enter_context(running(tmp_path, "serve", "--port", "0", "--operations-port", "0", *config))
        hub, meters, sid = (control_of(said[name]) for name in ("hub", "meters", "sid"))
        asked(hub, send="good/8.1.1.5-shut-down.xml")
        order = {"Kind": "reconnect", "MeteringPointCode": "590000026256555237", "ReconnectionReason": "reason-gone"}
        asked(sid, register=order)
        [answer] = until(hub, "received", bool)
        assert answer["number"] == "8.1.1.11"
        assert asked(hub, problems=True)["problems"] == []
        assert asked(meters, meter="DEMO00000002")["meter"]["state"] == "disconnected"
        until(sid, "told", lambda told: any(report["status"] == "done" for report in told))


def test_given_no_meters_when_the_head_end_system_starts_then_a_sentence_says_what_to_start(
    command: Command, tmp_path: Path
) -> None:
    done = command("lab", "hes", "--dir", tmp_path, "--port", "0", "--control-port", "0")
    assert done.returncode == 2
    assert "start csire-bridge lab meters" in done.stderr


def test_given_the_control_endpoint_when_a_word_is_wrong_then_400_and_the_right_ones() -> None:
    nothing: dict[str, object] = {}
    endpoint = ControlEndpoint({"twice": lambda value: value * 2, "fails": lambda _: nothing["gone"]}).start()
    try:
        assert asked(endpoint.url, twice=21) == {"twice": 42}
        for words, sentence in (({"thrice": 1}, "there are twice, fails"), ({"fails": 1}, "there is no 'gone'")):
            refused = httpx.post(endpoint.url, json=words, timeout=PATIENCE)
            assert refused.status_code == 400
            assert sentence in refused.json()["error"]
    finally:
        endpoint.stop()


def test_given_faults_as_json_then_they_strike_until_all_is_calm() -> None:
    faults = HubFaults()
    change_faults(faults, {"hang": {"times": 2}, "codes": {"X": {"chance": 0.5}}})
    change_faults(faults, {"slow": [1, 2], "operations": ["peek"]})
    assert (faults.hang, faults.codes, faults.slow) == (Trouble(times=2), {"X": Trouble(chance=0.5)}, (1, 2))
    assert faults.operations == frozenset({"peek"})
    with pytest.raises(ValueError, match="no such fault: hung; there are bad_signature"):
        change_faults(faults, {"hung": {}})
    calm(faults)
    assert faults == HubFaults()
