"""New settings while the service runs: nobody finds a closed door, and a mistake leaves everything as it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from csire_bridge.config.role import Role
from csire_bridge.config.settings import Settings, load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.running_service import Change, RunningService
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import make_current
from tests.support.logs import told


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path)


def settings_of(place: Path, **others: Any) -> Settings:
    pki = make_demo_pki(place, system_clock())
    values: dict[str, Any] = {
        "database": f"sqlite:///{place / 'bridge.db'}",
        "signing_key": pki.operator.key_file,
        "signing_certificate": pki.operator.certificate_file,
        "partners": [{"eic": pki.hub.eic, "certificates": [pki.hub.certificate_file]}],
        "web": {"port": 0, "operations": {"port": 0}},
    }
    made = load_settings(environment=False, **{**values, **others})
    if not (place / "bridge.db").exists():
        make_current(made.database)
    return made


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[RunningService, list[Bridge]]]:
    """A running service, and each bridge that it has had."""
    bridges: list[Bridge] = []

    def open_bridge(settings: Settings, events: str) -> Bridge:
        bridges.append(Bridge(settings, system_clock, reply_address=events))
        return bridges[-1]

    service = RunningService(settings, Role.ALL, open_bridge, shared_ports=False)
    service.start()
    try:
        yield service, bridges
    finally:
        service.stop()


@contextmanager
def asking(url: str) -> Iterator[list[int]]:
    """Somebody who asks again and again, each time by a new connection; the answers' status, 0 for none."""
    found: list[int] = []
    enough, some = threading.Event(), threading.Event()

    def ask() -> None:
        while not enough.is_set():
            try:
                found.append(httpx.get(f"{url}/healthz", trust_env=False, timeout=30).status_code)
            except httpx.HTTPError:
                found.append(0)
            some.set()

    thread = threading.Thread(target=ask)
    thread.start()
    some.wait()
    try:
        yield found
    finally:
        enough.set()
        thread.join()


def test_given_new_settings_then_they_count_and_every_request_meanwhile_is_answered(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    new = settings_of(tmp_path, limits={"horizon_days": 30}, web={"port": 1, "operations": {"port": 0}})
    with serving(settings) as (service, bridges):
        urls = service.urls
        with asking(urls[0]) as found:
            assert service.reload(lambda: new)
        assert set(found) == {200}
        assert (service.urls, service.broken()) == (urls, [])
        assert [bridge.settings.limits.horizon_days for bridge in bridges] == [366, 30]
        assert service.settings.web.port == 0, "that needs a restart"
        assert httpx.get(f"{urls[1]}/readyz", trust_env=False, timeout=30).status_code in (200, 503)
    (done,) = told(caplog, "settings.reloaded")
    assert "limits.horizon_days" in done["changed"]
    (late,) = told(caplog, "settings.need_restart")
    assert late["names"] == ["web.port"]


def _unreadable() -> Settings:
    raise ConfigurationError("no TOML", "correct it")


def test_given_wrong_settings_then_the_old_ones_go_on_and_the_log_says_why(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    missing = settings.model_copy(update={"signing_key": tmp_path / "none.pem"})
    wrong: list[Callable[[], Settings]] = [_unreadable, lambda: missing]
    with serving(settings) as (service, bridges):
        for read in wrong:
            assert not service.reload(read)
        assert (len(bridges), service.settings, service.broken()) == (1, settings, [])
        assert httpx.get(f"{service.urls[0]}/healthz", trust_env=False, timeout=30).status_code == 200
    assert [str(line["why"]).partition(" ->")[0][:20] for line in told(caplog, "settings.refused")] == [
        "no TOML",
        "the private key " + str(tmp_path)[:4],
    ]


def test_given_another_database_then_it_is_told_and_not_looked_at(settings: Settings, tmp_path: Path) -> None:
    other = settings.model_copy(update={"database": f"sqlite:///{tmp_path / 'none.db'}"})
    change = Change.of(settings, lambda: other)
    assert (change.now, change.late, change.settings) == ([], ["database"], settings)
