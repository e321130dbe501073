"""Databases for tests of every room: SQLite, and PostgreSQL of two versions, each test with one of its own."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path

import pytest

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.lab.simulators.postgres import PostgresServer, programs_of
from csire_bridge.store.database import Database

DATABASES = ("sqlite", "postgresql-18", "postgresql-15")
_MEMORY = Path("/dev/shm")  # noqa: S108 - servers in memory, where there is room, spare the disk

Servers = Callable[[int], PostgresServer]


@pytest.fixture(autouse=True)
def no_server_is_left() -> Iterator[None]:
    """A server that outlives its test would wait at numbers of files that belong to later tests' servers."""
    before = set(threading.enumerate())
    yield
    left = [one for one in threading.enumerate() if one not in before and "serve_forever" in one.name]
    for one in left:
        one.join(5)
    assert not [one.name for one in left if one.is_alive()]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A PostgreSQL server of a version, started when it is first asked for; without 15 a test is skipped."""
    with ExitStack() as last:

        @cache
        def server(version: int) -> PostgresServer:
            roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 2 << 30
            return last.enter_context(PostgresServer(version, place=_MEMORY if roomy else None))

        def found(version: int) -> PostgresServer:
            if version != 18:  # 18 comes with the packages of the tests, so it has to be there
                try:
                    programs_of(version)
                except ConfigurationError as error:
                    pytest.skip(error.text)
            return server(version)

        yield found


@pytest.fixture
def postgresql(servers: Servers) -> Iterator[str]:
    """The address of an empty PostgreSQL database of the newest version."""
    address = servers(18).new_database()
    yield address
    servers(18).drop_database(address)


@pytest.fixture(params=DATABASES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, of each kind in turn."""
    kind, _, version = str(request.param).partition("-")
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'bridge.db'}"
        return
    server: PostgresServer = request.getfixturevalue("servers")(int(version))
    fresh = server.new_database()
    yield fresh
    server.drop_database(fresh)


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    """A database with its tables, of each kind in turn."""
    with closing(Database(address)) as opened:
        opened.upgrade()
        yield opened
