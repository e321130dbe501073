"""Reads the head-end system's replies: what it accepted or refused, and the contactor's state that it read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from csire_bridge.channels.hes.contract import problem, read_message
from csire_bridge.channels.hes.dialect.dialect import Part
from csire_bridge.channels.hes.dialect.places import text_at
from csire_bridge.channels.hes.dialect.times import placed_in
from csire_bridge.channels.hes.profile import HeadEndCodes, HeadEndProfile
from csire_bridge.domain.errors import (
    HeadEndBusy,
    HeadEndRefused,
    HeadEndScope,
    HeadEndUnreachable,
    NotValid,
    OutcomeUnknown,
    PartnerFault,
)
from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading, ControlState
from csire_bridge.xml.schema.lexical import parse_boolean, parse_moment

__all__ = ["Reply", "ReplyError", "block_of", "contactor_of", "judge", "moment_in", "parse_reply", "reply_in"]

_MAX_BYTES = 64 * 1024
_FOR_GOOD = frozenset({"FATAL", "CATASTROPHIC"})
_ASK_FIRST = "read the contactor before anything is sent again"


@dataclass(frozen=True, slots=True)
class ReplyError:
    """One error of a reply."""

    code: str
    level: str
    reason: str

    def __str__(self) -> str:
        return f"{self.code} {self.level} {self.reason}".strip()


@dataclass(frozen=True)
class Reply:
    """A reply: which request it answers, its result OK, PARTIAL, FAILED or another word, and its errors.

    ``told_at`` (UTC) is when it was written by the HES's own clock; None where it does not say, or where nobody knows
    which time zone it means. ``profile`` says where further values stand.
    """

    correlation_id: CorrelationId
    result: str
    errors: tuple[ReplyError, ...]
    message: etree._Element
    told_at: datetime | None
    profile: HeadEndProfile

    def blocks(self, part: Part | None) -> Iterator[etree._Element]:
        """The elements of a block; none if the dialect has no such block."""
        return iter(()) if part is None else part.each.each(self.message)


def parse_reply(raw: bytes, profile: HeadEndProfile) -> Reply:
    """Return the reply; raise OutcomeUnknown for anything else, because the request may have been accepted."""
    try:
        message = read_message(raw, profile, _MAX_BYTES)
        if message.tag not in profile.dialect.reply.roots:
            raise NotValid([problem(message, f"{etree.QName(message).localname} is no reply")])
    except PartnerFault as fault:
        raise OutcomeUnknown(
            f"the HES at {profile.endpoint} answered something else: {fault.text[:200]}", _ASK_FIRST
        ) from fault
    return reply_in(message, profile)


def reply_in(message: etree._Element, profile: HeadEndProfile) -> Reply:
    """The reply that a message of the dialect is."""
    spoken = profile.dialect.reply
    result = text_at(message, spoken.values["result"])
    return Reply(
        CorrelationId(text_at(message, spoken.values["correlation"])),
        spoken.results.get(result, result),
        tuple(_errors(message, spoken.errors)),
        message,
        _told_at(message, profile),
        profile,
    )


def _errors(message: etree._Element, part: Part | None) -> Iterator[ReplyError]:
    if part is not None:
        for error in part.each.each(message):
            yield ReplyError(*(text_at(error, part.values.get(name, ())) for name in ("code", "level", "reason")))


def _told_at(message: etree._Element, profile: HeadEndProfile) -> datetime | None:
    try:
        told = text_at(message, profile.dialect.reply.values.get("told_at", ()))
        return parse_moment(told, placed_in(profile.zone))
    except ValueError:
        return None


def judge(reply: Reply, expected: str, codes: HeadEndCodes, *, question: bool = False) -> None:
    """Return if OK, else raise. Result and level decide; the code table only says which refusals are temporary.

    No reply proves that a command was not accepted: raises OutcomeUnknown, or its kind HeadEndBusy where the HES asks
    to try later, or HeadEndRefused, which doesn't prove it either. A ``question`` changes nothing, so for one that was
    not answered HeadEndUnreachable is raised instead of HeadEndBusy.
    """
    if reply.correlation_id != CorrelationId(expected):
        raise OutcomeUnknown(f"the HES answered {expected} with a reply to {reply.correlation_id}", _ASK_FIRST)
    if reply.result == "OK":
        return
    text = "; ".join(map(str, reply.errors)) or "no error given"
    if reply.result == "FAILED":
        _refused(reply.errors, text, codes, question=question)
    raise OutcomeUnknown(f"the HES answered {reply.result}: {text}", _ASK_FIRST)


def _refused(errors: tuple[ReplyError, ...], text: str, codes: HeadEndCodes, *, question: bool) -> None:
    """Raise if the errors say that the HES has not accepted it; otherwise return."""
    told = {error.code for error in errors}
    later = HeadEndUnreachable if question else HeadEndBusy
    if told & codes.out_of_order:
        raise later(f"the HES is out of order: {text}", "check the HES", HeadEndScope.SYSTEM)
    if told & codes.try_later:
        raise later(f"the HES can't take it now: {text}", "it is tried again by itself", HeadEndScope.METER)
    fatal = next((e for e in errors if e.level in _FOR_GOOD or e.code in codes.permanent), None)
    if fatal is not None:
        remedy = "check the meter number and the HES's settings"
        permanent = bool(told & codes.permanent)
        raise HeadEndRefused(fatal.code, f"the HES refused: {text}", remedy, permanent=permanent)


def contactor_of(meter: MeterNumber, reply: Reply) -> ContactorReading:
    """The contactor's state in a reply to a state query; raises OutcomeUnknown when it is not there, or in doubt."""
    part = reply.profile.dialect.reply.contactor
    block = block_of(meter, reply, part, "contactor state")
    control_state = reply.profile.dialect.reply.states.get(text_at(block, part.values["state"]) if part else "")
    if control_state is None:
        raise OutcomeUnknown(f"the HES gave an impossible contactor state of meter {meter}", "read it again")
    return ContactorReading(
        meter, _output_state(block, part, control_state, meter), control_state, moment_in(block, part, reply, meter)
    )


def _output_state(block: etree._Element, part: Part | None, state: ControlState, meter: MeterNumber) -> bool:
    """Whether the supply is on: as told, or by the control state where the dialect tells nothing else."""
    supply = part.values["supply"] if part else ()
    if not supply:
        return state is ControlState.CONNECTED
    try:
        return parse_boolean(text_at(block, supply))
    except ValueError as error:
        raise OutcomeUnknown(f"the HES gave an impossible supply state of meter {meter}", "read it again") from error


def block_of(meter: MeterNumber, reply: Reply, part: Part | None, what: str) -> etree._Element:
    """The only block about ``meter``; raises OutcomeUnknown if there is none, or more than one."""
    own = part.values["meter"] if part else ()
    found = [block for block in reply.blocks(part) if meter.is_spelled(text_at(block, own))]
    if len(found) != 1:
        number = "more than one" if found else "no"
        raise OutcomeUnknown(f"the HES's answer has {number} {what} of meter {meter}", "read it again")
    return found[0]


def moment_in(
    block: etree._Element, part: Part | None, reply: Reply, meter: MeterNumber, name: str = "read_at"
) -> datetime:
    """A moment of a block, in UTC; raises OutcomeUnknown if it is invalid, or if nobody knows its time zone."""
    try:
        return parse_moment(text_at(block, part.values[name] if part else ()), placed_in(reply.profile.zone))
    except ValueError as error:
        raise OutcomeUnknown(f"the HES gave an impossible time for meter {meter}: {error}", "read it again") from error
