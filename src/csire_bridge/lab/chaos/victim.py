"""The processes to be killed: a real service, upgrade or retention run, with the crash point wrapped in.

They are forked from a warm process that has imported everything and runs no thread, so that a start costs a tenth of
a second and not two; what is killed is a process of its own all the same.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from csire_bridge.config.role import Role
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.lab.chaos.crash_points import Crash
from csire_bridge.lab.chaos.kill import Countdown, Gate, wrap_migration, wrap_rooms
from csire_bridge.lab.chaos.standard import standard_once
from csire_bridge.runtime.steady_clock import SteadyClock
from csire_bridge.service.service import Service
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import Database
from csire_bridge.worker.retention_job import Retention

__all__ = ["STOPPED", "Part", "run_retention", "run_service", "run_upgrade"]

STOPPED = "stopped"
"""What a process says just before it stops itself."""


@dataclass(frozen=True, slots=True)
class Part:
    """The task of a process. At ``crash`` it is killed, or with ``stops`` stopped (SIGSTOP).

    ``port`` 0 is for a process that does not listen; ``events`` is then the event endpoint of another process.
    """

    settings: Mapping[str, Any]
    log: Path
    role: Role = Role.ALL
    port: int = 0
    events: str | None = None
    crash: Crash | None = None
    stops: bool = False


def run_service(part: Part, say: Connection) -> None:
    """Serve until killed, or until the parent process is gone; prints its address once it answers."""
    _log_to(part.log)
    if part.crash is not None:
        gate = Gate()
        wrap_rooms(Countdown(part.crash, _stop(say, gate) if part.stops else _die).reach, gate)
    settings = load_settings(environment=False, **part.settings)
    service = Service(
        lambda url: Bridge(settings, SteadyClock(), reply_address=part.events or url, standard=standard_once()),
        settings.web.at_free_ports().model_copy(update={"port": part.port}),
        part.role,
        shared_ports=True,
    )
    service.start()
    say.send(service.url)
    _wait_for_the_end(say)


def run_upgrade(part: Part, say: Connection) -> None:
    """Upgrade the database, and end well if nothing kills it."""
    _log_to(part.log)
    if part.crash is not None:
        wrap_migration(Countdown(part.crash, _die).reach)
    database = Database(str(part.settings["database"]))
    database.upgrade()
    database.close()
    say.close()


def run_retention(part: Part, say: Connection) -> None:
    """Archive and delete everything that has ended, as if more than a year had passed; end well if nothing kills it."""
    _log_to(part.log)
    if part.crash is not None:
        wrap_rooms(Countdown(part.crash, _die).reach, Gate())
    retention = load_settings(environment=False, **part.settings).retention
    database = Database(str(part.settings["database"]))
    worker = Retention(
        database,
        lambda: datetime.now(UTC) + timedelta(days=400),
        retention.as_rules(),
        retention.archive or part.log.parent,
        retention.batch,
        lease=timedelta(seconds=0.5),
    )
    while True:
        try:
            for _ in worker.run():
                pass
        except ActionRefused:  # whoever was killed holds the turn for a while
            time.sleep(0.05)
        else:
            break
    database.close()
    say.close()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _stop(say: Connection, gate: Gate) -> Callable[[], None]:
    def stop() -> None:
        with gate.empty():
            say.send(STOPPED)
            # To this very thread: one that is sent to the process may let it run on for a moment.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    return stop


def _wait_for_the_end(say: Connection) -> None:
    try:
        say.recv()
    except EOFError:
        os._exit(0)  # nobody is there any more to look at what it does


def _log_to(file: Path) -> None:
    with file.open("ab") as log:
        os.dup2(log.fileno(), 2)  # what an error of the bridge's own prints belongs there too
    logging.basicConfig(filename=file, level=logging.INFO, force=True, format="%(asctime)s %(process)d %(message)s")
