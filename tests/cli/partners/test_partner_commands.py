"""``csire-bridge partner`` as people and programs use it: entering, roll-over, withdrawal, checks, ping."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from csire_bridge.config.settings import load_settings
from csire_bridge.domain.identifiers import Eic
from csire_bridge.lab.simulators.hub.simulator import HubSimulator
from csire_bridge.lab.simulators.pki import DEMO_PARTIES, DemoPki, make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import Database
from tests.support.command import Command

HUB, SUPPLIER = DEMO_PARTIES.hub, DEMO_PARTIES.supplier
NOW = system_clock()


class Place:
    """A folder with certificates, a settings file with the hub in it, and a database."""

    def __init__(self, folder: Path, command: Command) -> None:
        self.folder, self._command = folder, command
        self.pki: DemoPki = make_demo_pki(folder, NOW)
        self.config = folder / "bridge.toml"
        self.write()
        with closing(Database(f"sqlite:///{folder / 'bridge.db'}")) as database:
            database.upgrade()

    def write(self, hub: str = "", end: str = "") -> None:
        self.config.write_text(
            f'database = "sqlite:///{self.folder / "bridge.db"}"\n'
            'signing_key = "pki/operator.key.pem"\nsigning_certificate = "pki/operator.cert.pem"\n'
            f'[[partners]]\neic = "{HUB}"\ncertificates = ["pki/hub.cert.pem"]\n{hub}\n{end}\n',
            "utf-8",
        )

    def run(self, *words: object, code: int = 0) -> str:
        done = self._command("partner", *words, "--config", self.config)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout + done.stderr

    def json(self, *words: object, code: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", code=code))

    def new_certificate(self, eic: Eic, name: str, shift: timedelta = timedelta(0)) -> Path:
        assert self.pki.authority is not None
        pair = self.pki.authority.issue(eic, NOW + shift)
        file = self.folder / name
        file.write_bytes(pair.certificate.public_bytes(serialization.Encoding.PEM))
        return file

    def conditions(self, eic: str) -> list[str]:
        found = next(line for line in self.json("list") if line["eic"] == eic)
        return [certificate["condition"] for certificate in found["certificates"]]


@pytest.fixture
def place(tmp_path: Path, command: Command) -> Iterator[Place]:
    yield Place(tmp_path, command)


def test_given_a_new_partner_when_added_then_listed_with_its_source_and_history_keeps_the_name(place: Place) -> None:
    file = place.pki.supplier.certificate_file
    said = place.run(
        *("add", SUPPLIER, "--certificate", file, "--role", "supplier", "--profile", "wss"),
        *("--user", "RZE", "--by", "Anna Nowak"),
    )
    assert place.pki.supplier.trusted.fingerprint.hex() in said
    hub, supplier = place.json("list")
    assert (hub["eic"], hub["source"], hub["profile"]) == (HUB, ["file"], "enveloped")
    assert {k: supplier[k] for k in ("role", "profile", "numbers", "may_send_as_the_hub", "user", "source")} == {
        "role": "supplier",
        "profile": "wss",
        "numbers": None,
        "may_send_as_the_hub": [],
        "user": "RZE",
        "source": ["table"],
    }
    (certificate,) = supplier["certificates"]
    assert (certificate["condition"], certificate["days_left"], certificate["revoked"]) == ("good", 396, False)
    with sqlite3.connect(place.folder / "bridge.db") as database:
        assert database.execute('select distinct "by" from partner_events').fetchall() == [("Anna Nowak",)]
    assert certificate["fingerprint"][:16] in place.run("list")
    assert place.run("check").strip() == "nothing is wrong"


def test_given_a_partner_of_the_file_when_rolled_over_then_the_old_one_can_be_withdrawn(place: Place) -> None:
    new = place.new_certificate(HUB, "hub-new.pem")
    place.run("add", HUB, "--certificate", new, "--by", "Anna")
    old = place.pki.hub.trusted.fingerprint.hex()
    assert place.conditions(HUB) == ["good", "good"]
    assert old in place.run("withdraw", HUB, "--fingerprint", old[:12], "--by", "Jan", "--reason", "rolled over")
    assert sorted(place.conditions(HUB)) == ["good", "withdrawn"]
    place.run("check")
    assert "was withdrawn" in place.run(
        "add", HUB, "--certificate", place.pki.hub.certificate_file, "--by", "Anna", code=2
    )


def test_given_a_running_bridge_when_a_partner_is_added_then_it_is_trusted_without_restart(place: Place) -> None:
    with Bridge(load_settings(place.config)) as bridge:
        assert bridge.partners.find(SUPPLIER) is None
        place.run("add", SUPPLIER, "--certificate", place.pki.supplier.certificate_file, "--by", "Anna")
        bridge._partners._look_again = 0  # no test waits for seconds
        assert bridge.partners.find(SUPPLIER) is not None


@pytest.mark.parametrize(
    ("left", "code"), [(timedelta(days=61), 0), (timedelta(days=59), 1)], ids=["61 days", "59 days"]
)
def test_given_days_left_when_checked_then_the_exit_code_tells_a_program(
    place: Place, left: timedelta, code: int
) -> None:
    file = place.new_certificate(SUPPLIER, "soon.pem", left - timedelta(days=397))
    place.run("add", SUPPLIER, "--certificate", file, "--by", "Anna")
    found = place.json("check", code=code)
    assert [finding["code"] for finding in found] == (["expiring"] if code else [])
    assert place.json("check", HUB) == []


def test_given_a_revoked_certificate_when_listed_and_checked_then_it_is_said(place: Place) -> None:
    assert place.pki.authority is not None
    certificate = place.pki.hub.signing.certificate
    crl = place.pki.authority.revoke(certificate, at=NOW - timedelta(hours=1))
    (place.folder / "list.crl").write_bytes(crl)
    place.write('revocation_list = "list.crl"\nrevocation_authority = "pki/authority.cert.pem"')
    assert place.conditions(HUB) == ["revoked"]
    assert [finding["code"] for finding in place.json("check", code=1)] == ["revoked"]
    (place.folder / "list.crl").write_text("rubbish")
    assert [finding["code"] for finding in place.json("check", code=1)] == ["revocation-list"]
    assert "list.crl" in place.run("list")


def test_given_an_expired_certificate_and_a_last_one_withdrawn_when_checked_then_both_are_found(place: Place) -> None:
    place.write(f'[[partners]]\neic = "{SUPPLIER}"\ncertificates = ["pki/expired.cert.pem"]')
    fingerprint = place.pki.hub.trusted.fingerprint.hex()
    place.run("withdraw", HUB, "--fingerprint", fingerprint, "--by", "Jan", "--reason", "lost")
    assert {finding["code"] for finding in place.json("check", code=1)} == {"no-certificate", "expired"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "19XENERGAOPERATX", "--by", "Anna"], "check character"),
        (["add", SUPPLIER, "--by", "Anna"], "needs a certificate"),
        (["add", SUPPLIER, "--by", " "], "--by"),
        (["add", SUPPLIER, "--by", "Anna", "--number", "nonsense"], "message number"),
        (["add", SUPPLIER, "--by", "Anna", "--profile", "none"], "none"),
        (["withdraw", HUB, "--fingerprint", "00" * 32, "--by", "Jan", "--reason", "x"], "fingerprint"),
        (["check", SUPPLIER], "no partner of ours"),
        (["ping"], "--hub"),
        (["ping", "--hub"], "not set"),
        (["ping", SUPPLIER], "no address"),
    ],
)
def test_given_wrong_use_then_exit_2_and_a_sentence(place: Place, words: list[str], told: str) -> None:
    assert told in " ".join(place.run(*words, code=2).replace("│", " ").split())


def test_given_no_database_then_exit_2_and_the_remedy(place: Place) -> None:
    (place.folder / "bridge.db").unlink()
    assert "no database" in place.run("list", code=2)


def test_given_the_simulated_hub_when_pinged_then_every_step_is_shown_and_the_queue_stays(place: Place) -> None:
    with HubSimulator(place.pki) as hub:
        place.write(end=f'[hub]\nurl = "{hub.url}"\ntenant = "{hub.tenant}"\nuser = "{hub.user}"')
        steps = place.json("ping", "--hub", "--peek")
        assert [step["name"] for step in steps] == ["address", "dns", "tcp", "http", "peek"]
        assert all(step["ok"] for step in steps)
        assert "our queue is empty" in place.run("ping", HUB, "--peek")


def test_given_a_closed_port_when_pinged_then_exit_1_and_the_remedy(place: Place) -> None:
    said = place.run("ping", "--hub", "--url", "https://127.0.0.1:1", code=1)
    assert "refuses connections" in said
    assert "->" in said


@pytest.mark.parametrize("name", ["list", "add", "withdraw", "check", "ping"])
def test_given_help_then_each_command_shows_an_example(command: Command, name: str) -> None:
    done = command("partner", name, "--help")
    assert done.returncode == 0
    assert f"csire-bridge partner {name}" in done.stdout


def test_given_demo_certificates_then_the_authoritys_key_is_in_no_file(place: Place) -> None:
    files = sorted(file.name for file in (place.folder / "pki").iterdir())
    assert [name for name in files if "authority" in name] == ["authority.cert.pem"]
    assert stat.S_IMODE((place.folder / "pki").stat().st_mode) == 0o700
