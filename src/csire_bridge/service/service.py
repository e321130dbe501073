"""The bridge as a service: its threads, and how they end without losing anything.

Everything that was acknowledged is in the database, so a shutdown only has to be polite: stop accepting, answer open
requests, finish the current batch. What a thread can't finish goes to the next process when its lease runs out.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta

from csire_bridge.channels.hes.event_endpoint import EVENTS_PATH
from csire_bridge.channels.hub.queue_poller import QueuePoller
from csire_bridge.channels.sid.order_fetcher import OrderFetcher
from csire_bridge.config.role import Role
from csire_bridge.config.sections.running.web import WebSettings
from csire_bridge.domain.errors import BridgeError
from csire_bridge.runtime.steady_clock import SteadyClock
from csire_bridge.service.web.doors import Door, OpenAddress, address_of, open_addresses
from csire_bridge.service.web.open_doors import OpenDoors
from csire_bridge.service.web.readiness import Readiness
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.service.wiring.bridge_sid import SidSide
from csire_bridge.telemetry.logs import logger
from csire_bridge.worker.clock_watch import ClockWatch
from csire_bridge.worker.queue_silence import Silence
from csire_bridge.worker.scheduler import Ticker
from csire_bridge.worker.work_loop import Worker

__all__ = ["Service"]

_log = logger(__name__)
_AFTER_FAILURE_SECONDS = 5.0
_POLLER_SECONDS = 5.0
_CLOCK_SECONDS = 1.0
_HUB_QUEUE, _SID, _SID_ORDERS = "hub queue", "sid", "sid orders"
_WAITS_FOR_OTHERS = frozenset({_HUB_QUEUE, _SID, _SID_ORDERS})
_SWITCH_SECONDS = 0.001  # door and intake share the interpreter; with Python's 5 ms they wait for each other


class Service:
    """One process of the service; ``shared_ports`` lets others listen at the same addresses."""

    def __init__(
        self,
        open_bridge: Callable[[str], Bridge],
        web: WebSettings,
        role: Role,
        *,
        shared_ports: bool,
        bound: Sequence[OpenAddress] = (),
    ) -> None:
        """``open_bridge`` is given the address at which events of the head-end system arrive. ``bound``: addresses of
        this process that are bound already; they are closed at the end.
        """
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._ticker: Ticker | None = None
        self._clocks: ClockWatch | None = None
        self._role = role
        with ExitStack() as failed:
            opened = bound or open_addresses(web, role, shared=shared_ports)
            for one in opened:
                failed.callback(one.listener.close)
            self.addresses = [one.address for one in opened]
            """Where this process listens, first where messages arrive."""
            self.bridge = open_bridge(f"{self._url_of(Door.EVENTS, web)}{EVENTS_PATH}")
            failed.callback(self.bridge.close)
            readiness = Readiness(self.bridge, self._parts, self._waiting, self._clocks_apart)
            self._doors = OpenDoors(self.bridge, opened, readiness)
            failed.pop_all()

    @property
    def url(self) -> str:
        """The first of its addresses."""
        return self.addresses[0].url

    def _url_of(self, door: Door, web: WebSettings) -> str:
        """Where a door is: here, or where another process opens it."""
        here = next((address for address in self.addresses if door in address.doors), None)
        return (here or address_of(door, web)).url

    def start(self) -> None:
        """Return when the service answers."""
        self._begin()
        self.work()
        self._doors.start()

    def open(self) -> None:
        """Return when the service answers; the work waits for ``work``."""
        self._begin()
        self._doors.start()

    def _begin(self) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._watch_clocks()

    def work(self) -> None:
        """Begin to work, as far as that is this process's role."""
        if self._role is not Role.WEB:
            self._start_thread("worker", lambda: self._work(self.bridge.worker, "the worker"))
            self._ticker = self.bridge.ticker()
            self._ticker.start()
            poller = self.bridge.poller()
            if poller:
                self._start_thread(_HUB_QUEUE, lambda: self._poll(poller))
            else:
                self._silence(_HUB_QUEUE).answered()
            if self.bridge.sid:
                self._start_sid(self.bridge.sid)

    def _watch_clocks(self) -> None:
        """Synchronise the bridge's internal time with the other processes, and compare it from then on."""
        bridge = self.bridge
        if isinstance(bridge.clock, SteadyClock):
            watch = self._clocks = ClockWatch(
                bridge.database, bridge.clock, bridge.worker.name, stepped=self._clock_was_set
            )
            watch.begin()
            self._start_thread("clock", lambda: self._compare(watch))

    def _clock_was_set(self) -> None:
        if self._ticker:
            self._ticker.look_now()

    def _compare(self, watch: ClockWatch) -> None:
        while not self._stop.wait(_CLOCK_SECONDS):
            try:
                watch.look()
            except Exception as error:  # noqa: BLE001 - it is tried again
                _tell("comparing the clocks", error)
        watch.end()

    def _start_sid(self, sid: SidSide) -> None:
        """Start the threads for SID."""
        self._start_thread(_SID, lambda: self._work(sid.worker, "the work for SID"))
        fetcher = sid.fetcher()
        if fetcher:
            self._start_thread(_SID_ORDERS, lambda: self._fetch(sid, fetcher))
        else:
            self._silence(_SID_ORDERS).answered()

    def stop(self) -> None:
        """Stop accepting, answer open requests, finish the current work; then release everything."""
        with ExitStack() as last:
            last.callback(self.bridge.close)
            last.callback(self._doors.stop)
            self._doors.stop_messages()
            self._stop.set()
            if self._ticker:
                last.callback(self._ticker.stop)
            self.bridge.worker.wake()
            if self.bridge.sid:
                self.bridge.sid.worker.wake()
            for thread in self._threads:  # who waits for a partner holds nothing that could be lost
                thread.join(_POLLER_SECONDS if thread.name in _WAITS_FOR_OTHERS else None)

    def broken(self) -> list[str]:
        """The parts that have stopped by themselves."""
        return [name for name, runs in self._parts().items() if not runs]

    def _parts(self) -> dict[str, bool]:
        ticker = {"ticker": self._ticker.runs} if self._ticker else {}
        return {**self._doors.parts(), **ticker, **{thread.name: thread.is_alive() for thread in self._threads}}

    def _waiting(self) -> list[str]:
        silent = self._ticker is not None and self._ticker.silent
        return ["the scheduler has not run for a minute -> look whether the database answers"] if silent else []

    def _clocks_apart(self) -> timedelta | None:
        return self._clocks.apart if self._clocks else None

    def _start_thread(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, worker: Worker, name: str) -> None:
        rest = self.bridge.settings.worker.idle_seconds
        while not self._stop.is_set():
            try:
                worker.run(self._stop, lambda: worker.rest(rest))
            except Exception as error:  # noqa: BLE001 - a full disk must not end the service
                _tell(name, error)
                self._stop.wait(_AFTER_FAILURE_SECONDS)

    def _silence(self, name: str) -> Silence:
        return Silence(self.bridge.database, self.bridge.clock, name)

    def _poll(self, poller: QueuePoller) -> None:
        silence = self._silence(_HUB_QUEUE)
        while not self._stop.is_set():
            self._look("the hub's queue", silence, self.bridge.may_poll, poller.drain)
            self._stop.wait(poller.next_wait().total_seconds())
        self.bridge.stop_polling()

    def _fetch(self, sid: SidSide, fetcher: OrderFetcher) -> None:
        silence = self._silence(_SID_ORDERS)
        while not self._stop.is_set():
            self._look("fetching SID's orders", silence, sid.may_fetch, fetcher.drain)
            self._stop.wait(fetcher.next_wait().total_seconds())
        sid.stop_fetching()

    def _look(self, what: str, silence: Silence, may: Callable[[], bool], drain: Callable[[], int]) -> None:
        """Poll a partner's queue if we hold its lease; the time since polling fails is recorded for the alert."""
        try:
            if may():
                drain()
                silence.answered()
        except Exception as error:  # noqa: BLE001 - it is tried again
            _tell(what, error)
            try:
                silence.failed(error)
            except BridgeError as failure:
                _tell(f"{what}: noting that", failure)


def _tell(what: str, error: Exception) -> None:
    _log.error("part.failed", part=what, why=error, exc_info=None if isinstance(error, BridgeError) else error)
