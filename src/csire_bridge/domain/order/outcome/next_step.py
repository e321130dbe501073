"""The decision after a read-back: what happens to an order, from what is known of its command and contactor.

"Not there" is not "never": a command that the head-end system does not know may still be on its way to it. It may run
until its end by that system's own clock, unless the system confirmed that it dropped the command, or reported that it
ran and the contactor shows so. While it may run, the order stays open. It may become done, if the contactor shows what
was asked for; then its meter stays reserved until the command's end.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Ending", "Known", "NextStep", "Shown", "Wish", "next_step"]


class Shown(Enum):
    """What the contactor showed after the command, compared with what the order asks for."""

    WANTED = "as it was asked for"
    ARMED = "ready for reconnection; the supply is still off"
    AS_BEFORE = "not moved"
    UNCLEAR = "neither as before nor as asked for"
    UNREAD = "it could not be read now"
    UNREADABLE = "the head-end system refuses to read it"


class Ending(Enum):
    """How the command has ended, if it has."""

    DROPPED = "the head-end system has confirmed that it dropped it"
    RAN = "the head-end system has told that it was run, and the contactor shows so"
    PASSED = "its end has passed by the head-end system's own clock, and the contactor was asked after that"
    OPEN = "it may still run"


class Wish(Enum):
    """Whether what the order asks for is still wanted."""

    WANTED = "wanted"
    TAKEN_BACK = "taken back by whoever asked for it"
    SUPERSEDED = "a newer connection goes first, or a cut because of danger"


class NextStep(Enum):
    """What happens to the order next."""

    DONE = "done, and the command has ended"
    DONE_AND_RESERVED = "done; the command may still run, so the meter gets no other one before its end"
    ARMED = "armed: the customer must press the meter's button"
    LOOK_AGAIN = "the contactor is read again after a while"
    GIVE_AGAIN = "a new command is given after a pause"
    GIVE_UP = "the remote way has failed"
    SUPERSEDE = "it gives way to the newer order"
    WITHDRAW = "it ends without effect"
    PARK = "a person looks at it"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one order and its latest command.

    ``cancel_refused``: the head-end system knows nothing of the command that it could drop, and the time in which a
    call may still be on its way there is over. ``failed``: it reports that the command has failed, ``for_good`` that
    trying again can't help. ``refused``: its reply to the command was a refusal. ``looked_twice``: so much time lies
    between command and reading that a refused one would have shown its effect. ``was_armed``: the contactor was read
    armed before. ``may_try``: there is time before the deadline for another command, and the tries are not used up;
    ``may_read``: the tries to read are not used up.
    """

    shown: Shown
    ending: Ending
    wish: Wish = Wish.WANTED
    cancel_refused: bool = False
    failed: bool = False
    for_good: bool = False
    refused: bool = False
    looked_twice: bool = True
    was_armed: bool = False
    may_try: bool = True
    may_read: bool = True


def next_step(known: Known) -> NextStep:
    """Decide. Only if its command has certainly ended may an order end without a movement, or be sent again."""
    if known.shown is Shown.WANTED:
        return _wanted(known)
    if known.shown is Shown.ARMED and known.wish is Wish.WANTED:
        return NextStep.ARMED
    if known.ending is Ending.OPEN:
        return NextStep.LOOK_AGAIN
    if known.shown in (Shown.UNREAD, Shown.UNREADABLE):
        return _unread(known)
    return _without_effect(known) if known.wish is Wish.WANTED else _not_wanted(known)


def _wanted(known: Known) -> NextStep:
    if known.ending is not Ending.OPEN:
        return NextStep.DONE
    return NextStep.DONE_AND_RESERVED if known.cancel_refused else NextStep.LOOK_AGAIN


def _not_wanted(known: Known) -> NextStep:
    return NextStep.SUPERSEDE if known.wish is Wish.SUPERSEDED else NextStep.WITHDRAW


def _unread(known: Known) -> NextStep:
    """The command has ended and the contactor could not be read; a system that refused both does not know the meter."""
    if known.shown is Shown.UNREADABLE and known.refused and known.looked_twice:
        return NextStep.GIVE_UP if known.wish is Wish.WANTED else _not_wanted(known)
    if known.may_read:
        return NextStep.LOOK_AGAIN
    return NextStep.GIVE_UP if known.wish is Wish.WANTED else NextStep.PARK


def _without_effect(known: Known) -> NextStep:
    """The command has ended, and the contactor is not where it should be."""
    if known.was_armed:
        disconnected_since = known.shown is Shown.AS_BEFORE
        return NextStep.PARK if disconnected_since or not known.may_read else NextStep.LOOK_AGAIN
    if known.refused and not known.failed:
        return NextStep.GIVE_UP if known.looked_twice else NextStep.LOOK_AGAIN
    return NextStep.GIVE_AGAIN if known.may_try and not known.for_good else NextStep.GIVE_UP
