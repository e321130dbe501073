"""The set-up of a round: a fresh folder and database, a hub, a head-end system, and the bridge's processes.

Hub and head-end system run in the process that kills, so they keep what they saw when the bridge is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from csire_bridge.config.role import Role
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.lab.chaos.crash_points import Crash, Killer, killer_of
from csire_bridge.lab.chaos.kill import Countdown
from csire_bridge.lab.chaos.victim import STOPPED, Part, run_retention, run_service, run_upgrade
from csire_bridge.lab.chaos.world.field import WatchedHeadEnd, watched_hub
from csire_bridge.lab.chaos.world.letters import Place
from csire_bridge.lab.simulators.pki import DemoPki
from csire_bridge.service.web.doors import listening_socket
from csire_bridge.store.database import Database

__all__ = ["LEASE_SECONDS", "Stage", "Victim", "wait_until"]

LEASE_SECONDS = 0.8
_MOST_LAPSES = 10_000
"""On a busy machine such short leases run out again and again, which says nothing of the work under them."""
_START_SECONDS = 120.0
_STEP_SECONDS = 0.05  # what a crash at any moment counts in
_WARM = ["__main__", "csire_bridge.lab.chaos.warm"]


def _warm_processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_WARM)
    return context


class Victim:
    """One process of the bridge."""

    def __init__(self, process: ForkServerProcess, says: Connection) -> None:
        self._process = process
        self._says = says
        self.url = ""

    def answers(self) -> bool:
        """Wait until it has said its address; False when it died before."""
        with suppress(EOFError, OSError):
            if self._says.poll(_START_SECONDS):
                self.url = self._says.recv()
        return bool(self.url)

    @property
    def alive(self) -> bool:
        """Whether it runs (or is stopped)."""
        return self._process.is_alive()

    @property
    def killed(self) -> bool:
        """Whether it was killed with SIGKILL."""
        return self._process.exitcode == -signal.SIGKILL

    @property
    def ended_with(self) -> int | None:
        """Its exit code; negative for a signal."""
        return self._process.exitcode

    def said_stopped(self) -> bool:
        """Whether it has stopped itself."""
        with suppress(EOFError, OSError):
            return self._says.poll(0) and self._says.recv() == STOPPED
        return False

    def go_on(self) -> None:
        """Continue it after a stop."""
        if self._process.pid is not None:
            os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, which a stopped process hears too."""
        self._process.kill()

    def wait(self, seconds: float = _START_SECONDS) -> None:
        """Wait until it is gone."""
        self._process.join(seconds)


class Stage:
    """Everything that outlives the bridge in one round. Close it."""

    def __init__(self, folder: Path, pki: DemoPki, database_url: str, seed: int, delay: tuple[float, float]) -> None:
        self.folder = folder
        self.database_url = database_url
        self.log = folder / "bridge.log"
        self.head_end = WatchedHeadEnd(delay, seed)
        self.hub = watched_hub(pki, seed, lambda: self._reach(Killer.HUB))
        self.head_end.on_accepted = lambda: self._reach(Killer.HEAD_END)
        self._longest_delay = delay[1]
        self._pki = pki
        self._context = _warm_processes()
        self._victims: list[Victim] = []
        self._blow: tuple[Killer, Crash, Countdown] | None = None
        self._held: socket.socket = listening_socket("127.0.0.1", 0, shared=True)  # it never listens

    def open(self, places: list[Place]) -> None:
        """Start hub and head-end system with a meter at each of ``places``."""
        for place in places:
            self.head_end.add_meter(place.meter, connected=place.connected)
        self.head_end.start()
        self.hub.start()

    def enter(self, places: list[Place]) -> None:
        """Write ``places`` into the registry; makes the tables where there are none."""
        database = Database(self.database_url)
        database.upgrade()
        now = datetime.now(UTC)
        with database.transaction() as tx:
            for place in places:
                tx.points.put(
                    MeteringPoint(
                        code=place.code, updated_at=now, meter=place.meter, has_contactor=True, protection=NOT_PROTECTED
                    )
                )
        database.close()

    def close(self) -> None:
        """Kill what still runs, and close every port; a second time does nothing."""
        self.kill_all()
        self.hub.stop()
        self.head_end.stop()
        self._held.close()

    def kill_all(self) -> None:
        """Kill every process that still runs."""
        while self._victims:
            victim = self._victims.pop()
            victim.kill()
            victim.wait()

    def serve(self, crash: Crash | None = None, role: Role = Role.ALL, events: str | None = None) -> Victim:
        """Start a process of the service that dies at ``crash``; with the role of a worker, it stops there."""
        port = 0 if role is Role.WORKER else self._held.getsockname()[1]
        itself = crash if crash and killer_of(crash.point) is Killer.ITSELF else None
        part = Part(self._settings(), self.log, role, port, events, itself, stops=role is Role.WORKER)
        self._blow = None
        victim = self._start(run_service, part)
        if crash and itself is None:
            self._let_others_kill(crash, victim)
        return victim

    def upgrade(self, crash: Crash | None) -> Victim:
        """Start an upgrade of the database that dies at ``crash``."""
        return self._start(run_upgrade, Part(self._settings(), self.log, crash=crash))

    def retire(self, crash: Crash | None) -> Victim:
        """Start a run of retention that dies at ``crash``; its archives go into ``archive``."""
        days = ("accepted_days", "refused_days", "duplicate_days", "orders_days", "events_days")
        retention = {**dict.fromkeys(days, 1), "archive": self.archive, "batch": 2}
        return self._start(run_retention, Part({**self._settings(), "retention": retention}, self.log, crash=crash))

    @property
    def archive(self) -> Path:
        """Where retention's archives are."""
        return self.folder / "archive"

    def _start(self, run: Callable[[Part, Connection], None], part: Part) -> Victim:
        ours, its = self._context.Pipe()
        process = self._context.Process(target=run, args=(part, its), daemon=True)
        process.start()
        its.close()
        victim = Victim(process, ours)
        self._victims.append(victim)
        return victim

    def _let_others_kill(self, crash: Crash, victim: Victim) -> None:
        killer = killer_of(crash.point)
        if killer is Killer.OUTSIDE:
            threading.Timer(crash.nth * _STEP_SECONDS, victim.kill).start()
        self._blow = killer, crash, Countdown(crash, victim.kill)

    def _reach(self, by: Killer) -> None:
        if self._blow and self._blow[0] is by:
            _, crash, countdown = self._blow
            countdown.reach(crash.point)

    def _settings(self) -> dict[str, Any]:
        """Settings with short times, so that a round takes seconds; everything else as in production."""
        pki = self._pki
        return {
            "database": self.database_url,
            "signing_key": pki.operator.key_file,
            "signing_certificate": pki.operator.certificate_file,
            "partners": [{"eic": pki.hub.eic, "certificates": [pki.hub.certificate_file]}],
            "web": {"batch": 4, "strangers_per_minute": 10**6},
            "worker": {"lease_seconds": LEASE_SECONDS, "idle_seconds": 0.05, "batch": 2, "most_lapses": _MOST_LAPSES},
            "head_end": {
                "url": self.head_end.url,
                "response_seconds": 0.5,
                "poll_seconds": 0.1,
                "command_lifetime_seconds": 0.8 + 1.5 * self._longest_delay,
                "attempts": 10,
            },
            "execution": {
                "disconnections_per_hour": 10**6,
                "meter_pause_seconds": 0.1,
                "again_seconds": 0.1,
                "expiry_margin_seconds": 0.1,
                "recheck_seconds": 0.2,
                "circuit_seconds": 0.5,
            },
            "hub": {
                "url": self.hub.url,
                "tenant": self.hub.tenant,
                "user": self.hub.user,
                "connect_seconds": 0.2,
                "peek_seconds": 0.3,
                "idle_seconds": 0.05,
                "longest_idle_seconds": 0.1,
            },
        }


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until ``condition`` holds; False when ``seconds`` pass first."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
