"""Watches the clocks around a process: a clock that is set is noticed and reported, and changes no order's result.

With PostgreSQL, all processes follow the server's clock, and the machine's clock is the witness. With SQLite the
machine's clock is followed, and processes on the same machine share one time.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from csire_bridge.domain.clock import aware_utc
from csire_bridge.domain.operations.steady_time import DRIFT, ClockVerdict, judge_clocks
from csire_bridge.runtime.steady_clock import SteadyClock
from csire_bridge.store.database import Database
from csire_bridge.store.scheduling.process_clocks import ProcessClock
from csire_bridge.telemetry.logs import logger

__all__ = ["ClockWatch", "machine_run"]

_log = logger(__name__)
_FROZEN_SECONDS = 10.0
_MEASURE_SECONDS = 5.0
_ALIVE_SECONDS = 3 * _MEASURE_SECONDS
_SLOW_ANSWER_SECONDS = 1.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def machine_run() -> str:
    """The id of this boot of this machine."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return socket.gethostname()


class ClockWatch:
    """For one thread of one process; ``look`` is called about once a second."""

    def __init__(
        self,
        database: Database,
        clock: SteadyClock,
        process: str,
        *,
        machine: str | None = None,
        stepped: Callable[[], None] = lambda: None,
        witness: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        """``stepped`` is called if the machine's clock was set, because waits planned by it must be checked again.

        ``witness`` returns the time (UTC) of a clock outside of this machine, for use without a database server.
        """
        self._database = database
        self._clock = clock
        self._process = process
        self._machine = machine or machine_run()
        self._stepped = stepped
        self._witness = witness
        self._looked = (clock.ticks(), clock.machine())
        self._measured_at = clock.ticks() - _MEASURE_SECONDS
        self._differs_since: datetime | None = None
        self.apart: timedelta | None = None
        """By how much the clocks differed when they were last compared; None if they agreed."""

    def begin(self) -> None:
        """Start with the common time: the server's, or that of another process on this machine."""
        with self._database.read_transaction() as tx:
            before = self._clock.ticks()
            shared = tx.clocks.of_the_server() or self._of_a_neighbour(tx.clocks.newest_on(self._machine))
        if shared is not None and self._clock.ticks() - before <= _SLOW_ANSWER_SECONDS:
            own = self._clock()
            if abs(shared - own) > DRIFT:
                _log.warning("clock.shared", ahead_seconds=(shared - own).total_seconds())
            self._clock.take_over(shared)
        self.look()

    def look(self) -> None:
        """Notice that the machine was suspended or a clock was set; compare the clocks now and then."""
        ticks, machine = self._clock.ticks(), self._clock.machine()
        passed, shown = ticks - self._looked[0], (machine - self._looked[1]).total_seconds()
        self._looked = (ticks, machine)
        if passed > _FROZEN_SECONDS:
            _log.warning("process.stood_still", seconds=round(passed))
        set_by = timedelta(seconds=shown - passed)
        if abs(set_by) > DRIFT:
            _log.warning("clock.set", by_seconds=set_by.total_seconds())
            self._stepped()
        if abs(set_by) > DRIFT or ticks - self._measured_at >= _MEASURE_SECONDS:
            self._measured_at = ticks
            self._compare()

    def end(self) -> None:
        """Delete this process's row."""
        with self._database.transaction() as tx:
            tx.clocks.forget(self._process, self._clock())

    def _of_a_neighbour(self, row: ProcessClock | None) -> datetime | None:
        """The time of another process on this machine; None if there is none, or its row is from an earlier boot."""
        age = None if row is None else self._clock.ticks() - row.ticks
        return row.at + timedelta(seconds=age) if row and age is not None and 0 <= age <= _ALIVE_SECONDS else None

    def _compare(self) -> None:
        with self._database.transaction() as tx:
            before = self._clock.ticks()
            server = tx.clocks.of_the_server()
            if self._clock.ticks() - before > _SLOW_ANSWER_SECONDS:
                return  # nobody knows when it looked
            own, machine = self._clock(), self._clock.machine()
            reference = machine if server is None else aware_utc(server)
            witness = self._witness() if server is None else machine
            verdict = judge_clocks(own, reference, witness)
            if verdict is ClockVerdict.TAKE_OVER and reference < own:
                tx.look_anew(reference)
            ahead = reference - own
            kept = ahead if verdict is ClockVerdict.KEEP else self._of_the_machine(verdict, machine, reference)
            self.apart = kept
            self._differs(kept, reference if verdict is ClockVerdict.TAKE_OVER else own)
            self._act(verdict, ahead, reference)
            row = ProcessClock(
                process=self._process,
                machine=self._machine,
                ticks=self._clock.ticks(),
                at=self._clock(),
                differs_since=self._differs_since,
                ahead=kept.total_seconds() if kept else None,
            )
            tx.clocks.note(row)

    def _of_the_machine(self, verdict: ClockVerdict, machine: datetime, reference: datetime) -> timedelta | None:
        """By how much the machine's own clock is wrong, although our time is right; None if it is right."""
        apart = machine - reference
        return apart if verdict is ClockVerdict.FOLLOW and abs(apart) > DRIFT * 2 else None

    def _differs(self, apart: timedelta | None, now: datetime) -> None:
        if apart is None:
            if self._differs_since is not None:
                _log.warning("clock.agrees")
            self._differs_since = None
        elif self._differs_since is None:
            self._differs_since = now
            _log.error("clock.disagrees", apart_seconds=abs(apart.total_seconds()))

    def _act(self, verdict: ClockVerdict, ahead: timedelta, reference: datetime) -> None:
        if verdict is ClockVerdict.FOLLOW:
            self._clock.follow(ahead)
        elif verdict is ClockVerdict.TAKE_OVER:
            _log.warning("clock.corrected", by_seconds=ahead.total_seconds())
            self._clock.take_over(reference)
