"""Measures how long each page of the console takes, on a database that is filled, while orders are written."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from csire_bridge.access.authenticate import open_session
from csire_bridge.access.browser_login import SESSION_COOKIE
from csire_bridge.console.app import build_console
from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.people.accounts import SessionPolicy
from csire_bridge.domain.people.actor import NOWHERE
from csire_bridge.domain.people.roles import Role
from csire_bridge.lab.bench.console.half_load import half_load
from csire_bridge.lab.bench.console.pages import asked_of
from csire_bridge.lab.bench.scene import Scene
from csire_bridge.lab.demo.accounts import NAMES, make_accounts
from csire_bridge.lab.shared.measure import Track
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.console_needs import console_needs
from csire_bridge.service.wiring.settings_to_values import execution_policy
from csire_bridge.store.database import Database

__all__ = ["ConsoleReport", "PageTime", "measure_console"]

_OWN = "http://127.0.0.1:8081"
_WARM_UP = 1
_AT_ONCE = 20_000


@dataclass(frozen=True)
class PageTime:
    """How long a page takes, in milliseconds; ``statements`` that it asks of the database; its ``size`` in bytes."""

    page: str
    p50_ms: float
    p95_ms: float
    statements: int
    size: int


@dataclass(frozen=True)
class ConsoleReport:
    """``written``: orders that were written meanwhile, in one second."""

    pages: Sequence[PageTime]
    rounds: int
    written: float


def measure_console(place: Path, url: str, rounds: int, load: float, track: Track) -> ConsoleReport:
    """Open each page ``rounds`` times in turns; ``load`` orders a second are written meanwhile (0: none).

    Raises OurFault where a page can't be opened.
    """
    bridge = Scene(place, "ecdsa").bridge("console", 32, database=url)
    with closing(bridge.database), closing(Database(url)) as writer:
        _count_figures(writer, execution_policy(bridge.settings).deadlines)
        app = build_console(console_needs(bridge, _OWN, lambda: ()))
        client = TestClient(app, base_url=_OWN, follow_redirects=False)
        client.cookies.set(SESSION_COOKIE, _session(bridge.database, bridge.settings.access.session_policy()))
        with bridge.database.reading() as connection:
            asked, engine = asked_of(connection), connection.engine
        with _under(writer, load) as written:
            begun = time.perf_counter()
            taken = _open_all(client, asked, rounds, track)
            rate = written[0] / (time.perf_counter() - begun)
        pages = [_told(client, engine, name, path, taken[name]) for name, path in asked.items()]
    return ConsoleReport(pages, rounds, rate)


def _count_figures(database: Database, deadlines: Deadlines) -> None:
    """As the service does in the background, so that the page of figures is what it is on any day but the first."""
    while True:
        with database.transaction() as tx:
            if tx.figures.keep(deadlines, system_clock(), _AT_ONCE) < _AT_ONCE:
                return


@contextmanager
def _under(database: Database, load: float) -> Iterator[list[int]]:
    if load:
        with half_load(database, load) as written:
            yield written
    else:
        yield [0]


def _session(database: Database, policy: SessionPolicy) -> str:
    now = system_clock()
    with database.transaction() as tx:
        there = tx.accounts.named(NAMES[Role.SUPERVISOR])
    if there is None:
        make_accounts(database, system_clock)
    with database.transaction() as tx:
        account = tx.accounts.named(NAMES[Role.SUPERVISOR])
        assert account is not None  # noqa: S101 - it was made above
        return open_session(tx, account, NOWHERE, policy, now).secret


def _open_all(client: TestClient, asked: Mapping[str, str], rounds: int, track: Track) -> Mapping[str, Sequence[float]]:
    taken: defaultdict[str, list[float]] = defaultdict(list)
    for turn, _ in enumerate(track([1] * (rounds + _WARM_UP), rounds + _WARM_UP)):
        for name, path in asked.items():
            begun = time.perf_counter()
            answer = client.get(path)
            if turn >= _WARM_UP:
                taken[name].append((time.perf_counter() - begun) * 1000)
            if answer.status_code >= 400:
                raise OurFault(f"the page {path} answered {answer.status_code}", "open it by hand")
    return taken


def _told(client: TestClient, engine: Engine, name: str, path: str, taken: Sequence[float]) -> PageTime:
    with _counting(engine) as counts:
        answer = client.get(path)
    parts = quantiles(taken, n=100, method="inclusive") if len(taken) > 1 else [taken[0]] * 99
    return PageTime(name, parts[49], parts[94], counts["statements"], len(answer.content))


@contextmanager
def _counting(engine: Engine) -> Iterator[dict[str, int]]:
    """Counts statements."""
    counts = {"statements": 0}

    def note(*_: object) -> None:
        counts["statements"] += 1

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield counts
    finally:
        event.remove(engine, "before_cursor_execute", note)
