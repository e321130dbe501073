"""Databases for tests of every room: SQLite, and PostgreSQL of two versions, each test with one of its own."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path

import hypothesis
import pytest

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.lab.simulators.postgres import PostgresServer, programs_of
from csire_bridge.service.wiring.standard import Standard
from csire_bridge.store.database import Database, make_current
from tests.support.patience import PATIENCE
from tests.support.standard import remembering

pytest_plugins = ("tests.support.command", "tests.support.places")

DATABASES = ("sqlite", "postgresql-18", "postgresql-15")
_EVERY_VERSION = {"connection", "scheduling", "sql"}
_MEMORY = Path("/dev/shm")  # noqa: S108 - servers in memory, where there is room, spare the disk

_TESTS = Path(__file__).parent
_LONG = {
    "test_any_history.py",
    "test_bench.py",
    "test_chaos.py",
    "test_complaints_in_any_history.py",
    "test_demo.py",
    "test_late_commands.py",
    "test_law_in_any_history.py",
    "test_mutations.py",
    "test_retention.py",
    "test_simulation.py",
}

Servers = Callable[[int], PostgresServer]


def pytest_configure(config: pytest.Config) -> None:
    """Files of tests lie in memory where there is room: each commit waits for its disk, thousands of times.

    An example of a property may take as long as the machine needs.
    """
    hypothesis.settings.register_profile("patient", deadline=None)
    hypothesis.settings.load_profile("patient")
    if _roomy() and os.access(_MEMORY, os.W_OK):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for a database runs on each kind of which it can prove something of its own."""
    if "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", _databases_for(metafunc.definition))


def _databases_for(test: pytest.Item) -> Sequence[str]:
    """What has SQL of its own runs on PostgreSQL too, and where locks, migrations or types count, on the older one.

    Everything else is a rule in process: it runs on SQLite, and one test of each file on PostgreSQL too.
    """
    store = _TESTS / "store"
    if test.path.is_relative_to(store):
        every_version = test.path.parent == store or test.path.parent.name in _EVERY_VERSION
        return DATABASES if every_version else DATABASES[:2]
    return DATABASES[:2] if test.get_closest_marker("every_database") else DATABASES[:1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no core waits for it in the end.

    Of several processes of tests each gets one piece of the list to begin with: each piece begins with its share, by
    whole files, whose fixtures would else be made several times.
    """
    long: dict[Path, list[pytest.Item]] = {}
    short: list[pytest.Item] = []
    for item in items:
        takes_long = item.path.is_relative_to(_TESTS / "whole") or item.path.name in _LONG
        (long.setdefault(item.path, []) if takes_long else short).append(item)
    pieces, size = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), len(items)
    items.clear()
    for number in range(pieces):
        own = [item for file in list(long)[number::pieces] for item in long[file]]
        until = size * (number + 1) // pieces
        items += own
        items += [short.pop(0) for _ in range(min(until - len(items), len(short)))]


def _roomy() -> bool:
    return _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 2 << 30


@pytest.fixture(scope="session", autouse=True)
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """What every bridge begins with is made once in a process: the tables of an SQLite file, which are copied, and
    what schemas and mapping files say. Both depend on files only.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "upgrade", _copying(Database.upgrade, tmp_path_factory.mktemp("tables") / "empty.db"))
        patch.setattr(Standard, "load", remembering(Standard.load))
        yield patch


@pytest.fixture
def real_upgrade(made_once: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every migration runs, for tests that are about them."""
    monkeypatch.setattr(Database, "upgrade", _UPGRADE)


_UPGRADE = Database.upgrade


def _copying(upgrade: Callable[[Database], None], template: Path) -> Callable[[Database], None]:
    def copied(database: Database) -> None:
        file = database.file
        if file is None or not file.parent.is_dir() or (file.exists() and file.stat().st_size):
            upgrade(database)
            return
        if not template.exists():
            with closing(Database(f"sqlite:///{template}")) as made:
                upgrade(made)
        shutil.copy(template, file)

    return copied


@pytest.fixture(autouse=True)
def logging_is_as_before() -> Iterator[None]:
    """Commands and services that run in this process set up logging; the next test hears everything again."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    levels = {one: one.level for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger)}
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    for one in [one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger)]:
        one.setLevel(levels.get(one, one.level))


@pytest.fixture(autouse=True)
def no_server_is_left() -> Iterator[None]:
    """A server that outlives its test would wait at numbers of files that belong to later tests' servers."""
    before = set(threading.enumerate())
    yield
    left = [one for one in threading.enumerate() if one not in before and "serve_forever" in one.name]
    for one in left:
        one.join(PATIENCE)
    assert not [one.name for one in left if one.is_alive()]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """A PostgreSQL server of a version, started when it is first asked for; without 15 a test is skipped."""
    with ExitStack() as last:

        @cache
        def server(version: int) -> PostgresServer:
            return last.enter_context(PostgresServer(version, place=_MEMORY if _roomy() else None))

        def found(version: int) -> PostgresServer:
            if version != 18:  # 18 comes with the packages of the tests, so it has to be there
                try:
                    programs_of(version)
                except ConfigurationError as error:
                    pytest.skip(error.text)
            return server(version)

        yield found


@pytest.fixture(scope="session")
def with_tables(servers: Servers) -> Callable[[int], str]:
    """Makes a PostgreSQL database with its tables on the server of a version: a copy of one that was made once."""

    @cache
    def template(version: int) -> str:
        address = servers(version).new_database()
        make_current(address)
        return address.partition("?")[0].rpartition("/")[2]

    return lambda version: servers(version).new_database(template(version))


@pytest.fixture
def postgresql(servers: Servers, with_tables: Callable[[int], str]) -> Iterator[str]:
    """The address of a PostgreSQL database of the newest version, with its tables."""
    address = with_tables(18)
    yield address
    servers(18).drop_database(address)


@pytest.fixture
def address(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with nothing in it, not even tables, of each kind in turn."""
    kind, _, version = database_kind.partition("-")
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'bridge.db'}"
        return
    server: PostgresServer = request.getfixturevalue("servers")(int(version))
    fresh = server.new_database()
    yield fresh
    server.drop_database(fresh)


@pytest.fixture
def database(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with its tables, of each kind in turn."""
    kind, _, version = database_kind.partition("-")
    if kind == "sqlite":
        with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as opened:
            opened.upgrade()
            yield opened
        return
    servers: Servers = request.getfixturevalue("servers")
    address = request.getfixturevalue("with_tables")(int(version))
    with closing(Database(address)) as opened:
        yield opened
    servers(int(version)).drop_database(address)
