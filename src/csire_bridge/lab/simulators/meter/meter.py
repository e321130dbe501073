"""Simulated meters: COSEM class 70 "Disconnect control" (IEC 62056-6-2), object 0.0.96.3.10.255.

How they are reached over TCP is in ``server``, what they count in ``load``, and their tariffs in ``calendar``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ControlState
from csire_bridge.lab.simulators.meter.calendar import Calendars
from csire_bridge.lab.simulators.meter.load import Load

__all__ = ["Meter", "MethodRefused", "utc_now"]

_ARMING_MODES = frozenset({1, 3, 5, 6})
_MODES = range(7)


def utc_now() -> datetime:
    """The time of this machine, aware UTC."""
    return datetime.now(UTC)


class MethodRefused(Exception):
    """The contactor can't be switched remotely (mode 0)."""


@dataclass(slots=True)
class Meter:
    """One meter with a contactor; safe to use from several threads.

    ``mode`` is attribute ``control_mode``: 0 can't be switched, in 2 and 4 a remote reconnection closes the contactor,
    in 1, 3, 5 and 6 it only arms it. ``last_switch`` (UTC) is when ``control_state`` last changed. ``stuck`` is a
    fault: methods answer with success, and the contactor does not move.
    """

    number: MeterNumber
    mode: int = 2
    state: ControlState = ControlState.CONNECTED
    clock: Callable[[], datetime] = utc_now
    last_switch: datetime = field(default=datetime(2000, 1, 1, tzinfo=UTC))
    switches: int = 0
    stuck: bool = False
    calendars: Calendars = field(default_factory=Calendars)
    load: Load = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        if self.mode not in _MODES:
            raise ValueError(f"control mode {self.mode} is not one of 0 to 6")
        self.load = Load.of(self.number, self.clock())

    @property
    def output_state(self) -> bool:
        """True while the supply is on."""
        return self.state is ControlState.CONNECTED

    def counters(self) -> dict[str, int]:
        """Watt-hours of now, by OBIS code."""
        with self._lock:
            self.load.advance(self.clock(), self.output_state)
            return self.load.counters()

    def tariffs(self) -> Calendars:
        """The calendars as they are now."""
        with self._lock:
            self.calendars.advance(self.clock())
            return replace(self.calendars)

    def write_passive(self, name: str | None = None, activate_at: datetime | None = None) -> None:
        """Change the name, or the time, of the passive calendar."""
        with self._lock:
            self.calendars.advance(self.clock())
            if name is not None:
                self.calendars.passive, self.calendars.activate_at = name, None
            else:
                self.calendars.activate_at = activate_at

    def activate_passive(self) -> None:
        """Method 1 of the calendar."""
        with self._lock:
            self.calendars.activate()

    def remote_disconnect(self) -> None:
        """Method 1: open the contactor, from whatever state."""
        self._refuse_mode_0()
        self._switch(ControlState.DISCONNECTED)

    def remote_reconnect(self) -> None:
        """Method 2: close the contactor, or arm it; no effect on a connected one."""
        self._refuse_mode_0()
        arms = self.mode in _ARMING_MODES
        target = ControlState.READY_FOR_RECONNECTION if arms else ControlState.CONNECTED
        self._switch(target, unless=ControlState.CONNECTED)

    def press_button(self) -> bool:
        """The customer presses the button; true when it closed the contactor, which needs an armed one."""
        return self._switch(ControlState.CONNECTED, only_from=ControlState.READY_FOR_RECONNECTION)

    def _refuse_mode_0(self) -> None:
        if self.mode == 0:
            raise MethodRefused(f"meter {self.number} is in control mode 0")

    def _switch(
        self, target: ControlState, unless: ControlState | None = None, only_from: ControlState | None = None
    ) -> bool:
        with self._lock:
            wrong_start = only_from is not None and self.state is not only_from
            if self.stuck or wrong_start or self.state in (target, unless):
                return False
            now = self.clock()
            self.load.advance(now, self.output_state)
            self.state, self.last_switch = target, now
            self.switches += 1
            return True
