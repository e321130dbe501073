"""What a pasted text may be: the code of a metering point or a supplier, an id, the number of a meter or an order.

Whatever sheets, mails and chats add is taken off: spaces, dashes of any kind, invisible characters, quotes, a word in
front. Check digits tell a mistyped code from an unknown one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from csire_bridge.domain.identifiers import Eic, MeteringPointCode

__all__ = ["LONGEST_PASTED", "KeyKind", "Meaning", "PastedKey", "bare", "recognise"]

LONGEST_PASTED = 200
_LONGEST_KEY = 40
_LONGEST_METER = 20
_MOST_DIGITS_OF_AN_ORDER = 15
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－"), "-")
_QUOTES = "\"'`„”“‚’‘«»()[]{}<>"
_WORDS = re.compile(r"(?:(?:ppe|pp|order|zlecenie|licznik|meter|nr|no|eic|id)[.:#\s]+|urn:uuid:|#\s*)+", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
_EIC = re.compile(r"[0-9]{2}[0-9A-Z-]{14}")
_POINT_DIGITS = 18


class KeyKind(StrEnum):
    """What a key is of. ``ID``: of a message or a process, or of an answer or a command of ours."""

    ORDER = "order"
    POINT = "point"
    METER = "meter"
    ID = "id"
    SUPPLIER = "supplier"
    SID_NUMBER = "sid-number"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a text may be; ``text`` as it is written properly."""

    kind: KeyKind
    text: str


@dataclass(frozen=True, slots=True)
class PastedKey:
    """What a text may be, the likeliest first. ``wrong`` says what is the matter with what it is probably meant to be,
    where that is not a right one."""

    text: str
    meanings: tuple[Meaning, ...]
    wrong: str | None = None

    def of(self, kind: KeyKind) -> str | None:
        """The text as one of that kind; None where it is none."""
        return next((one.text for one in self.meanings if one.kind is kind), None)


def bare(text: str) -> str:
    """The text without invisible characters, with plain spaces and dashes, without quotes and space around it."""
    plain = unicodedata.normalize("NFKC", text.translate(_DASHES)).translate(_DASHES)
    seen = "".join(" " if unicodedata.category(c)[0] in "ZC" and unicodedata.category(c) != "Cf" else c for c in plain)
    shown = "".join(c for c in seen if unicodedata.category(c) != "Cf")
    return " ".join(shown.strip(_QUOTES + " ,;").split())


def recognise(text: str) -> PastedKey:
    """What ``text`` may be."""
    shown = bare(text[: 4 * LONGEST_PASTED])
    in_front = _WORDS.match(shown)
    key = bare(shown[in_front.end() :]) if in_front else shown
    if not key:
        return PastedKey(shown, (), "nothing to look for")
    close = key.replace(" ", "")
    lowered, digits = close.lower(), close.replace("-", "")
    if _UUID.fullmatch(lowered):
        return PastedKey(key, (Meaning(KeyKind.ID, _with_dashes(lowered.replace("-", ""))),))
    if digits.isascii() and digits.isdigit() and len(digits) == _POINT_DIGITS:
        return _point(key, digits)
    if _EIC.fullmatch(close.upper()) and not (digits.isdigit() and len(digits) < len(close)):
        return _party(key, close.upper())
    return PastedKey(key, tuple(_others(key, digits)), _length(key, digits))


def _point(key: str, digits: str) -> PastedKey:
    right = MeteringPointCode.check_digit(digits[:-1])
    if digits[-1] == right:
        return PastedKey(key, (Meaning(KeyKind.POINT, digits),))
    wrong = f"18 digits, wrong check digit: it ends with {digits[-1]}, right would be {right}: {digits[:-1]}{right}"
    return PastedKey(key, tuple(_others(key, digits)), wrong)


def _party(key: str, code: str) -> PastedKey:
    right = Eic.check_character(code[:15])
    if code[15] == right:
        return PastedKey(key, (Meaning(KeyKind.SUPPLIER, code), *_others(key, code)))
    wrong = f"16 characters of an EIC code, wrong check character: right would be {right}: {code[:15]}{right}"
    return PastedKey(key, tuple(_others(key, code)), wrong)


def _others(key: str, digits: str) -> Iterator[Meaning]:
    """Keys without a shape of their own."""
    number = digits.isascii() and digits.isdigit()
    if number and len(digits) <= _MOST_DIGITS_OF_AN_ORDER and int(digits) > 0:
        yield Meaning(KeyKind.ORDER, str(int(digits)))
    if len(key) > _LONGEST_KEY:
        return
    if len(key) <= _LONGEST_METER:
        yield Meaning(KeyKind.METER, key)
    yield Meaning(KeyKind.SID_NUMBER, key)


def _length(key: str, digits: str) -> str | None:
    """What is wrong with a number that is nearly the code of a point, or with a text that is too long for any key."""
    if digits.isascii() and digits.isdigit() and abs(len(digits) - _POINT_DIGITS) == 1:
        missing = "one is missing" if len(digits) < _POINT_DIGITS else "one is too many"
        return f"{len(digits)} digits: the code of a metering point has 18, {missing}"
    return f"{key[:_LONGEST_KEY]!r} ... is too long for any key" if len(key) > _LONGEST_KEY else None


def _with_dashes(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
