"""What needs a second person, and who that can be."""

from __future__ import annotations

from dataclasses import dataclass

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.people.actor import Actor, ActorKind

__all__ = [
    "ONE_PERSON",
    "NeedsSecondPerson",
    "SecondPersonRules",
    "require_in_person",
    "require_second_person",
    "same_person",
]


class NeedsSecondPerson(ActionRefused):
    """One person alone may not do this; nothing was changed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} needs a second person",
            "plan it as a job, start that, and have another person approve: csire-bridge jobs plan, or /api/v1/jobs",
        )


@dataclass(frozen=True, slots=True)
class SecondPersonRules:
    """What needs a second person: a job that would do more than ``above`` items (None: however many);
    releasing an emergency hold; lifting the stop switch.
    """

    above: int | None = None
    emergency_release: bool = False
    stop_lift: bool = False


ONE_PERSON = SecondPersonRules()
"""Nothing needs a second person."""


def same_person(one: str, other: str) -> bool:
    """Whether two names mean the same person: case and outer blanks don't count."""
    return one.strip().casefold() == other.strip().casefold()


def require_second_person(asked_by: str, approves: str) -> None:
    """Raise ValueError unless the two are different people."""
    if same_person(asked_by, approves):
        raise ValueError(f"{approves} asked for it, so somebody else must approve")


def require_in_person(actor: Actor, what: str) -> None:
    """Raise ActionRefused for a token: whoever holds two of them, or one and an account, would be two persons."""
    if actor.kind is ActorKind.TOKEN:
        raise ActionRefused(f"{what} needs two persons, and a token is none", "log in with an account of your own")
