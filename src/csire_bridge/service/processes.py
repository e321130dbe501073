"""Several processes of the service at the same addresses, each with its own share of the connections."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory

from csire_bridge.config.role import Role
from csire_bridge.config.settings import Settings
from csire_bridge.domain.errors import BridgeError, OurFault
from csire_bridge.service.running_service import Change, tell_refused
from csire_bridge.service.service_manager import ServiceManager
from csire_bridge.service.web.doors import OpenAddress, open_addresses

__all__ = ["run_processes", "wanted_by_signal"]

_LOOK_SECONDS = 0.2
_PORT_OPTIONS = {"web": "--port", "web.operations": "--operations-port"}


def run_processes(
    count: int,
    settings: Settings,
    role: Role,
    words: Sequence[str],
    ready: Callable[[Sequence[str]], None],
    manager: ServiceManager,
    read: Callable[[], Settings],
) -> None:
    """Run ``count`` processes with the command line ``words`` until a signal comes; then end all of them.

    ``ready`` is called with the addresses once all of them answer; from then on ``manager`` is told that they run. If
    one ends by itself, all are ended: OurFault. SIGHUP is passed on if the settings that ``read`` gives are right.
    """
    stop, reload = threading.Event(), wanted_by_signal()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as held:  # these sockets never listen; they keep the addresses
        opened = open_addresses(settings.web, role, shared=True)
        for one in opened:
            held.callback(one.listener.close)
        command = [sys.executable, "-m", "csire_bridge", *words, *_ports(opened), "--one-of-many"]
        told = held.enter_context(_metrics_folder(settings))
        family = [_start([*command, str(number)], told) for number in range(count)]
        try:
            for process in family:
                _wait_for_first_line(process)
            ready([one.address.url for one in opened])
            while not _ended(family, stop, manager):
                if reload.is_set():
                    reload.clear()
                    settings = _pass_on(family, settings, read)
        finally:
            manager.stopping()
            _end(family)


@contextmanager
def _metrics_folder(settings: Settings) -> Iterator[dict[str, str]]:
    """What the processes are told, so that they add up their counts: each request comes to any of them."""
    if settings.metrics.folder is not None:
        yield {}
        return
    with TemporaryDirectory(prefix="csire-bridge-metrics-") as folder:
        yield {"CSIRE_BRIDGE_METRICS__FOLDER": folder}


def _start(command: Sequence[str], told: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env={**os.environ, **told}
    )


def _ports(opened: Sequence[OpenAddress]) -> Iterator[str]:
    """The options that make each process bind the same ports as this one, also where any free one was asked for."""
    for one in opened:
        if option := _PORT_OPTIONS.get(one.address.setting):
            yield from (option, str(one.address.port))


def _wait_for_first_line(process: subprocess.Popen[bytes]) -> None:
    """A process announces its addresses once it answers."""
    line = process.stdout.readline() if process.stdout else b""
    if len(line.split()) < 4:
        raise OurFault("a process of the service did not start", "look at what it says above")


def wanted_by_signal() -> threading.Event:
    """Set whenever SIGHUP asks for the settings to be read anew."""
    wanted = threading.Event()
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, lambda *_: wanted.set())
    return wanted


def _ended(family: Sequence[subprocess.Popen[bytes]], stop: threading.Event, manager: ServiceManager) -> bool:
    """Whether the end was asked for, within a moment. Raises OurFault if a process has ended by itself."""
    manager.alive()
    if any(process.poll() is not None for process in family):
        raise OurFault("a process of the service ended by itself", "look at the log, and start the service again")
    return stop.wait(_LOOK_SECONDS)


def _pass_on(family: Sequence[subprocess.Popen[bytes]], settings: Settings, read: Callable[[], Settings]) -> Settings:
    """Let every process read the settings anew, none if they are wrong; return those that count now."""
    try:
        change = Change.of(settings, read)
    except BridgeError as error:
        tell_refused(error)
        return settings
    for process in family:
        process.send_signal(signal.SIGHUP)
    change.tell()
    return change.settings


def _end(family: Sequence[subprocess.Popen[bytes]]) -> None:
    """End a process by closing its standard input, which would also happen if this process died."""
    for process in family:
        if process.stdin:
            process.stdin.close()
    for process in family:
        process.wait()
