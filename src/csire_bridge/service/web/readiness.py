"""Whether the service can do its work now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from csire_bridge.domain.errors import BridgeError
from csire_bridge.service.wiring.bridge import Bridge

__all__ = ["Readiness"]

_HOLDS_SECONDS = 1.0


class Readiness:
    """Checks the database and ``parts``, the threads that must run. The result is cached for a second."""

    def __init__(
        self, bridge: Bridge, parts: Callable[[], Mapping[str, bool]], waiting: Callable[[], Sequence[str]]
    ) -> None:
        """``waiting`` returns, as sentences, which parts run but make no progress."""
        self._bridge = bridge
        self._parts = parts
        self._waiting = waiting
        self._lock = threading.Lock()
        self._found: list[str] = []
        self._looked_at = -_HOLDS_SECONDS

    def reasons(self) -> list[str]:
        """What keeps the service from working, as sentences; empty if all is well."""
        with self._lock:
            if time.monotonic() - self._looked_at >= _HOLDS_SECONDS:
                self._found = self._look()
                self._looked_at = time.monotonic()
            return self._found

    def _look(self) -> list[str]:
        found = [f"{name} does not run -> restart the service" for name, runs in self._parts().items() if not runs]
        found += self._waiting()
        if not self._bridge.standard.catalogue.namespaces():
            found.append("no schemas are loaded -> look at the setting schemas")
        try:
            self._bridge.database.require_writable()
        except BridgeError as error:
            found.append(str(error))
        return found
