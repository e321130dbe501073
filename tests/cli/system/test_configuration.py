"""``csire-bridge config``: what is wrong with the settings, and where each value comes from."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from csire_bridge.lab.simulators.pki import DEMO_PARTIES, make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from tests.support.command import Command


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A settings file with which the service can start."""
    make_demo_pki(tmp_path, system_clock())
    file = tmp_path / "bridge.toml"
    file.write_text(
        'database = "sqlite:///bridge.db"\n'
        'signing_key = "pki/operator.key.pem"\nsigning_certificate = "pki/operator.cert.pem"\n'
        f'[[partners]]\neic = "{DEMO_PARTIES.hub}"\ncertificates = ["pki/hub.cert.pem"]\n'
    )
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as database:
        database.upgrade()
    return file


def test_given_settings_with_which_the_service_can_start_then_the_check_says_so(config: Path, command: Command) -> None:
    done = command("config", "check", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert "fine" in done.stdout


def test_given_several_problems_then_each_has_a_place_and_a_remedy(config: Path, command: Command) -> None:
    (config.parent / "pki/operator.key.pem").chmod(0o644)
    (config.parent / "bridge.db").unlink()
    config.write_text('mappings = ["none"]\n' + config.read_text())
    done = command("config", "check", "--json", "--config", config)
    assert done.returncode == 2
    told = json.loads(done.stdout)
    assert told["fine"] is False
    problems = {one["problem"]: one["remedy"] for one in told["problems"]}
    assert any("operator.key.pem" in problem and "0644" in problem for problem in problems)
    assert any("there is no database" in problem for problem in problems)
    assert any(f"no folder {config.parent / 'none'}" in problem for problem in problems)
    assert all(problems.values())


def test_given_settings_that_can_not_be_read_then_the_check_tells_them_as_problems_too(
    config: Path, command: Command
) -> None:
    config.write_text("[head_end]\nurll = 1\n")
    done = command("config", "check", "--json", "--config", config)
    assert done.returncode == 2
    (problem,) = json.loads(done.stdout)["problems"]
    assert "line 2" in problem["problem"]
    assert "head_end.url" in problem["remedy"]


def test_given_a_database_that_others_can_read_then_it_is_a_warning_until_the_upgrade_has_mended_it(
    config: Path, command: Command
) -> None:
    database = config.parent / "bridge.db"
    assert database.stat().st_mode & 0o777 == 0o600
    database.chmod(0o644)
    done = command("config", "check", "--config", config)
    assert done.returncode == 0
    assert f"chmod 600 {database}" in done.stderr
    assert command("db", "upgrade", "--config", config).returncode == 0
    assert database.stat().st_mode & 0o777 == 0o600
    assert command("config", "check", "--config", config).stderr == ""


def test_given_values_from_everywhere_then_show_tells_their_places_and_no_secret(
    config: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSIRE_BRIDGE_DATABASE", "postgresql://bridge:hidden@host/db?sslpassword=hidden")
    monkeypatch.setenv("CSIRE_BRIDGE_HUB", '{"url": "https://user:hidden@hub.example/soap"}')
    done = command("config", "show", "--changed", "--json", "--config", config, "--port", "9000")
    assert done.returncode == 0, done.stderr
    assert "hidden" not in done.stdout
    shown = {one["name"]: (one["value"], one["source"], one["place"]) for one in json.loads(done.stdout)}
    assert shown["database"] == (
        "postgresql://bridge:***@host/db?sslpassword=***",
        "environment",
        "CSIRE_BRIDGE_DATABASE",
    )
    assert shown["hub.url"] == ("https://user:***@hub.example/soap", "environment", "CSIRE_BRIDGE_HUB")
    assert shown["web.port"] == (9000, "option", "option --port")
    assert shown["partners.0.eic"] == (str(DEMO_PARTIES.hub), "file", f"{config}, line 5")
    assert "web.host" not in shown


def test_given_a_group_then_show_has_its_settings_only_defaults_too(config: Path, command: Command) -> None:
    done = command("config", "show", "web", "--config", config)
    assert 'web.host = "127.0.0.1"  (default)' in done.stdout
    assert all(line.startswith("web.") for line in done.stdout.splitlines())
    wrong = command("config", "show", "webb", "--config", config)
    assert wrong.returncode == 2
    assert "did you mean web?" in wrong.stderr
