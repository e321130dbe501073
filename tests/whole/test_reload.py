"""SIGHUP to a service of several processes: each works with the new settings, and a wrong file changes nothing."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from csire_bridge.lab.simulators.pki import DEMO_PARTIES, make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import make_current
from tests.support.warm import WarmProcess, warm

pytestmark = pytest.mark.slow


@contextmanager
def serving(config: Path) -> Iterator[WarmProcess]:
    words = ("serve", "--config", config, "--port", 0, "--operations-port", 0, "--workers", 2)
    with warm.popen(*words, stderr=True) as process:
        assert process.stdout is not None
        assert "serves at" in process.stdout.readline()
        try:
            yield process
        finally:
            process.terminate()


def lines(process: WarmProcess, event: str, count: int) -> list[dict[str, Any]]:
    """The next lines of an event."""
    assert process.stderr is not None
    found: list[dict[str, Any]] = []
    while len(found) < count:
        line = json.loads(process.stderr.readline())
        found += [line] if line["event"] == event else []
    return found


def test_given_sighup_then_every_process_takes_the_new_settings_and_none_takes_wrong_ones(tmp_path: Path) -> None:
    make_demo_pki(tmp_path, system_clock())
    make_current(f"sqlite:///{tmp_path / 'bridge.db'}")
    config = tmp_path / "config.toml"
    good = (
        'database = "sqlite:///bridge.db"\n'
        'signing_key = "pki/operator.key.pem"\nsigning_certificate = "pki/operator.cert.pem"\n'
        f'[[partners]]\neic = "{DEMO_PARTIES.hub}"\ncertificates = ["pki/hub.cert.pem"]\n'
    )
    config.write_text(good)
    with serving(config) as process:
        config.write_text(f"{good}[limitss]\n")
        process.send_signal(signal.SIGHUP)
        (refused,) = lines(process, "settings.refused", 1)
        assert "did you mean limits?" in refused["why"]
        config.write_text(f"{good}[limits]\nhorizon_days = 30\n")
        process.send_signal(signal.SIGHUP)
        done = lines(process, "settings.reloaded", 3)  # the parent, which has checked them, and both of its children
        assert len({line["pid"] for line in done}) == 3
        assert all(line["changed"] == ["limits.horizon_days"] for line in done)
    assert process.returncode == 0
