"""A reply that comes to our endpoint for events, after the one to the request: what became of the request.

It proves nothing by itself, and its time is when it was written, which is never the time of a movement: so that all is
well only makes the order look at its contactor.
"""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from csire_bridge.channels.hes.dialect.dialect import Places
from csire_bridge.channels.hes.dialect.places import text_at
from csire_bridge.channels.hes.profile import HeadEndProfile
from csire_bridge.channels.hes.reply_reader import Reply, reply_in
from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import NO_METER, HeadEndEvent, HeadEndEventKind

__all__ = ["later_reply"]

_LONGEST_ID = 64
_LONGEST_CODE = 32
_LONGEST_TEXT = 200


def later_reply(message: etree._Element, own_meter: Places, profile: HeadEndProfile, now: datetime) -> HeadEndEvent:
    """The event that a later reply is; ``now`` (UTC) is when it came, and counts where it tells no time of its own.

    A refusal counts as a failure only if it names the meter, so that both the command and its meter are certain.
    """
    reply = reply_in(message, profile)
    meter = _meter(text_at(message, own_meter))
    known = 0 < len(reply.correlation_id) <= _LONGEST_ID
    failed = reply.result == "FAILED" and meter != NO_METER
    kind = HeadEndEventKind.PROCESSING_FAILED if failed else HeadEndEventKind.ANSWERED
    codes = [error.code for error in reply.errors]
    return HeadEndEvent(
        correlation_id=CorrelationId(reply.correlation_id) if known else None,
        meter=meter,
        kind=kind,
        code=(codes or [reply.result])[0][:_LONGEST_CODE],
        occurred_at=reply.told_at or now,
        text=_words(reply),
        permanent=failed and bool(profile.codes.permanent & set(codes)),
    )


def _meter(text: str) -> MeterNumber:
    try:
        return MeterNumber.parse(text)
    except ValueError:
        return NO_METER


def _words(reply: Reply) -> str:
    said = "; ".join([reply.result, *map(str, reply.errors)])[:_LONGEST_TEXT]
    return "".join(c if c.isprintable() else "?" for c in said)
