"""Two real processes of the service: one leads the ticks, and after kill -9 the other does."""

from __future__ import annotations

import json
import signal
import urllib.request
from pathlib import Path

from tests.support.patience import PATIENCE, wait_until
from tests.whole.test_serve import House, house

CHECKED = [("certificates", 1)]


def leader(here: House) -> tuple[str, int]:
    rows = here.ask("select owner, term from leases where name = 'ticker'")
    return rows[0] if rows else ("", 0)


def checks(here: House) -> list[tuple[str, int]]:
    return here.ask("select name, done_at is not null from ticks")


def test_given_two_processes_when_the_leader_is_killed_then_the_other_leads(
    tmp_path: Path,
) -> None:
    here = house(tmp_path)
    with here.serving() as (first, _):
        wait_until(lambda: leader(here)[1] == 1)
        before, _ = leader(here)
        wait_until(lambda: checks(here) == CHECKED)  # a leader looks what is due within a second
        with here.serving() as (second, port):
            ready = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=PATIENCE))
            assert ready == {"status": "ready", "reasons": []}
            assert leader(here) == (before, 1), "a second process changes nothing"
            first.send_signal(signal.SIGKILL)
            wait_until(lambda: leader(here)[1] == 2)
            assert leader(here)[0] != before
            assert checks(here) == CHECKED, "the day's check was done by the first one, and is remembered"
            second.send_signal(signal.SIGTERM)
            assert second.wait(PATIENCE) == 0
            assert leader(here)[0] == "", "an orderly end leaves the lead to others at once"
