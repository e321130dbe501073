"""The service as a real process: it takes messages in, ends in good order, and survives kill -9."""

from __future__ import annotations

import http.client
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.config.sections.peers.parties import Part
from csire_bridge.config.settings import HeadEndSettings, load_settings
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.lab.bench.head_end import head_end_process
from csire_bridge.lab.simulators.hes.simulator import meter_number
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.startup_checks import check_settings
from csire_bridge.store.database import Database, make_current
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped
from tests.support.chance import examples
from tests.support.command import Command
from tests.support.patience import PATIENCE, wait_until
from tests.support.repository import REPOSITORY
from tests.support.warm import WarmProcess, warm

MESSAGES, SENDERS = examples(200), 8
SEED = int(os.environ.get("CSIRE_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
EXAMPLE = REPOSITORY / "config.example.toml"


def point(index: int) -> MeteringPointCode:
    first17 = f"59000009{index:09d}"
    return MeteringPointCode.parse(first17 + MeteringPointCode.check_digit(first17))


def known_point(index: int) -> MeteringPoint:
    return MeteringPoint(
        code=point(index),
        updated_at=system_clock(),
        meter=meter_number(index),
        has_contactor=True,
        protection=NOT_PROTECTED,
    )


def messages_of(pki: DemoPki, count: int) -> list[bytes]:
    template = (folder("samples") / "good" / "8.1.1.5-minimal.xml").read_bytes()
    found = []
    for index in range(count):
        root = parse(template)
        changes = {
            "MessageId": MessageId.new(),
            "MessageTimestamp": system_clock().isoformat(timespec="milliseconds"),
            "MeteringPointCode": point(index),
            "ProcessInstanceId": ProcessInstanceId.new(),
        }
        for name, text in changes.items():
            for element in root.iter(f"{{*}}{name}"):
                element.text = str(text)
        found.append(sign_enveloped(root, pki.hub.signing))
    return found


Process = WarmProcess | subprocess.Popen[str]


@dataclass
class House:
    """Where the service lives between its deaths."""

    place: Path
    pki: DemoPki
    config: Path
    refused: list[int] = field(default_factory=list)
    program: Path | None = None

    def know_points(self, count: int) -> None:
        database = Database(f"sqlite:///{self.place / 'bridge.db'}")
        with database.transaction() as tx:
            for index in range(count):
                tx.points.put(known_point(index))
        database.close()

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.place / "bridge.db", timeout=PATIENCE) as database:
            return database.execute(query).fetchall()

    @contextmanager
    def serving(self, *options: str) -> Iterator[tuple[Process, int]]:
        """A running service and its port; killed at the end if it still runs. ``program`` is one that is installed."""
        words = ["serve", "--config", str(self.config), "--port", "0", "--operations-port", "0", *options]
        with (
            warm.popen(*words)
            if self.program is None
            else subprocess.Popen([str(self.program), *words], stdout=subprocess.PIPE, text=True)
        ) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                assert line.startswith("csire-bridge serves at http://127.0.0.1:"), line
                yield process, int(line.split()[3].rpartition(":")[2])
            finally:
                process.kill()


def house(tmp_path: Path, head_end: str | None = None) -> House:
    pki = make_demo_pki(tmp_path, system_clock())
    config = tmp_path / "config.toml"
    config.write_text(
        f"""
database = "sqlite:///{tmp_path / "bridge.db"}"
delivery_folder = "answers"
signing_key = "{pki.operator.key_file}"
signing_certificate = "{pki.operator.certificate_file}"
[[partners]]
eic = "{pki.hub.eic}"
certificates = ["{pki.hub.certificate_file}"]
[web]
strangers_per_minute = 1000000
[head_end]
{f'url = "{head_end}"' if head_end else ""}
response_seconds = 0.5
poll_seconds = 0.2
command_lifetime_seconds = 3
[execution]
disconnections_per_hour = 1000
commands_per_second = 1000
[worker]
lease_seconds = 2
idle_seconds = 0.1
"""
    )
    make_current(f"sqlite:///{tmp_path / 'bridge.db'}")
    return House(tmp_path, pki, config)


def push(port: int, raws: Sequence[bytes]) -> list[bytes | None]:
    """Post messages over several connections; the receipt of each, or None where none came."""

    def some(part: int) -> list[tuple[int, bytes | None]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        found: list[tuple[int, bytes | None]] = []
        for index in range(part, len(raws), SENDERS):
            try:
                connection.request("POST", "/hub/messages", raws[index], {"Content-Type": "application/xml"})
                answer = connection.getresponse()
                body = answer.read()
                found.append((index, body if answer.status == 200 else None))
            except (OSError, http.client.HTTPException):
                found.append((index, None))
                connection.close()
        connection.close()
        return found

    with ThreadPoolExecutor(SENDERS) as pool:
        receipts = dict(pair for pairs in pool.map(some, range(SENDERS)) for pair in pairs)
    return [receipts[index] for index in range(len(raws))]


@pytest.fixture
def head_end() -> Iterator[str]:
    """A head-end system in a process of its own; its meters remember what they did."""
    with head_end_process(MESSAGES, delay="0:0.1") as url:
        yield url


def test_given_sigterm_amid_messages_then_all_that_were_answered_are_there_and_it_ends_well(tmp_path: Path) -> None:
    home = house(tmp_path)
    raws = messages_of(home.pki, 200)
    with home.serving() as (process, port):
        threading.Timer(0.4, process.send_signal, [signal.SIGTERM]).start()
        receipts = push(port, raws)
        assert process.wait(timeout=PATIENCE) == 0
    answered = sum(1 for receipt in receipts if receipt)
    assert answered > 0
    assert home.ask("select count(*) from messages where state = 'accepted'")[0][0] >= answered
    assert home.ask("select count(*) from messages where state = 'received'") == [(0,)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_given_a_signal_while_a_message_is_on_its_way_then_it_still_gets_its_receipt(
    tmp_path: Path, number: signal.Signals
) -> None:
    home = house(tmp_path)
    (raw,) = messages_of(home.pki, 1)
    with home.serving() as (process, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.putrequest("POST", "/hub/messages")
        connection.putheader("Content-Type", "application/xml")
        connection.putheader("Content-Length", str(len(raw)))
        connection.endheaders(raw[:100])
        time.sleep(0.3)
        process.send_signal(number)
        time.sleep(0.5)
        connection.send(raw[100:])
        assert connection.getresponse().status == 200
        assert process.wait(timeout=PATIENCE) == 0


def test_given_two_processes_then_both_share_the_port_and_end_together(tmp_path: Path) -> None:
    home = house(tmp_path)
    raws = messages_of(home.pki, 60)
    with home.serving("--workers", "2") as (process, port):
        assert all(push(port, raws))
        assert all(push(port, raws)), "a repeat gets its receipt from either process"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    counts = dict(home.ask("select state, count(*) from messages group by state"))
    assert counts == {"accepted": 60, "duplicate": 60}


def test_given_kill_9_amid_200_messages_then_every_message_ends_once(tmp_path: Path, head_end: str) -> None:
    print("seed", SEED)  # noqa: T201 - to repeat a failure
    chance = random.Random(SEED)  # noqa: S311
    home = house(tmp_path, head_end)
    home.know_points(MESSAGES)
    raws = messages_of(home.pki, MESSAGES)
    receipts: list[bytes | None] = [None] * MESSAGES
    with home.serving() as (process, port):
        threading.Timer(chance.uniform(0.3, 2.5), process.kill).start()
        for index, receipt in enumerate(push(port, raws)):
            receipts[index] = receipt
        process.wait()
    with home.serving() as (process, port):
        again = [index for index in range(MESSAGES) if receipts[index] is None]
        assert all(push(port, [raws[index] for index in again]))
        repeated = [index for index in range(MESSAGES) if receipts[index]][:20]
        assert push(port, [raws[index] for index in repeated]) == [receipts[index] for index in repeated]
        wait_for_the_end(home)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    check_the_end(home)


def wait_for_the_end(home: House) -> None:
    def ended() -> bool:
        delivered = home.ask("select count(*) from outbox where state = 'delivered'")
        waiting = home.ask("select count(*) from messages where state = 'received'")
        return (delivered, waiting) == ([(MESSAGES,)], [(0,)])

    wait_until(ended)


def check_the_end(home: House) -> None:
    ask = home.ask
    assert ask("select count(*), count(distinct message_id) from messages where state = 'accepted'") == [
        (MESSAGES, MESSAGES)
    ]
    assert ask("select count(*) from messages where state not in ('accepted', 'duplicate')") == [(0,)]
    assert ask("select count(*), count(distinct source_message) from orders") == [(MESSAGES, MESSAGES)]
    assert ask("select state, count(*) from orders group by state") == [("done", MESSAGES)]
    assert ask('select count(*), count(distinct "order") from outbox') == [(MESSAGES, MESSAGES)]
    assert ask("select state, count(*) from outbox group by state") == [("delivered", MESSAGES)]
    assert ask("select count(*) from work") == [(0,)]
    files = list((home.place / "answers").glob("*.xml"))
    assert len(files) == MESSAGES
    assert len({etree.parse(file).findtext(".//{*}SenderMessageId") for file in files}) == MESSAGES


def test_given_several_wrong_settings_then_all_are_told_with_a_remedy_and_nothing_starts(
    tmp_path: Path, command: Command
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f"""
database = "nonsense"
schemas = ["not-there"]
signing_key = "missing.pem"
signing_certificate = "missing.pem"
[hub]
url = "http://hub.example"
ca_bundle = "no-ca.pem"
[[partners]]
eic = "10XPL-TSO------P"
certificates = ["{tmp_path / "no.pem"}"]
[head_end]
url = "http://head-end"
[web]
host = "0.0.0.0"
"""
    )
    done = command("serve", "--config", config)
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    for word in (
        "missing.pem",
        "no.pem",
        "not-there",
        "database",
        "http://hub.example",
        "head_end.reply_address",
    ):
        assert any(word in line and " -> " in line for line in lines), (word, lines)
    assert not list(tmp_path.glob("*.db"))


@pytest.mark.parametrize("words", [["serve"], ["replay", str(folder("samples") / "good")]], ids=["serve", "replay"])
def test_given_another_folder_when_started_then_the_database_of_the_settings_counts_and_none_is_made(
    tmp_path: Path, command: Command, words: list[str]
) -> None:
    """An empty database would serve without points, holds or stop switch."""
    config, elsewhere = house(tmp_path).config, tmp_path / "elsewhere"
    elsewhere.mkdir()
    text = config.read_text().replace(f"sqlite:///{tmp_path / 'bridge.db'}", "sqlite:///bridge.db")
    config.write_text(text)
    assert load_settings(config, environment=False).database == f"sqlite:///{tmp_path / 'bridge.db'}"
    (tmp_path / "bridge.db").rename(tmp_path / "away.db")
    done = command(*words, "--config", config, cwd=elsewhere)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"there is no database {tmp_path / 'bridge.db'} -> " in done.stderr
    assert "csire-bridge db upgrade" in done.stderr
    assert list(elsewhere.iterdir()) == []
    assert not (tmp_path / "bridge.db").exists()


def test_given_a_file_without_our_tables_when_served_then_it_is_refused_and_left_as_it_was(
    tmp_path: Path, command: Command
) -> None:
    config, file = house(tmp_path).config, tmp_path / "bridge.db"
    file.unlink()
    with closing(sqlite3.connect(file)) as database:
        database.execute("create table somebody_elses (name text)")
    done = command("serve", "--config", config)
    assert done.returncode == 2
    assert " has no tables of csire-bridge -> " in done.stderr
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("select name from sqlite_master").fetchall() == [("somebody_elses",)]


def test_given_unknown_settings_then_each_is_told_with_a_remedy(tmp_path: Path, command: Command) -> None:
    config = tmp_path / "config.toml"
    config.write_text("colour = 'red'\n[web]\nport = 70000\n[hub]\nclient_key = 'a.pem'\n")
    done = command("serve", "--config", config)
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 3
    assert all(" -> " in line for line in lines)


def test_given_the_example_then_it_is_valid_and_says_every_setting(tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8")
    here = tmp_path / "config.toml"
    here.write_text(text)
    make_demo_pki(tmp_path, system_clock())
    settings = load_settings(here, environment=False)
    make_current(settings.database)
    check_settings(settings)
    for group, part in settings:
        if isinstance(part, Part):
            assert_said(text, group, part)
    assert settings.head_end == HeadEndSettings(), "what stands in the example are the defaults"


def assert_said(text: str, group: str, part: Part) -> None:
    for name, value in part:
        said = any(
            f"\n{line}" in text for line in (f"{name} = ", f"# {name} = ", f"[{group}.{name}]", f"# [[{group}.{name}]]")
        )
        assert said, f"{group}.{name}"
        if isinstance(value, Part):
            assert_said(text, f"{group}.{name}", value)
