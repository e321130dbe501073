"""When a process is not ready, and that each reason says what to do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from csire_bridge.domain.clock import Clock
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.web import readiness as module
from csire_bridge.service.web.health import health_router
from csire_bridge.service.web.readiness import Readiness
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import Database, make_current
from tests.support.read_only import unwritable
from tests.support.webhook import now, settings_of


@contextmanager
def bridge(place: Path, clock: Clock = system_clock, **options: Any) -> Iterator[Bridge]:
    settings = settings_of(place, make_demo_pki(place, now()), **options)
    make_current(settings.database)
    with closing(Bridge(settings, clock, reply_address="http://127.0.0.1:9/hes/events")) as found:
        yield found


def readiness(of: Bridge, parts: dict[str, bool] | None = None, apart: timedelta | None = None) -> Readiness:
    return Readiness(of, lambda: parts or {}, list, lambda: apart)


def the_only(reasons: list[str]) -> str:
    (reason,) = reasons
    assert " -> " in reason, "each says what to do"
    return reason


def test_given_all_is_well_then_it_is_ready_and_looking_writes_nothing(tmp_path: Path) -> None:
    with bridge(tmp_path) as found:
        checked = readiness(found, {"worker": True}, timedelta(seconds=9))
        assert checked.reasons() == []
        log = tmp_path / "bridge.db-wal"
        before = log.stat().st_size, log.stat().st_mtime_ns
        checked._looked_at = 0
        assert checked.reasons() == []
        assert (log.stat().st_size, log.stat().st_mtime_ns) == before


def test_given_a_part_that_has_stopped_then_it_is_named(tmp_path: Path) -> None:
    with bridge(tmp_path) as found:
        reason = the_only(readiness(found, {"worker": False, "ticker": True}).reasons())
        assert reason.startswith("worker does not run")


def test_given_too_little_free_space_then_the_folder_and_the_setting_are_named(tmp_path: Path) -> None:
    with bridge(tmp_path, health={"free_megabytes": 1e12}) as found:
        for reason in readiness(found).reasons():
            assert str(tmp_path) in reason
            assert "health.free_megabytes" in reason


@pytest.mark.parametrize(
    ("years", "said"), [(30, "our signing certificate ended on"), (-30, "our signing certificate is valid from")]
)
def test_given_a_signing_certificate_out_of_its_time_then_it_is_told(tmp_path: Path, years: int, said: str) -> None:
    moment = [datetime.now(UTC)]
    with bridge(tmp_path, lambda: moment[0]) as found:
        moment[0] += timedelta(days=365 * years)
        assert the_only(readiness(found).reasons()).startswith(said)


def test_given_clocks_that_differ_by_more_than_the_setting_then_it_is_told(tmp_path: Path) -> None:
    with bridge(tmp_path, health={"clock_seconds": 20}) as found:
        assert readiness(found, apart=timedelta(seconds=-19)).reasons() == []
        reason = the_only(readiness(found, apart=timedelta(seconds=-21)).reasons())
        assert reason.startswith("a clock differs by 21 s from this machine's, more than 20 s")


def test_given_a_database_that_is_read_only_then_it_is_told(tmp_path: Path) -> None:
    with bridge(tmp_path) as found, unwritable(tmp_path / "bridge.db"):
        writable, found.database = found.database, Database(found.settings.database)
        try:
            assert "read-only" in the_only(readiness(found).reasons())
        finally:
            found.database.close()
            found.database = writable


def test_given_checks_that_hang_then_whoever_asks_meanwhile_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST_SECONDS", 0.01)
    hangs, goes_on = threading.Event(), threading.Event()

    def parts() -> dict[str, bool]:
        hangs.set()
        goes_on.wait()
        return {}

    with bridge(tmp_path) as found:
        checked = Readiness(found, parts, list, lambda: None)
        first = threading.Thread(target=checked.reasons)
        first.start()
        hangs.wait()
        assert the_only(checked.reasons()).startswith("the checks themselves have not ended")
        goes_on.set()
        first.join()


async def asked(app: FastAPI) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as caller:
        return await caller.get("/readyz")


@pytest.mark.parametrize("tells_reasons", [True, False])
def test_strangers_hear_that_it_is_not_ready_and_not_why(*, tells_reasons: bool) -> None:
    app, found = FastAPI(), ["the disk of /secret is full -> free space"]
    app.include_router(health_router(lambda: found, tells_reasons=tells_reasons))
    answer = asyncio.run(asked(app))
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert ("/secret" in answer.text) is tells_reasons
