"""Reads what the head-end system reports, bare or inside a SOAP envelope: events, and replies that come later.

Both styles of confirmation are understood: event codes, and the command's code with a result as its last part. What is
as the dialect says and can't be used all the same (a code that is in no table) becomes an event of the kind UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from lxml import etree

from csire_bridge.channels.hes.contract import problem, read_message
from csire_bridge.channels.hes.dialect.dialect import Events
from csire_bridge.channels.hes.dialect.places import text_at
from csire_bridge.channels.hes.dialect.times import placed_in
from csire_bridge.channels.hes.later_reply import later_reply
from csire_bridge.channels.hes.profile import HeadEndProfile
from csire_bridge.domain.errors import NotValid, Problem, ProblemCode
from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import NO_METER, ControlState, HeadEndEvent, HeadEndEventKind
from csire_bridge.xml.schema.lexical import parse_moment

__all__ = ["MAX_EVENT_BYTES", "MOST_EVENTS", "read_events"]

MAX_EVENT_BYTES = 64 * 1024
"""An event is about one kilobyte."""

MOST_EVENTS = 100
"""Of one message, because each is kept with the message's bytes."""

_LONGEST_ID = 64
_LONGEST_CODE = 32
_SHOWN = 40


class _NotUsable(Exception):
    """Why an event can't be used."""


def read_events(raw: bytes, profile: HeadEndProfile, now: datetime) -> list[HeadEndEvent]:
    """The events of a message, in its order; ``now`` (UTC) is when it came.

    Raises ``Unreadable`` when it is not XML as we read it, ``NotValid`` with every problem if it is no message that the
    dialect has.
    """
    message = read_message(raw, profile, MAX_EVENT_BYTES)
    dialect = profile.dialect
    if dialect.later is not None and message.tag in dialect.reply.roots:
        return [later_reply(message, dialect.later, profile, now)]
    spoken = dialect.events_of(message.tag)
    if spoken is None:
        raise NotValid([problem(message, f"{etree.QName(message).localname} is no message with events")])
    correlation = _correlation(message, spoken)
    records = list(spoken.record.each.each(message))
    if not 1 <= len(records) <= MOST_EVENTS:
        text = f"the message has {len(records)} events, and 1 to {MOST_EVENTS} are taken in one"
        raise NotValid([Problem(ProblemCode.CONDITION, text, "send as many as that in a message")])
    return [_Record(record, spoken, profile, now).event(correlation) for record in records]


def _correlation(message: etree._Element, spoken: Events) -> CorrelationId | None:
    """The id of the command; one that is longer than any of ours is none of ours."""
    told = CorrelationId(text_at(message, spoken.correlation))
    return told if told and len(told) <= _LONGEST_ID else None


class _Record:
    """One event; collects every reason why it can't be used."""

    def __init__(self, record: etree._Element, spoken: Events, profile: HeadEndProfile, now: datetime) -> None:
        self._record, self._spoken, self._profile, self._now = record, spoken, profile, now
        self._reasons: list[str] = []

    def event(self, correlation: CorrelationId | None) -> HeadEndEvent:
        meter, occurred_at = self._meter(), self._occurred_at()
        code, codes = self._text("code"), self._profile.codes
        kind = codes.kind(code)
        if kind is None:
            self._reasons.append(f"the code {_shown(code)} is in no table")
        contactor = self._contactor()
        reason = self._detail(codes.reason_detail).lower()
        permanent = kind is not None and kind.failure and reason in codes.permanent_reasons
        text = self._text("text")
        if kind is None or self._reasons:
            kind, contactor, permanent, text = HeadEndEventKind.UNKNOWN, None, False, "; ".join(self._reasons)
        return HeadEndEvent(correlation, meter, kind, code[:_LONGEST_CODE], occurred_at, contactor, text, permanent)

    def _text(self, name: str) -> str:
        return text_at(self._record, self._spoken.record.values.get(name, ()))

    def _meter(self) -> MeterNumber:
        try:
            return MeterNumber.parse(self._number())
        except (_NotUsable, ValueError) as error:
            said = str(error) if isinstance(error, _NotUsable) else "it names no meter of 1 to 20 characters"
            self._reasons.append(said)
            return NO_METER

    def _number(self) -> str:
        part = self._spoken.names
        if part is None:
            return self._text("meter")
        return _number_among(
            [
                (text_at(name, part.values["name"]), text_at(name, part.values.get("kind", ())))
                for name in part.each.each(self._record)
            ],
            self._profile.meter_names or self._spoken.kinds,
        )

    def _occurred_at(self) -> datetime:
        text = self._text("occurred_at")
        try:
            return parse_moment(text, placed_in(self._profile.zone, self._now))
        except ValueError:
            self._reasons.append(_why_no_moment(text))
            return self._now

    def _contactor(self) -> ControlState | None:
        word = self._detail(self._profile.codes.contactor_detail)
        if not word:
            return None
        state = self._profile.codes.contactor_words.get(word.lower())
        if state is None:
            self._reasons.append(f"the contactor status {_shown(word)} is in no table")
        return state

    def _detail(self, wanted: str) -> str:
        """The value of the first detail of that name; empty if there is none."""
        part = self._spoken.details
        if part is None:
            return ""
        for detail in part.each.each(self._record):
            if text_at(detail, part.values["name"]).lower() == wanted.lower():
                return text_at(detail, part.values["value"])
        return ""


def _number_among(names: Sequence[tuple[str, str]], kinds: Sequence[str]) -> str:
    """The meter's number among its names, each with its kind; raises _NotUsable where that is in doubt."""
    if len(names) == 1 and not kinds:
        return names[0][0]
    for wanted in kinds:
        found = set(_of_kind(names, wanted))
        if found:
            return _only(found)
    if kinds and any(kind for _, kind in names):
        told = ", ".join(sorted({_shown(kind) for _, kind in names if kind}))
        raise _NotUsable(f"no name of the meter is of a kind in head_end.meter_names, only {told}")
    plain = {name for name, kind in names if not kind}
    return _only(plain or {name for name, _ in names})


def _of_kind(names: Sequence[tuple[str, str]], wanted: str) -> Iterator[str]:
    return (name for name, kind in names if kind.lower() == wanted.lower())


def _only(found: set[str]) -> str:
    if len(found) > 1:
        raise _NotUsable("its meter has several names: set head_end.meter_names to the kind that is the number")
    return next(iter(found), "")


def _why_no_moment(text: str) -> str:
    try:
        parse_moment(text, placed_in(UTC))
    except ValueError:
        return "its time is no moment of a calendar"
    return "its time has no zone: set head_end.zone"


def _shown(text: str) -> str:
    """Untrusted text as one short printable line."""
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return "".join(c if c.isprintable() else "?" for c in short) or "(none)"
