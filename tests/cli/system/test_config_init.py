"""``csire-bridge config init``: from nothing to settings with which the service can start, and nothing is replaced."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from csire_bridge.cli.main import app
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.people.roles import Role
from csire_bridge.lab.simulators.pki import DEMO_PARTIES
from csire_bridge.store.database import Database
from tests.support.command import Command

EIC = str(DEMO_PARTIES.operator)


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


def test_given_an_empty_folder_then_key_request_settings_and_database_are_made_for_us_alone(
    tmp_path: Path, command: Command
) -> None:
    done = command("config", "init", tmp_path, "--eic", EIC, "--head-end-url", "https://hes.example/hes", "--yes")
    assert done.returncode == 0, done.stderr
    settings = load_settings(tmp_path / "config.toml")
    assert (settings.own_eic, settings.head_end.url) == (EIC, "https://hes.example/hes")
    assert settings.signing_key is not None
    assert [mode(settings.signing_key), mode(tmp_path / "csire-bridge.db"), mode(tmp_path / "keys")] == [
        0o600,
        0o600,
        0o700,
    ]
    request = x509.load_pem_x509_csr((tmp_path / "keys" / "signing.csr.pem").read_bytes())
    assert request.subject.rfc4514_string() == f"CN={EIC}"
    assert request.is_signature_valid
    assert f"send {tmp_path}/keys/signing.csr.pem" in done.stdout
    checked = command("config", "check", "--config", tmp_path / "config.toml")
    assert checked.returncode == 2
    assert "signing.cert.pem" in checked.stderr


def test_given_a_trial_then_the_service_can_start_with_what_was_made(tmp_path: Path, command: Command) -> None:
    assert command("config", "init", tmp_path, "--eic", EIC, "--trial", "--yes").returncode == 0
    checked = command("config", "check", "--config", tmp_path / "config.toml")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_given_an_administrators_name_then_the_account_is_there_once_with_a_password_to_change(
    tmp_path: Path, command: Command
) -> None:
    words = ("config", "init", tmp_path, "--eic", EIC, "--trial", "--yes", "--admin", "anna")
    done = command(*words)
    assert done.returncode == 0, done.stderr
    assert "initial password, shown this once: " in done.stdout
    assert f"csire-bridge users password anna --config {tmp_path}/config.toml" in done.stdout
    again = command(*words)
    assert "no administrator was added" in again.stdout
    assert "shown this once" not in again.stdout
    with closing(Database(f"sqlite:///{tmp_path / 'csire-bridge.db'}")) as store, store.read_transaction() as tx:
        account = tx.accounts.named("anna")
    assert account is not None
    assert (account.role, account.must_change) == (Role.ADMINISTRATOR, True)


def test_given_an_installation_when_it_is_made_again_then_every_file_stays_as_it_is(
    tmp_path: Path, command: Command
) -> None:
    words = ("config", "init", tmp_path, "--eic", EIC, "--trial", "--yes")
    command(*words)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    again = command(*words, "--hub-url", "https://another.example")
    assert again.returncode == 0
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
    assert "stays as it is" in again.stdout


def test_given_questions_then_the_answers_stand_in_the_settings(tmp_path: Path) -> None:
    answers = [EIC, "", "", "https://hub.example", "TENANT", "USER", "", "https://sid.example/", "bridge", "", "anna"]
    done = CliRunner().invoke(app, ["config", "init", str(tmp_path)], input="\n".join(answers) + "\n")
    assert done.exit_code == 0, done.output
    settings = load_settings(tmp_path / "config.toml")
    assert (settings.hub.url, settings.hub.tenant, settings.hub.user) == ("https://hub.example", "TENANT", "USER")
    assert settings.head_end.url is None
    assert "account anna (administrator)" in done.output
    assert settings.sid.password_file == tmp_path / "secrets" / "sid.password"
    assert f"chmod 600 {tmp_path}/secrets/sid.password" in done.output.replace("\n", "")


def test_given_sids_password_then_it_is_written_for_us_alone_and_not_shown(tmp_path: Path) -> None:
    answers = [EIC, "", "", "", "", "https://sid.example/", "bridge", "very-secret", ""]
    done = CliRunner().invoke(app, ["config", "init", str(tmp_path)], input="\n".join(answers) + "\n")
    assert done.exit_code == 0, done.output
    file = tmp_path / "secrets" / "sid.password"
    assert (file.read_text(), mode(file)) == ("very-secret\n", 0o600)
    assert "very-secret" not in done.output + (tmp_path / "config.toml").read_text()
    assert "chmod 600" not in done.output


def test_given_the_next_steps_about_accounts_when_followed_word_for_word_then_each_works(
    tmp_path: Path, command: Command
) -> None:
    done = command("config", "init", tmp_path, "--eic", EIC, "--trial", "--yes")
    steps = [
        line.partition("csire-bridge ")[2].split("   ")[0] for line in done.stdout.splitlines() if " users " in line
    ]
    first, password, further = (step.split() for step in steps)
    assert command(*(word.replace("NAME", "anna") for word in first)).returncode == 0
    assert password[:3] == ["users", "password", "NAME"]
    assert [step for step in done.stdout.splitlines() if "csire-bridge login NAME" in step]
    assert further[:2] == ["users", "add"]
    assert "--by" not in further


@pytest.mark.parametrize("words", [[], ["--eic", "ABC"], ["--eic", EIC, "--sid-user", "u", "--hub-eic", "x"]])
def test_given_answers_that_can_not_be_then_nothing_is_made(tmp_path: Path, command: Command, words: list[str]) -> None:
    place = tmp_path / "new"
    assert command("config", "init", place, "--yes", *words).returncode == 2
    assert not place.exists()


def test_given_a_file_that_is_there_then_no_key_takes_its_place(tmp_path: Path, command: Command) -> None:
    file = tmp_path / "new.key.pem"
    assert command("config", "key", file).returncode == 0
    before = file.read_bytes()
    again = command("config", "key", file)
    assert again.returncode == 2
    assert "stays as it is" in again.stderr
    assert (mode(file), file.read_bytes()) == (0o600, before)
