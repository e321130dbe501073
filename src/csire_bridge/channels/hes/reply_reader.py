"""Reads the head-end system's replies: what it accepted or refused, and the contactor's state that it read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from lxml import etree

from csire_bridge.channels.hes.contract import read_message
from csire_bridge.channels.hes.profile import HeadEndCodes, HeadEndProfile
from csire_bridge.domain.errors import (
    HeadEndBusy,
    HeadEndRefused,
    HeadEndScope,
    HeadEndUnreachable,
    OutcomeUnknown,
    PartnerFault,
)
from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading, ControlState
from csire_bridge.xml.schema.lexical import parse_moment

__all__ = ["Reply", "contactor_of", "judge", "moment_of", "parse_reply", "text_of"]

_MAX_BYTES = 64 * 1024
_FOR_GOOD = frozenset({"FATAL", "CATASTROPHIC"})
_ASK_FIRST = "read the contactor before anything is sent again"


@dataclass(frozen=True, slots=True)
class _Error:
    code: str
    level: str
    reason: str

    def __str__(self) -> str:
        return f"{self.code} {self.level} {self.reason}".strip()


@dataclass(frozen=True)
class Reply:
    """A ResponseMessage: which request it answers, its result OK, PARTIAL or FAILED, and its errors.

    ``told_at`` (UTC) is when it was written by the HES's own clock; None where it does not say, or names no time zone.
    """

    correlation_id: CorrelationId
    result: str
    errors: tuple[_Error, ...]
    message: etree._Element
    told_at: datetime | None


def parse_reply(raw: bytes, profile: HeadEndProfile) -> Reply:
    """Return the reply; raise OutcomeUnknown for anything else, because the request may have been accepted."""
    try:
        message = read_message(raw, "ResponseMessage", profile, _MAX_BYTES)
    except PartnerFault as fault:
        raise OutcomeUnknown(
            f"the HES at {profile.endpoint} answered something else: {fault.text[:200]}", _ASK_FIRST
        ) from fault
    errors = (
        _Error(*(text_of(error, name) for name in ("code", "level", "reason")))
        for error in message.iterfind("{*}Reply/{*}Error")
    )
    return Reply(
        CorrelationId(text_of(message, "Header/CorrelationID")),
        text_of(message, "Reply/Result"),
        tuple(errors),
        message,
        _told_at(message),
    )


def _told_at(message: etree._Element) -> datetime | None:
    try:
        return parse_moment(text_of(message, "Header/Timestamp"))
    except ValueError:
        return None


def text_of(parent: etree._Element, path: str) -> str:
    """The text at a path of local names, such as Header/CorrelationID; empty where there is none."""
    return (parent.findtext(_anywhere(path)) or "").strip()


@cache
def _anywhere(path: str) -> str:
    """An XPath for a path of local names in any namespace; cached, as the code uses only a few."""
    return "/".join(f"{{*}}{name}" for name in path.split("/"))


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


def _refused(errors: tuple[_Error, ...], text: str, codes: HeadEndCodes, *, question: bool) -> None:
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
    """The contactor's state in a reply to a state query; raises OutcomeUnknown when it is not there."""
    state = reply.message.find("{*}Payload/{*}ContactorState")
    if state is None or not meter.is_spelled(text_of(state, "meter")):
        raise OutcomeUnknown(f"the HES's answer has no contactor state of meter {meter}", "read it again")
    try:
        control_state = ControlState(int(text_of(state, "controlState")))
    except ValueError as error:
        raise OutcomeUnknown(f"the HES gave an impossible contactor state of meter {meter}", "read it again") from error
    output_state = text_of(state, "outputState") in ("true", "1")
    return ContactorReading(meter, output_state, control_state, moment_of(state, "readAt", meter))


def moment_of(parent: etree._Element, path: str, meter: MeterNumber) -> datetime:
    """A moment in a reply, in UTC; raises OutcomeUnknown if it is invalid or has no offset."""
    try:
        return parse_moment(text_of(parent, path))
    except ValueError as error:
        raise OutcomeUnknown(f"the HES gave an impossible time for meter {meter}: {error}", "read it again") from error
