"""``csire-bridge serve``: the bridge as a service."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.shared.console import ConfigOption, out
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.config.role import Role
from csire_bridge.domain.errors import OurFault
from csire_bridge.runtime.steady_clock import SteadyClock
from csire_bridge.telemetry.logs import logger

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings
    from csire_bridge.service.running_service import RunningService
    from csire_bridge.service.service_manager import ServiceManager
    from csire_bridge.service.wiring.bridge import Bridge

__all__ = ["add_to"]

_LOOK_SECONDS = 1.0
_log = logger(__name__)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    config: ConfigOption = None,
    role: Annotated[
        Role, typer.Option("--role", help="web: take messages in; worker: process them; all: both.")
    ] = Role.ALL,
    host: Annotated[str | None, typer.Option("--host", help="Listen on this address.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Listen on this port; 0 = any free port.")
    ] = None,
    operations_port: Annotated[
        int | None,
        typer.Option("--operations-port", min=0, max=65535, help="Port of health and operations; 0 = any free port."),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes that share the ports.")] = 1,
    one_of_many: Annotated[
        int | None, typer.Option("--one-of-many", hidden=True, help="Its number among those that share the ports.")
    ] = None,
) -> None:
    """Run the bridge until SIGTERM or SIGINT: the hub's webhook, the head-end system's events, and the worker.

    Prints its addresses on standard output. At the end it answers open requests and finishes the current work, exit
    code 0. Logs go to standard error. With SIGHUP it reads its settings and all files that they name anew.

    Example:

        csire-bridge serve --config config.toml --port 8080
    """
    from csire_bridge.service.processes import run_processes
    from csire_bridge.service.service_manager import ServiceManager
    from csire_bridge.service.startup_checks import check_settings

    read = partial(_settings, config, host, port, operations_port)
    settings, lowest = read(), logging.getLogger().level
    tell_storms = _start_logs(settings, lowest)
    check_settings(settings)
    manager = ServiceManager.of_this_process()
    if workers > 1:
        ready = partial(_announce, role, manager)
        run_processes(workers, settings, role, _words(config, role, host), ready, manager, read)
    else:
        _run(settings, role, one_of_many, manager, _Logs(tell_storms, lowest), read)


@dataclass
class _Logs:
    """How this process logs: what is to be called now and then, and the lowest level of ``--verbose``."""

    tell_storms: Callable[[], None]
    lowest: int

    def change(self, settings: Settings) -> None:
        """Log as the new settings say."""
        self.tell_storms = _start_logs(settings, self.lowest)


def _start_logs(settings: Settings, lowest: int) -> Callable[[], None]:
    """Log as the settings say, and more with ``--verbose``; return what is to be called now and then."""
    from csire_bridge.telemetry.log_output import set_up_logs

    wanted = settings.logging
    level = min(lowest, wanted.level.number)
    levels = {name: level.number for name, level in wanted.levels.items()}
    return set_up_logs(sys.stderr, level, levels, wanted.format).tell_storms


def _start_traces(settings: Settings) -> None:
    from csire_bridge.telemetry.traces import set_up_traces, web_exporter

    if settings.traces.endpoint is not None:
        set_up_traces(web_exporter(settings.traces.endpoint), settings.traces.share)


def _settings(config: Path | None, host: str | None, port: int | None, operations_port: int | None) -> Settings:
    web: dict[str, object] = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    if operations_port is not None:
        web["operations"] = {"port": operations_port}
    return load_settings(config, **({"web": web} if web else {}))


def _words(config: Path | None, role: Role, host: str | None) -> list[str]:
    given = {"--config": config, "--host": host}
    named = [word for option, value in given.items() if value is not None for word in (option, str(value))]
    return ["serve", "--role", role.value, *named]


def _run(
    settings: Settings,
    role: Role,
    one_of_many: int | None,
    manager: ServiceManager,
    logs: _Logs,
    read: Callable[[], Settings],
) -> None:
    from importlib.metadata import version

    from csire_bridge.service.processes import wanted_by_signal
    from csire_bridge.service.running_service import RunningService
    from csire_bridge.telemetry.traces import turn_off_traces

    stop, reload = threading.Event(), wanted_by_signal()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if one_of_many is not None:
        threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    _start_traces(settings)
    shared = one_of_many is not None
    service = RunningService(settings, role, _open, shared_ports=shared)
    try:
        service.start()
        _announce(role, manager, service.urls)
        _log.info("service.started", url=" ".join(service.urls), role=role, version=version("csire-bridge"))
        while not stop.wait(_LOOK_SECONDS):
            manager.alive()
            logs.tell_storms()
            if reload.is_set():
                reload.clear()
                _reload(service, role, manager, logs, read)
            broken = service.broken()
            if broken:
                raise OurFault(f"{', '.join(broken)} stopped by itself", "look at the log, and start the service again")
    finally:
        manager.stopping()
        service.stop()
        turn_off_traces()
        _log.info("service.stopped", role=role)


def _reload(
    service: RunningService, role: Role, manager: ServiceManager, logs: _Logs, read: Callable[[], Settings]
) -> None:
    """Go on with the settings as they are now; with the old ones if they are wrong, which the log tells."""
    manager.reloading()
    if service.reload(read):
        logs.change(service.settings)
    manager.started(_serves(service.urls, role))


def _open(settings: Settings, events: str) -> Bridge:
    from csire_bridge.service.wiring.bridge import Bridge

    return Bridge(settings, SteadyClock(), reply_address=settings.head_end.reply_address or events)


def _announce(role: Role, manager: ServiceManager, urls: Sequence[str]) -> None:
    """Tell the addresses, in one line that begins with the first, which programs read."""
    serves = _serves(urls, role)
    out.print(f"csire-bridge {serves}", highlight=False, soft_wrap=True)
    sys.stdout.flush()
    manager.started(serves)


def _serves(urls: Sequence[str], role: Role) -> str:
    return f"serves at {' and '.join(urls)} ({role.value})"


def _watch_parent(stop: threading.Event) -> None:
    """Stop when standard input closes: the parent process keeps it open as long as it runs."""
    sys.stdin.buffer.read()
    stop.set()
