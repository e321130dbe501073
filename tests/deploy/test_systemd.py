"""The units under deploy/systemd name commands that exist, and are what systemd accepts."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from csire_bridge.cli.commands import load_command
from tests.support.repository import REPOSITORY

UNITS = REPOSITORY / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
PROGRAM = "/opt/csire-bridge/bin/csire-bridge"


def read(unit: Path) -> configparser.RawConfigParser:
    """The unit; of a key that is given several times the last one counts, which is enough here."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#", ";"))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text("utf-8"))
    return parser


def test_there_are_units_for_one_process_and_for_several() -> None:
    names = {unit.name for unit in UNITS.iterdir()}
    assert names >= {
        "csire-bridge.service",
        "csire-bridge-web.service",
        "csire-bridge-worker@.service",
        "csire-bridge.target",
    }


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_what_a_unit_starts_is_a_command_with_options_that_it_has(unit: Path) -> None:
    program, *words = read(unit)["Service"]["ExecStart"].split()
    assert program == PROGRAM
    assert words[0] == "serve"
    known = {name for option in load_command("serve").params for name in option.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_the_three_services_are_hardened_alike() -> None:
    ours = {"ExecStart", "EnvironmentFile"}
    kept = [{k: v for k, v in read(unit)["Service"].items() if k not in ours} for unit in SERVICES]
    assert kept[0] == kept[1] == kept[2]
    assert kept[0]["Type"] == "notify"
    assert kept[0]["ProtectSystem"] == "strict"
    assert int(kept[0]["TimeoutStopSec"]) > 30, "shorter than web.stop_seconds"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    for unit in UNITS.glob("csire-bridge*"):
        text = unit.read_text("utf-8").replace(PROGRAM, "/bin/true")  # it looks whether the program is there
        (tmp_path / unit.name).write_text(text.replace("User=csire-bridge", "User=root"), "utf-8")
    names = [str(tmp_path / n) for n in ("csire-bridge.service", "csire-bridge-web.service", "csire-bridge.target")]
    shutil.copy(tmp_path / "csire-bridge-worker@.service", tmp_path / "csire-bridge-worker@1.service")
    names.append(str(tmp_path / "csire-bridge-worker@1.service"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True, check=False
    )
    told = [line for line in (done.stdout + done.stderr).splitlines() if "csire-bridge" in line]
    assert told == []
    assert done.returncode == 0, done.stderr
