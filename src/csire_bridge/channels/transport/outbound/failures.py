"""What an answer that is not the partner's own (a gateway's error page) tells about the request."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime, timedelta

from csire_bridge.domain.errors import BridgeError, OutcomeUnknown, PartnerRefused, PartnerUnreachable

__all__ = ["Later", "failure_by_status", "retry_after"]

_LONGEST_WAIT = timedelta(days=1)
_AGAIN = "it is tried again by itself, with the same bytes"


class Later(PartnerUnreachable):
    """The partner can't accept it now; ``wait`` is the shortest useful pause before the next attempt."""

    def __init__(self, text: str, remedy: str, wait: timedelta) -> None:
        super().__init__(text, remedy)
        self.wait = wait


def failure_by_status(
    operation: str, status: int, retry_header: str | None, why: str, now: datetime, *, whose: str, harmless: bool
) -> BridgeError:
    """The error for an answer that is not ``whose`` own.

    A gateway that redirects, refuses (4xx) or asks for a pause did not forward the request. After any other status the
    outcome is unknown, except for a ``harmless`` request, which changes nothing.
    """
    text = f"an answer to {operation} with HTTP {status} is not {whose}'s: {why}"
    wait = retry_after(retry_header, now) if retry_header else None
    if status in (429, 503) and wait is not None:
        return Later(text, "it is tried again by itself, after the pause that was asked for", wait)
    if status == 413:
        return PartnerRefused("HTTP 413", text, "have the gateway's size limit raised")
    if status in range(300, 500):
        return PartnerUnreachable(text, f"check the url of {whose}, our access to it, and the gateway in front of it")
    return PartnerUnreachable(text, _AGAIN) if harmless else OutcomeUnknown(text, _AGAIN)


def retry_after(header: str, now: datetime) -> timedelta | None:
    """Read HTTP's Retry-After: seconds, or a date (RFC 9110, 10.2.3); a day at most, None for anything else."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_WAIT)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta(0)), _LONGEST_WAIT)
