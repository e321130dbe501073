"""The metering points of a simulation and their meters, each the same for the same seed and number."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ControlState
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.protection import NOT_PROTECTED, ProtectedKind, Protection
from csire_bridge.lab.shared.workload import point_code
from csire_bridge.lab.simulation.pattern import Asked, Wish
from csire_bridge.lab.simulators.meter.meter import Meter

__all__ = ["SUPPLIER", "Population", "index_of", "meter_name"]

SUPPLIER = "19XPL-RZE-SA---V"
_PREFIX = "SIM"
_CLOSES, _ARMS = 2, 3
_ARMING = 0.05
_PROTECTED = 0.005
_NO_CONTACTOR = 0.005
_OFF_BEFORE = 0.5
_KINDS = (ProtectedKind.VULNERABLE, ProtectedKind.HOME_VENTILATION, ProtectedKind.NATIONAL_DEFENCE)


def meter_name(index: int) -> MeterNumber:
    """The number of the meter ``index``, counted from 0."""
    return MeterNumber(f"{_PREFIX}{index:08d}")


def index_of(meter: MeterNumber) -> int:
    """Which meter it is, counted from 0."""
    return int(meter.removeprefix(_PREFIX))


@dataclass(frozen=True)
class Population:
    """Meters by number; made when they are asked for.

    5 % only arm, and the customer closes the contactor; at 0.5 % of the points no debt may be collected (PL-055), 0.5 %
    have no contactor. ``protected`` is the share of households that the law protects.
    """

    seed: int
    clock: Callable[[], datetime]
    protected: float = 0.0

    def protection(self, index: int) -> Protection:
        """The protection of the household at a meter: 85 % of the protected ones are vulnerable customers."""
        rng = self._chance(index, "protection")
        if rng.random() >= self.protected:
            return NOT_PROTECTED
        return Protection.of(rng.choices(_KINDS, (85, 14, 1))[0])

    def point(self, first: Asked) -> MeteringPoint:
        """What the registry knows of the point at which ``first`` is the first order."""
        rng = self._chance(first.meter)
        protected, bare = rng.random() < _PROTECTED, rng.random() < _NO_CONTACTOR
        return MeteringPoint(
            code=point_code(first.meter),
            updated_at=self.clock(),
            meter=meter_name(first.meter),
            meter_kind="CK0203" if bare else "CK0201",
            has_contactor=not bare,
            supplier=SUPPLIER,
            tariff_group="G11",
            contracted_power=Decimal(12),
            prepaid=first.wish is Wish.PREPAID_OFF,
            can_be_suspended=not protected,
            protection=self.protection(first.meter),
            danger_registered=False,
            connected=self._state(first) is ControlState.CONNECTED,
        )

    def meter(self, first: Asked) -> Meter:
        """The meter at which ``first`` is the first order."""
        arms = self._chance(first.meter, "mode").random() < _ARMING
        state = self._state(first)
        return Meter(meter_name(first.meter), mode=_ARMS if arms else _CLOSES, state=state, clock=self.clock)

    def _state(self, first: Asked) -> ControlState:
        """The supply at the start; often off where somebody moves in."""
        empty = first.wish is Wish.AGREEMENT_START and self._chance(first.meter, "state").random() < _OFF_BEFORE
        return ControlState.DISCONNECTED if empty else ControlState.CONNECTED

    def _chance(self, index: int, what: str = "point") -> random.Random:
        return random.Random(f"{self.seed}/{what}/{index}")  # noqa: S311 - a simulation
