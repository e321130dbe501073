"""All open connections of one address. At the limit, a new one closes an idle one."""

from __future__ import annotations

from typing import Protocol

from csire_bridge.channels.transport.inbound.caller_address import is_among, networks
from csire_bridge.config.sections.running.web import WebSettings

__all__ = ["Connection", "Connections"]


class Connection(Protocol):
    """An open connection: whether no request is in work, whether one ever was; ``abort`` closes it at once."""

    @property
    def is_idle(self) -> bool: ...
    @property
    def has_served(self) -> bool: ...
    def abort(self) -> None: ...


class Connections:
    """The open connections of each caller's address, the oldest first.

    Named proxies have no limit of their own, because many callers use each of them.
    """

    def __init__(self, web: WebSettings) -> None:
        self._most, self._most_of_address = web.connections, web.connections_per_address
        self._proxies = networks(web.trusted_proxies)
        self._open: dict[str, dict[Connection, None]] = {}

    def add(self, one: Connection, address: str) -> bool:
        """Enter a connection; False when there is no room, because all that could go are busy."""
        mine = self._open.setdefault(address, {})
        mine[one] = None
        if len(mine) > self._most_of_address and not is_among(self._proxies, address):
            return self._push_out(mine, one)
        if sum(map(len, self._open.values())) > self._most:
            crowds = sorted(self._open.values(), key=len, reverse=True)
            return any(self._push_out(crowd, one) for crowd in crowds)
        return True

    def remove(self, one: Connection, address: str) -> None:
        """A connection is closed."""
        mine = self._open.get(address, {})
        mine.pop(one, None)
        if not mine:
            self._open.pop(address, None)

    @staticmethod
    def _push_out(crowd: dict[Connection, None], newcomer: Connection) -> bool:
        """Close the oldest that waits for a request, before all others one that has never sent a whole one."""
        idle = [one for one in crowd if one is not newcomer and one.is_idle]
        chosen = next((one for one in idle if not one.has_served), idle[0] if idle else None)
        if chosen is None:
            return False
        del crowd[chosen]
        chosen.abort()
        return True
