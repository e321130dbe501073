"""The service of one process, which is put together anew while it runs when its settings or their files change.

There is one mechanism for everything: the new settings are read and checked as at a start, a second service is made of
them on the same sockets, it opens its doors, then the first one ends politely, then the second one begins to work. No
caller finds a closed door, no meter gets commands from both, and a mistake leaves the first one as it is.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from pydantic import BaseModel

from csire_bridge.config.role import Role
from csire_bridge.config.settings import Settings
from csire_bridge.config.shown import changes
from csire_bridge.domain.errors import BridgeError
from csire_bridge.domain.people.actor import ActorKind, Origin, trusted
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.service import Service
from csire_bridge.service.startup_checks import check_settings
from csire_bridge.service.web.doors import OpenAddress, addresses, open_addresses
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import Database
from csire_bridge.telemetry.logs import logger

__all__ = ["Change", "RunningService", "needs_restart", "tell_refused"]

_log = logger(__name__)
_Group = TypeVar("_Group", bound=BaseModel)


def needs_restart(name: str) -> bool:
    """Whether a setting counts from the next start only: the database, where traces go, and where we listen."""
    group, last = name.split(".", maxsplit=1)[0], name.rsplit(".", maxsplit=1)[-1]
    return group in ("database", "traces") or (group == "web" and last in ("host", "port"))


@dataclass(frozen=True)
class Change:
    """Settings to go on with: what needs a restart has its old value. ``now`` and ``late`` are the names of those that
    have changed and count now, and from the next start only.
    """

    settings: Settings
    now: list[str]
    late: list[str]

    @classmethod
    def of(cls, old: Settings, read: Callable[[], Settings]) -> Change:
        """What ``read`` gives, checked as at a start. Raises ConfigurationError with everything that is wrong."""
        settings = read()
        names = changes(old, settings)
        late = [name for name in names if needs_restart(name)]
        for name in late:
            settings = _with_old(settings, old, name.split("."))
        check_settings(settings)
        return cls(settings, [name for name in names if name not in late], late)

    def note(self) -> None:
        """Write into the audit which settings count from now on. Raises StoreFailure."""
        by = trusted("csire-bridge", Origin(host=socket.gethostname()), ActorKind.SYSTEM_USER)
        told = {"now": self.now, "late": self.late}
        with closing(Database(self.settings.database)) as store, store.transaction() as tx:
            note(tx, by, Act.SETTINGS_RELOAD, "settings", system_clock(), "asked for by a signal", after=told)

    def tell(self) -> None:
        """Log what has changed."""
        _log.info("settings.reloaded", changed=self.now)
        if self.late:
            _log.warning("settings.need_restart", names=self.late)


def tell_refused(error: Exception) -> None:
    """Log why the old settings go on."""
    _log.error("settings.refused", why=error, exc_info=None if isinstance(error, BridgeError) else error)


class RunningService:
    """The service, and its sockets for as long as the process lives. Its own thread calls it."""

    def __init__(
        self, settings: Settings, role: Role, open_bridge: Callable[[Settings, str], Bridge], *, shared_ports: bool
    ) -> None:
        """``open_bridge`` is given the settings, and where the head-end system's events arrive."""
        self.settings = settings
        self._role = role
        self._open_bridge = open_bridge
        self._held = open_addresses(settings.web, role, shared=shared_ports)
        self._service = self._made_of(settings)

    def _made_of(self, settings: Settings) -> Service:
        held = {one.address.setting: one for one in self._held}
        pairs = [(address, held[address.setting]) for address in addresses(settings.web, self._role)]
        bound = [OpenAddress(replace(new, port=one.address.port), one.listener.dup()) for new, one in pairs]
        return Service(partial(self._open_bridge, settings), settings.web, self._role, shared_ports=False, bound=bound)

    @property
    def urls(self) -> list[str]:
        """Where it listens, first where messages arrive."""
        return [one.address.url for one in self._held]

    def start(self) -> None:
        """Return when it answers."""
        self._service.start()

    def broken(self) -> list[str]:
        """The parts that have stopped by themselves."""
        return self._service.broken()

    def reload(self, read: Callable[[], Settings]) -> bool:
        """Go on with the settings that ``read`` gives; with the old ones, and False, if something is wrong.

        What needs a restart keeps its value, and is told.
        """
        try:
            change = Change.of(self.settings, read)
            change.note()
            self._exchange(self._made_of(change.settings))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new settings, the old ones serve
            tell_refused(error)
            return False
        self.settings = change.settings
        change.tell()
        return True

    def _exchange(self, fresh: Service) -> None:
        """Let ``fresh`` take the place of the service, unless it can't open its doors: it raises then."""
        with ExitStack() as failed:
            failed.callback(fresh.stop)
            fresh.open()
            failed.pop_all()
        before, self._service = self._service, fresh
        try:
            before.stop()
        finally:
            fresh.work()

    def stop(self) -> None:
        """End politely, and give the addresses up."""
        try:
            self._service.stop()
        finally:
            for one in self._held:
                one.listener.close()


def _with_old(wanted: _Group, old: _Group, key: list[str]) -> _Group:
    """``wanted`` with the old value of one setting."""
    name, *below = key
    value = _with_old(getattr(wanted, name), getattr(old, name), below) if below else getattr(old, name)
    return wanted.model_copy(update={name: value})
