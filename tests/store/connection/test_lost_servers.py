"""PostgreSQL servers that go away, take no writes any more, or are forgotten by a firewall; and poolers between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool

from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import StoreFailure
from csire_bridge.domain.work import WorkStep
from csire_bridge.store import tables
from csire_bridge.store.connection.idle_age import limit_idle_age
from csire_bridge.store.connection.options import DatabaseOptions
from csire_bridge.store.connection.postgresql import postgresql_address
from csire_bridge.store.database import Database
from tests.support.forgetful_firewall import ForgetfulFirewall
from tests.support.store import NOW, count

RAISE = "DO $$ BEGIN RAISE EXCEPTION 'as after a failover' USING ERRCODE = '{code}'; END $$"


@pytest.fixture
def database(postgresql: str) -> Iterator[Database]:
    with closing(Database(postgresql)) as opened:
        yield opened


def pid(database: Database) -> int:
    with database.transaction() as tx:
        number: int = tx.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        return number


def as_administrator(address: str, *statements: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


# --- a server that is gone, or takes no writes


@pytest.mark.parametrize("code", ["25006", "57P01", "57P02", "57P03", "08006", "08003"])
def test_given_an_answer_that_a_dead_or_demoted_server_gives_then_no_connection_of_the_pool_is_used_again(
    database: Database, code: str
) -> None:
    before = pid(database)
    with pytest.raises(StoreFailure, match="can't be used"), database.transaction() as tx:
        tx.connection.exec_driver_sql(RAISE.format(code=code))
    assert pid(database) != before


def test_given_an_error_of_one_row_then_the_connection_stays(database: Database) -> None:
    before = pid(database)
    with pytest.raises(Exception, match="refuses a row"), database.transaction() as tx:
        tx.connection.exec_driver_sql(RAISE.format(code="23514"))
    assert pid(database) == before


def test_given_a_primary_that_is_made_read_only_when_it_takes_writes_again_then_work_goes_on_by_itself(
    database: Database,
) -> None:
    name = make_url(database.url).database
    pid(database)
    as_administrator(database.url, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with database.transaction() as tx:  # a session of before is not concerned ...
        tx.work.add(WorkStep.EXECUTE, [1], NOW)
    with pytest.raises(StoreFailure) as caught, database.transaction() as tx:
        tx.connection.exec_driver_sql("SET TRANSACTION READ ONLY")  # ... until its server is demoted
        tx.work.add(WorkStep.EXECUTE, [2], NOW)
    assert "takes reads only" in caught.value.text
    with pytest.raises(StoreFailure, match="takes reads only"), database.transaction() as tx:
        pass
    with closing(Database(database.url, DatabaseOptions(standby=True))) as reader:
        assert count(reader, tables.work) == 1, "commands that read can't be used"
        assert not reader.takes_writes
    as_administrator(
        database.url,
        "SET default_transaction_read_only = off",
        f'ALTER DATABASE "{name}" RESET default_transaction_read_only',
    )
    with database.transaction() as tx:
        tx.work.add(WorkStep.EXECUTE, [3], NOW)
    assert count(database, tables.work) == 2
    assert database.takes_writes


# --- idle connections


def test_given_a_firewall_that_forgot_an_idle_connection_when_it_was_idle_for_too_long_then_a_new_one_is_used(
    postgresql: str,
) -> None:
    url = make_url(postgresql)
    home = str(url.query["host"])
    with ForgetfulFirewall(f"{home}/.s.PGSQL.5432") as firewall:
        address = f"postgresql://bridge@127.0.0.1:{firewall.port}/{url.database}"
        with closing(Database(address, DatabaseOptions(kept_seconds=0))) as opened:
            before, connections = pid(opened), firewall.opened
            firewall.forget()
            assert pid(opened) != before  # a question on the old connection would wait without end
            assert firewall.opened == connections + 1


def test_given_connections_then_age_decides_which_is_used_again_and_only_the_old_one_is_closed(tmp_path: Path) -> None:
    now = 0.0
    engine = create_engine(f"sqlite:///{tmp_path / 'any.db'}", poolclass=QueuePool)
    opened: list[object] = []
    event.listen(engine, "connect", lambda connection, _record: opened.append(connection))
    limit_idle_age(engine, 20, lambda: now)

    def use() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    use()
    now += 20
    use()
    assert len(opened) == 1
    now += 20.001
    use()
    assert len(opened) == 2
    engine.dispose()


def test_given_settings_then_partners_and_database_keep_idle_connections_for_less_than_a_firewall() -> None:
    found = load_settings(environment=False)
    ages = [part.kept_seconds for part in (found.hub, found.sid, found.head_end, found.storage)]
    assert max(ages) < 45
    assert len(set(ages)) == 1


# --- several hosts


@pytest.mark.parametrize(
    ("address", "hosts", "ports"),
    [
        ("postgresql://u:p%40w@one:5433,two/name?sslmode=require", "one,two", "5433,5432"),
        ("postgresql+psycopg://u@one,two:7777/name", "one,two", "5432,7777"),
        ("postgresql://[::1]:5433,[::2]/name", "::1,::2", "5433,5432"),
    ],
)
def test_given_several_hosts_as_postgresql_writes_them_then_each_is_known(address: str, hosts: str, ports: str) -> None:
    url = postgresql_address(address)
    assert (url.query["host"], url.query["port"]) == (hosts, ports)
    assert url.database == "name"
    assert url.query.get("sslmode") == ("require" if "sslmode" in address else None)


def test_given_several_hosts_of_which_one_is_dead_then_the_other_is_used(postgresql: str) -> None:
    url = make_url(postgresql)
    several = f"postgresql://bridge@/{url.database}?host=127.0.0.1,{url.query['host']}&port=1,5432"
    with closing(Database(several)) as opened:
        assert count(opened, tables.orders) == 0
