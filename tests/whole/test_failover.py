"""The service on PostgreSQL with a standby: the primary dies, the standby is promoted, and work goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from csire_bridge.lab.bench.head_end import head_end_process
from csire_bridge.lab.simulators.postgres import PostgresServer
from csire_bridge.store.database import Database, make_current
from tests.support.command import Command
from tests.support.patience import wait_until
from tests.whole.test_serve import House, house, known_point, messages_of, push

pytestmark = pytest.mark.slow
MESSAGES = 45


@dataclass
class Pair:
    """A primary and its standby, which has everything that the primary has confirmed."""

    primary: PostgresServer
    standby: PostgresServer
    name: str

    @property
    def address(self) -> str:
        """Of both, as the setting takes it."""
        return f"postgresql://bridge@/{self.name}?host={self.primary.home},{self.standby.home}"

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.standby.address(self.name)) as connection:
            return connection.execute(query.encode()).fetchall()

    def make_read_only(self, value: str) -> None:
        """As an administrator does with a server that shall take no writes for a while."""
        with psycopg.connect(self.standby.address("postgres"), autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}".encode())
            connection.execute("SELECT pg_reload_conf()")


@pytest.fixture
def pair() -> Iterator[Pair]:
    with ExitStack() as last:
        primary = last.enter_context(PostgresServer(18))
        address = primary.new_database()
        make_current(address)
        standby = last.enter_context(PostgresServer(18, primary=primary))
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
            state = b"SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
            wait_until(lambda: connection.execute(state).fetchone() == (1,))
        yield Pair(primary, standby, address.partition("?")[0].rpartition("/")[2])


def home_on(pair: Pair, tmp_path: Path, head_end: str) -> House:
    home = house(tmp_path, head_end)
    text = home.config.read_text().replace(f"sqlite:///{tmp_path / 'bridge.db'}", pair.address)
    home.config.write_text(text)
    with closing(Database(pair.address)) as database, database.transaction() as tx:
        for index in range(MESSAGES):
            tx.points.put(known_point(index))
    return home


def push_until_taken(port: int, raws: list[bytes]) -> None:
    """As the hub does: what got no receipt is sent again."""
    left = list(raws)

    def again() -> bool:
        receipts = push(port, left)
        left[:] = [raw for raw, receipt in zip(left, receipts, strict=True) if receipt is None]
        return not left

    wait_until(again)


def test_given_a_primary_that_dies_when_the_standby_is_promoted_then_the_service_goes_on_and_all_is_done_once(
    pair: Pair, tmp_path: Path, command: Command
) -> None:
    with head_end_process(MESSAGES, delay="0:0.1") as head_end:
        home = home_on(pair, tmp_path, head_end)
        raws = messages_of(home.pki, MESSAGES)
        with home.serving() as (process, port):
            push_until_taken(port, raws[:15])
            pair.primary.kill()  # amid the work of these
            assert push(port, raws[15:20]) == [None] * 5, "a receipt was given for what nobody keeps"
            pair.standby.promote()
            push_until_taken(port, raws[15:30])
            pair.make_read_only("on")
            wait_until(lambda: push(port, raws[30:31]) == [None])
            listed = command("orders", "list", "--config", home.config)
            assert listed.returncode == 0, listed.stderr
            refused = command("serve", "--config", home.config, "--port", "0")
            assert refused.returncode != 0
            assert "takes reads only" in refused.stderr, refused.stderr
            assert "Traceback" not in refused.stderr
            pair.make_read_only("off")
            push_until_taken(port, raws[30:])
            wait_until(lambda: pair.ask("select count(*) from outbox where state = 'delivered'") == [(MESSAGES,)])
            assert process.poll() is None, "the service had to be started again"
    ask = pair.ask
    assert ask("select count(distinct message_id) from messages where state = 'accepted'") == [(MESSAGES,)]
    assert ask("select count(*), count(distinct source_message) from orders") == [(MESSAGES, MESSAGES)]
    assert ask("select state, count(*) from orders group by state") == [("done", MESSAGES)]
    assert ask('select count(*), count(distinct "order") from outbox') == [(MESSAGES, MESSAGES)]
    assert len(list((tmp_path / "answers").glob("*.xml"))) == MESSAGES
