"""The simulated head-end system as a whole is down, and comes back."""

from __future__ import annotations

import threading
from enum import StrEnum

from csire_bridge.lab.simulators.hes.delayed_work import DelayedWork
from csire_bridge.lab.simulators.http_server import HttpServer

__all__ = ["Outage", "Outages"]


class Outage(StrEnum):
    """How it is down: connections are refused, or taken and never answered."""

    REFUSED = "refused"
    SILENT = "silent"


class Outages:
    """Takes the system down and up again; what it had taken before waits meanwhile."""

    def __init__(self, http: HttpServer, work: DelayedWork) -> None:
        self._http, self._work = http, work
        self._lock = threading.Lock()
        self._up = threading.Event()
        self._up.set()
        self._end: threading.Timer | None = None

    @property
    def down(self) -> bool:
        """Whether it is down now."""
        return not self._up.is_set()

    def begin(self, how: Outage = Outage.REFUSED, seconds: float | None = None) -> None:
        """Go down, for ``seconds`` or until ``end``."""
        with self._lock:
            self._cancel_timer()
            self._up.clear()
            self._work.pause()
            if how is Outage.REFUSED:
                self._http.stop()
            if seconds is not None:
                self._end = threading.Timer(seconds, self.end)
                self._end.daemon = True
                self._end.start()

    def end(self) -> None:
        """Come back: commands whose time has not run out are run now."""
        with self._lock:
            self._cancel_timer()
            if self.down:
                self._http.start()
                self._work.resume()
                self._up.set()

    def give_up(self) -> None:
        """Release all waiting requests, because the simulator stops."""
        with self._lock:
            self._cancel_timer()
            self._up.set()

    def wait(self) -> None:
        """Return when it is up again."""
        self._up.wait()

    def _cancel_timer(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None
