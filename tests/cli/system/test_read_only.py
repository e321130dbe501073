"""A database on a read-only file system: what only reads works, and the service ends with a sentence."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from csire_bridge.store.database import Database
from tests.support.store import add_order
from tests.whole.test_serve import House, house

pytestmark = pytest.mark.slow
READING = ("orders list", "orders show 1", "messages list", "alerts", "stats")


@pytest.fixture
def home(tmp_path: Path) -> House:
    made = house(tmp_path)
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as database:
        add_order(database)
    return made


def mounted_read_only(place: Path, *commands: str) -> list[subprocess.CompletedProcess[str]]:
    """Run each command where the folder is mounted read-only; skips the test where nobody may mount."""
    done = []
    for command in commands:
        script = f"mount --bind {place} {place} && mount -o remount,bind,ro {place} || exit 77; exec {command}"
        words = ["unshare", "--mount", "sh", "-c", script]
        if shutil.which("unshare") is None:
            pytest.skip("there is no program unshare")
        done.append(subprocess.run(words, capture_output=True, text=True, check=False))
        if done[-1].returncode == 77 or "unshare failed" in done[-1].stderr:
            pytest.skip("this user may not mount anything")
    return done


def bridge(home: House, words: str) -> str:
    program = Path(sys.executable).with_name("csire-bridge")
    return f"{shlex.quote(str(program))} {words} --config {shlex.quote(str(home.config))}"


def test_given_a_read_only_file_system_then_commands_that_read_work_and_the_service_says_why_it_does_not(
    home: House,
) -> None:
    *read, stopped, served = mounted_read_only(
        home.place,
        *(bridge(home, words) for words in READING),
        bridge(home, 'stop --by "Anna Nowak" --why trial'),
        bridge(home, "serve --port 0"),
    )
    for words, done in zip(READING, read, strict=True):
        assert done.returncode == (1 if words == "alerts" else 0), (words, done.stderr)  # 1: something needs a person
    assert "not in the audit" in read[1].stderr
    for done in (stopped, served):
        assert done.returncode in {2, 3}, done.stderr
        assert "file or file system is read-only" in done.stderr
        assert "Traceback" not in done.stderr


def test_given_a_log_that_a_killed_process_left_on_a_disk_that_is_read_only_since_then_it_is_read_as_well(
    home: House,
) -> None:
    with closing(Database(f"sqlite:///{home.place / 'bridge.db'}")) as database:
        add_order(database)
        copies = {one: one.read_bytes() for one in home.place.glob("bridge.db*")}
    for one, content in copies.items():
        one.write_bytes(content)
    assert len(copies) == 3
    (listed,) = mounted_read_only(home.place, bridge(home, "orders list --json"))
    assert listed.returncode == 0, listed.stderr
    assert len(json.loads(listed.stdout)["orders"]) == 2
