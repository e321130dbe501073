"""Settings of the execution: its limits, and what counts as done. Times are in seconds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from csire_bridge.config.sections.peers.parties import Part

__all__ = ["AgreementSettings", "ExecutionSettings"]


class ExecutionSettings(Part):
    """How many commands may be sent, how failures are handled, and what counts as done.

    ``disconnections_per_hour`` holds for all nodes together; more need two persons (``csire-bridge allow``).
    ``commands_per_second`` is for each worker process. ``meter_pause_seconds`` lie between two commands to one meter,
    ``again_seconds`` before the second command for one order; later pauses double. A command may still act
    ``expiry_margin_seconds`` after its end by the head-end system's own clock, as its replies tell it; where they
    don't, that clock may be ``unmeasured_clock_seconds`` behind ours. ``armed_counts`` says that a reconnection is done
    once the customer can switch on at the meter. ``field_work`` is when a field crew is sent: never, once the attempts
    are used up, or always when the remote command fails. After ``circuit_failures`` calls in a row without an answer,
    the head-end system is not called for ``circuit_seconds``, doubling up to ``circuit_longest_seconds``.
    """

    disconnections_per_hour: int = Field(default=100, ge=0)
    commands_per_second: float = Field(default=30, gt=0)
    meter_pause_seconds: float = Field(default=20, ge=0)
    again_seconds: float = Field(default=30, ge=0)
    expiry_margin_seconds: float = Field(default=30, ge=0)
    unmeasured_clock_seconds: float = Field(default=300, ge=0)
    recheck_seconds: float = Field(default=60, gt=0)
    armed_counts: bool = False
    field_work: Literal["never", "exhausted", "always"] = "exhausted"
    circuit_failures: int = Field(default=5, gt=0)
    circuit_seconds: float = Field(default=10, gt=0)
    circuit_longest_seconds: float = Field(default=120, gt=0)


class AgreementSettings(Part):
    """Which steps an agreement has when it starts and when it ends, and their times.

    A new tariff is written into the meter ``tariff_ahead_hours`` before its date, on which the meter itself changes
    over. An agreement ends at the start of its date; with ``last_day_counts`` at the end of that day.
    """

    start: tuple[Literal["tariff", "connect", "read"], ...] = ("tariff", "connect", "read")
    end: tuple[Literal["read", "disconnect"], ...] = ("read", "disconnect")
    tariff_ahead_hours: float = Field(default=12, ge=0)
    last_day_counts: bool = False
