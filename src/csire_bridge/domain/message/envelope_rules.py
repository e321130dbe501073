"""Business rules beyond the schema, as pure functions from a header and our limits to a list of problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from csire_bridge.domain.errors import Problem, ProblemCode
from csire_bridge.domain.identifiers import Eic, MessageNumber
from csire_bridge.domain.message.message import Header

__all__ = [
    "Limits",
    "MessageFacts",
    "check_agreement",
    "check_parties",
    "check_release",
    "check_timestamp",
    "process_of",
]


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a message may be from now. ``horizon`` bounds the dates that it asks for."""

    clock_skew: timedelta
    replay_window: timedelta
    horizon: timedelta


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """What the standard says of the messages of one root element: their numbers and their type.

    ``release`` is that of the standard, ``first`` and ``last`` the Polish dates between which such messages are taken.
    """

    numbers: frozenset[MessageNumber]
    message_type: str
    inbound: bool
    release: str | None = None
    first: date | None = None
    last: date | None = None

    def in_service(self, day: date) -> bool:
        """Whether such messages are taken on that day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def process_of(number: MessageNumber) -> str | None:
    """The business process of a message number (``8.1.1.5`` -> ``8.1.``); None for the generic ``S``."""
    parts = number.split(".")
    return f"{parts[0]}.{parts[1]}." if len(parts) > 2 else None


def check_agreement(header: Header, facts: MessageFacts) -> Iterator[Problem]:
    """Number, type, process, agencies and root element of a message must agree."""
    if header.number not in facts.numbers:
        known = ", ".join(sorted(facts.numbers))
        yield Problem(
            ProblemCode.NUMBER_MISMATCH,
            f"the header says message {header.number}, but the root element belongs to {known}",
            "send the number that belongs to the root element",
        )
    elif process_of(header.number) not in (None, header.process):
        yield Problem(
            ProblemCode.NUMBER_MISMATCH,
            f"the header says process {header.process}, but message {header.number} belongs to another",
            "send the process that belongs to the message number",
        )
    if header.message_type != facts.message_type:
        yield Problem(
            ProblemCode.NUMBER_MISMATCH,
            f"the header says message type {header.message_type}, but the root element has {facts.message_type}",
            "send the type that belongs to the root element",
        )
    for place, found, due in header.agencies:
        if found != due:
            yield Problem(
                ProblemCode.AGENCY,
                f"{place} is {found!r}, but it must be {due!r}",
                "send the agency code of the published standard",
                path=place,
            )


def check_release(header: Header, facts: MessageFacts, today: date, held: Mapping[str, str]) -> Iterator[Problem]:
    """The message's release is in service, and is that to which its sender is held, if it is (``held``)."""
    release = facts.release or "(without a name)"
    if not facts.in_service(today):
        since, until = (f"from {facts.first} on" if facts.first else ""), (f"until {facts.last}" if facts.last else "")
        span = " ".join(part for part in (since, until) if part)
        yield Problem(
            ProblemCode.UNKNOWN_MESSAGE,
            f"release {release} of message {header.number} is in service {span} only",
            "send the message in the release that is in service",
        )
    due = held.get(header.physical_sender)
    if due is not None and due != facts.release:
        yield Problem(
            ProblemCode.UNKNOWN_MESSAGE,
            f"the message is of release {release}, and its sender is held to release {due}",
            f"send the message in release {due}",
        )


def check_parties(header: Header, own: Eic | None) -> Iterator[Problem]:
    """Every party's EIC has its check character; with ``own`` given, the recipient is us."""
    parties = {
        "physical sender": header.physical_sender,
        "juridical sender": header.juridical_sender,
        "physical recipient": header.physical_recipient,
        "juridical recipient": header.juridical_recipient,
    }
    for place, code in parties.items():
        try:
            Eic.parse(code)
        except ValueError as error:
            yield Problem(ProblemCode.EIC_CHECK_CHARACTER, str(error), "send the party's EIC code", path=place)
    strangers = {header.physical_recipient, header.juridical_recipient} - {own}
    if own is not None and strangers:
        yield Problem(
            ProblemCode.WRONG_RECIPIENT,
            f"the message is for {' and '.join(sorted(strangers))}, but we are {own}",
            "send it to the operator of the metering point",
        )


def check_timestamp(header: Header, limits: Limits, now: datetime, *, judge_age: bool = True) -> Iterator[Problem]:
    """The timestamp lies neither in the future nor too far back; a retroactive token lifts the latter.

    ``judge_age=False`` is for a stored file, which may be any age.
    """
    if header.timestamp > now + limits.clock_skew:
        yield Problem(
            ProblemCode.FUTURE_TIMESTAMP,
            f"the message's timestamp {header.timestamp.isoformat()} lies in the future",
            "set the clock of the sending system right and send a new message",
        )
    elif judge_age and header.retroactive_token is None and header.timestamp < now - limits.replay_window:
        yield Problem(
            ProblemCode.STALE_TIMESTAMP,
            f"the message's timestamp {header.timestamp.isoformat()} is older than {limits.replay_window.days} days",
            "send a new message, or one with a retroactive execution token",
        )
