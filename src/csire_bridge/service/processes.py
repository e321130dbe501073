"""Several processes of the service on one port, each with its own share of the connections."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing

from csire_bridge.config.settings import Settings
from csire_bridge.domain.errors import OurFault
from csire_bridge.service.service_manager import ServiceManager
from csire_bridge.service.web.web_server import listening_socket

__all__ = ["run_processes"]

_LOOK_SECONDS = 0.2


def run_processes(
    count: int, settings: Settings, words: Sequence[str], ready: Callable[[str], None], manager: ServiceManager
) -> None:
    """Run ``count`` processes with the command line ``words`` until a signal comes; then end all of them.

    ``ready`` is called with the address once all of them answer; from then on ``manager`` is told that they run. If one
    ends by itself, all are ended: OurFault.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with closing(listening_socket(settings.web.host, settings.web.port, shared=True)) as held:  # it never listens
        host, port = held.getsockname()[:2]
        command = [sys.executable, "-m", "csire_bridge", *words, "--host", host, "--port", str(port), "--one-of-many"]
        family = [_start([*command, str(number)]) for number in range(count)]
        try:
            urls = [_first_line(process) for process in family]
            ready(urls[0])
            _watch(family, stop, manager)
        finally:
            manager.stopping()
            _end(family)


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )


def _first_line(process: subprocess.Popen[bytes]) -> str:
    """The address that a process announces."""
    line = process.stdout.readline().decode() if process.stdout else ""
    words = line.split()
    if len(words) < 4:
        raise OurFault("a process of the service did not start", "look at what it says above")
    return words[3]


def _watch(family: Sequence[subprocess.Popen[bytes]], stop: threading.Event, manager: ServiceManager) -> None:
    while not stop.wait(_LOOK_SECONDS):
        manager.alive()
        if any(process.poll() is not None for process in family):
            raise OurFault("a process of the service ended by itself", "look at the log, and start the service again")


def _end(family: Sequence[subprocess.Popen[bytes]]) -> None:
    """End a process by closing its standard input, which would also happen if this process died."""
    for process in family:
        if process.stdin:
            process.stdin.close()
    for process in family:
        process.wait()
