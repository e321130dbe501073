"""Why messages are refused, and whether the cause may be ours: then they are judged again once it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from csire_bridge.domain.errors import ProblemCode

__all__ = ["ABOUT_TRUST", "CAUSES", "Cause", "Claims", "JudgingAgain", "may_be_ours"]


class Cause(StrEnum):
    """Whose fault a refusal may be."""

    SENDER = "sender"
    """In the message itself: it stays wrong, whatever we do."""
    MAY_BE_OURS = "may-be-ours"
    """Perhaps in our clock, certificates, settings, schemas or mappings: it may pass."""


_SENDERS, _OURS = Cause.SENDER, Cause.MAY_BE_OURS
CAUSES: Mapping[ProblemCode, Cause] = {
    ProblemCode.EMPTY: _SENDERS,
    ProblemCode.TOO_LARGE: _OURS,  # our limit may be too low
    ProblemCode.ENCODING: _SENDERS,
    ProblemCode.DTD: _SENDERS,
    ProblemCode.NOT_WELL_FORMED: _SENDERS,
    ProblemCode.UNSIGNED: _SENDERS,
    ProblemCode.BAD_SIGNATURE: _SENDERS,
    ProblemCode.WRAPPED: _SENDERS,
    ProblemCode.ALGORITHM: _SENDERS,
    ProblemCode.UNKNOWN_SIGNER: _OURS,  # a new certificate that was not entered yet
    ProblemCode.WRONG_SIGNER: _SENDERS,
    ProblemCode.CERTIFICATE_EXPIRED: _OURS,  # or not valid yet, by our clock
    ProblemCode.REVOKED: _SENDERS,
    ProblemCode.TIMESTAMP: _OURS,
    ProblemCode.PROFILE: _OURS,
    ProblemCode.NUMBER_NOT_ALLOWED: _OURS,
    ProblemCode.UNKNOWN_MESSAGE: _OURS,  # a schema that is not there yet
    ProblemCode.MISSING: _OURS,  # or one of an older release
    ProblemCode.UNEXPECTED: _OURS,
    ProblemCode.VALUE: _OURS,
    ProblemCode.OTHER_SCHEMA: _OURS,
    ProblemCode.SOAP_VERSION: _SENDERS,
    ProblemCode.NOT_UNDERSTOOD: _SENDERS,
    ProblemCode.POINT_CHECK_DIGIT: _SENDERS,
    ProblemCode.EIC_CHECK_CHARACTER: _SENDERS,
    ProblemCode.WRONG_RECIPIENT: _OURS,  # our EIC code in the settings
    ProblemCode.FUTURE_TIMESTAMP: _OURS,
    ProblemCode.STALE_TIMESTAMP: _OURS,
    ProblemCode.NUMBER_MISMATCH: _OURS,  # the mapping names numbers and type
    ProblemCode.AGENCY: _SENDERS,
    ProblemCode.WRONG_DIRECTION: _OURS,
    ProblemCode.ID_REUSED: _SENDERS,
    ProblemCode.PROCESS_ANSWERED: _SENDERS,
    ProblemCode.PROCESS_REUSED: _SENDERS,
    ProblemCode.RESULT_MISMATCH: _SENDERS,
    ProblemCode.RESULT_SENDER: _SENDERS,
    ProblemCode.DATE_HORIZON: _OURS,  # the setting, or our clock
    ProblemCode.DATE_PAST: _OURS,
    ProblemCode.UNKNOWN_POINT: _OURS,
    ProblemCode.METER_MISMATCH: _OURS,
    ProblemCode.UNKNOWN_ORDER: _OURS,
    ProblemCode.CONDITION: _OURS,  # a condition of a mapping file
    ProblemCode.BRIDGE_FAILED: _OURS,
}
"""Whose fault each kind of refusal may be."""

ABOUT_TRUST = frozenset(code for code in ProblemCode if code.startswith("trust."))
"""Refusals for lack of trust: forged, altered, from an unknown signer, or from a partner that may not send it."""


def may_be_ours(code: ProblemCode) -> bool:
    """Whether a message that was refused for this is judged again."""
    return CAUSES[code] is Cause.MAY_BE_OURS


@dataclass(frozen=True, slots=True)
class Claims:
    """What a refused message says of itself. ``proven``: a certificate that we trust has signed it for this sender."""

    sender: str | None = None
    number: str | None = None
    message_id: str | None = None
    proven: bool = False


@dataclass(frozen=True, slots=True)
class JudgingAgain:
    """How refusals are judged again: soon at first, then after pauses that double; for ``give_up`` at most.

    ``most_unproven`` limits how many messages of unproven senders wait, so that they can't cause unlimited work.
    """

    give_up: timedelta
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=30)
    most_unproven: int = 500

    def next_time(self, received_at: datetime, tries: int, now: datetime) -> datetime | None:
        """When (UTC) to judge again after ``tries`` times; None once the message is left to people."""
        if now - received_at >= self.give_up:
            return None
        pause: timedelta = min(self.first * 2 ** min(tries, 16), self.longest)
        return now + pause
