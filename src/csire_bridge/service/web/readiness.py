"""Whether this process can do its work now, and if not, why."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import BridgeError
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.service.written_folders import nearest, takes_files, written_folders

__all__ = ["Readiness"]

_HOLDS_SECONDS = 1.0
_LONGEST_SECONDS = 5.0
_HANGS = "the checks themselves have not ended for 5 seconds -> look whether the database answers"


class Readiness:
    """Checks what the work needs. The result is cached for a second, and the checks write nothing."""

    def __init__(
        self,
        bridge: Bridge,
        parts: Callable[[], Mapping[str, bool]],
        waiting: Callable[[], Sequence[str]],
        clocks_apart: Callable[[], timedelta | None],
    ) -> None:
        """``parts`` are the threads that must run; ``waiting`` returns, as sentences, which of them make no progress.

        ``clocks_apart`` is by how much the clocks differed when they were last compared; None if they agreed.
        """
        self._bridge = bridge
        self._parts = parts
        self._waiting = waiting
        self._clocks_apart = clocks_apart
        self._lock = threading.Lock()
        self._found: list[str] = []
        self._looked_at = -_HOLDS_SECONDS

    def reasons(self) -> list[str]:
        """What keeps the service from working, as sentences with remedies; empty if all is well."""
        if not self._lock.acquire(timeout=_LONGEST_SECONDS):
            return [_HANGS]
        try:
            if time.monotonic() - self._looked_at >= _HOLDS_SECONDS:
                self._found = list(self._look())
                self._looked_at = time.monotonic()
            return self._found
        finally:
            self._lock.release()

    def _look(self) -> Iterator[str]:
        yield from (f"{name} does not run -> restart the service" for name, runs in self._parts().items() if not runs)
        yield from self._waiting()
        if not self._bridge.standard.catalogue.namespaces():
            yield "no schemas are loaded -> look at the setting schemas"
        yield from self._signature()
        yield from self._disk()
        yield from self._clocks()
        try:
            self._bridge.database.require_writable()
        except BridgeError as error:
            yield str(error)

    def _signature(self) -> Iterator[str]:
        now = self._bridge.clock()
        own = self._bridge.signing_keys.at(now).certificate
        if now > own.not_valid_after_utc:
            end = own.not_valid_after_utc.astimezone(WARSAW)
            yield (
                f"our signing certificate ended on {end:%Y-%m-%d %H:%M} (Polish time): partners refuse what we sign "
                "-> put a new key and certificate in its place (docs/keys.md)"
            )
        elif now < own.not_valid_before_utc:
            begin = own.not_valid_before_utc.astimezone(WARSAW)
            yield (
                f"our signing certificate is valid from {begin:%Y-%m-%d %H:%M} (Polish time) only -> look at the clock "
                "of this machine, and at the setting signing_certificate"
            )

    def _disk(self) -> Iterator[str]:
        least = int(self._bridge.settings.health.free_megabytes * 1_000_000)
        for folder in self._written():
            try:
                free = shutil.disk_usage(folder).free
            except OSError as error:
                yield f"the folder {folder} can't be used: {error.strerror} -> make it, or correct the settings"
                continue
            if not takes_files(folder):
                yield f"nothing can be written in the folder {folder} -> let the user of the service write there"
            if free < least:
                yield (
                    f"the disk of {folder} has {free // 1_000_000} MB free, less than {least // 1_000_000} MB "
                    "(health.free_megabytes) -> free space there"
                )

    def _written(self) -> Iterator[Path]:
        """The folders on this machine into which the bridge writes; those that it has yet to make count as their own
        parents."""
        file = self._bridge.database.file
        folders = {*written_folders(self._bridge.settings).values(), *([file.parent.absolute()] if file else [])}
        yield from sorted({nearest(folder) for folder in folders})

    def _clocks(self) -> Iterator[str]:
        apart = self._clocks_apart()
        most = self._bridge.settings.health.clock_seconds
        if apart is not None and abs(apart) > timedelta(seconds=most):
            whose = "the database server's" if self._bridge.database.is_postgresql else "this machine's"
            yield (
                f"a clock differs by {abs(apart).total_seconds():.0f} s from {whose}, more than {most:g} s "
                "(health.clock_seconds) -> set it right; see Clocks in docs/operating.md"
            )
