"""What the service manager is told, by a socket of a manager of our own."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csire_bridge.service.service_manager import ServiceManager
from tests.support.patience import PATIENCE


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """A service manager's socket, named by the environment; returns what it was told next."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.settimeout(PATIENCE)
        monkeypatch.chdir(tmp_path)  # a socket's path must be short
        ours.bind("notify")
        monkeypatch.setenv("NOTIFY_SOCKET", "notify")
        yield lambda: ours.recv(4096).decode()


def test_a_service_manager_hears_of_start_life_and_end(manager: Callable[[], str]) -> None:
    ours = ServiceManager.of_this_process()
    ours.started("serves at http://127.0.0.1:8080 (all)")
    assert manager() == "READY=1\nSTATUS=serves at http://127.0.0.1:8080 (all)"
    ours.alive()
    assert manager() == "WATCHDOG=1"
    ours.stopping()
    assert manager() == "STOPPING=1"


@pytest.mark.usefixtures("manager")
def test_processes_that_it_starts_do_not_speak_in_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    ServiceManager.of_this_process()
    with pytest.raises(KeyError):
        monkeypatch.delenv("NOTIFY_SOCKET")


def test_without_a_service_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    ServiceManager.of_this_process().started("serves")
