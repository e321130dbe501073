"""Reads text that people wrote, whichever of the usual encodings their editor saves."""

from __future__ import annotations

import codecs

__all__ = ["written_text"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def written_text(raw: bytes) -> str:
    """``raw`` as text without a byte-order mark: UTF-8, or UTF-16 if its mark says so; lines end in a newline.

    Raises UnicodeDecodeError.
    """
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
    return raw.decode(encoding).replace("\r\n", "\n")
