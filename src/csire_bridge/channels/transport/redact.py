"""Redacts text from outside for people: one line, printable, short, and without whole metering point codes."""

from __future__ import annotations

import re

__all__ = ["excerpt", "redacted"]

_POINT = re.compile(r"(?<!\d)\d{14}(\d{4})(?!\d)")
_TAG = re.compile(r"<[^<>]{0,2000}>")


def redacted(text: str, most: int = 160) -> str:
    """``text`` on one line, at most ``most`` characters; of a metering point code only the last four digits."""
    printable = "".join(c if c.isprintable() else " " for c in text[: 20 * most])
    return _POINT.sub(r"...\1", " ".join(printable.split()))[:most]


def excerpt(raw: bytes) -> str:
    """The beginning of an answer without its tags; nothing of an envelope, because a message may be in it."""
    if b"Envelope" in raw:
        return "(a broken envelope)"
    return redacted(_TAG.sub(" ", raw[:4000].decode("utf-8", "replace"))) or "(nothing readable)"
