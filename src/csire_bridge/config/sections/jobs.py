"""Settings of jobs: how large they may be, and what needs a second person."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from csire_bridge.config.sections.peers.parties import Part
from csire_bridge.domain.people.second_person import SecondPersonRules

__all__ = ["JobSettings", "TwoPersons"]


class TwoPersons(StrEnum):
    """Acts that need a second person where the settings say so."""

    EMERGENCY_RELEASE = "emergency-release"
    STOP_LIFT = "stop-lift"


class JobSettings(Part):
    """An act on a set has ``most_items`` items at most.

    An act on more than ``second_person_above`` things at once needs a second person, and so do the acts of
    ``second_person_for``: releasing an emergency hold, lifting the stop switch. Without them nothing does but going
    above the hourly cap, which always needs two.
    """

    most_items: int = Field(default=10_000, gt=0, le=100_000)
    second_person_above: int | None = Field(default=None, ge=0)
    second_person_for: tuple[TwoPersons, ...] = ()

    def rules(self) -> SecondPersonRules:
        """What needs a second person, as a value of the domain."""
        return SecondPersonRules(
            above=self.second_person_above,
            emergency_release=TwoPersons.EMERGENCY_RELEASE in self.second_person_for,
            stop_lift=TwoPersons.STOP_LIFT in self.second_person_for,
        )
