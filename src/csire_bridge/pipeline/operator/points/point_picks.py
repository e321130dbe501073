"""Which metering points a list means that a person pasted or uploaded: found, unknown, ambiguous; nothing is changed.

A line is the code of a point or the number of a meter. Acts on many points take the codes that were found, in one
transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["PickedPoints", "listed_words", "pick_points"]

_HEADINGS = ("code", "point", "ppe", "meter")


@dataclass(frozen=True, slots=True)
class PickedPoints:
    """What became of each line. ``found`` has each point once, in the order of the list.

    ``unknown`` says for each line that means no point of ours why; ``wrong`` for each that can't be the code of any,
    such as one with a wrong check digit; ``ambiguous`` has the points at which its meter is; ``repeated`` are lines
    that mean a point which an earlier line has named.
    """

    found: Sequence[MeteringPointCode]
    unknown: Mapping[str, str]
    ambiguous: Mapping[str, Sequence[MeteringPointCode]]
    repeated: Sequence[str]
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether every line means one point."""
        return not self.unknown and not self.wrong and not self.ambiguous


def listed_words(text: str) -> list[str]:
    """The codes or numbers of a pasted text or a CSV file: one a line, in the first column or the one named so."""
    lines = [line.replace(",", ";").replace("\t", ";").split(";") for line in text.splitlines() if line.strip(" ;,\t")]
    head = [field.strip(' "').lower() for field in lines[0]] if lines else []
    named = next((head.index(name) for name in _HEADINGS if name in head), None)
    column, rows = (0, lines) if named is None else (named, lines[1:])
    return [row[column].strip(" \"'") if column < len(row) else "" for row in rows]


def pick_points(tx: Transaction, words: Sequence[str], now: datetime) -> PickedPoints:
    """Look every line up at ``now`` (UTC)."""
    codes = {word: MeteringPointCode(word) for word in words if _is_code(word)}
    meters = {word: _meter(word) for word in words if word not in codes}
    known = tx.points.of([code for code in codes.values() if _check_digit_holds(code)], now)
    at_meter = tx.points.points_of_meters([meter for meter in meters.values() if meter is not None])
    found: dict[MeteringPointCode, None] = {}
    unknown: dict[str, str] = {}
    wrong: dict[str, str] = {}
    ambiguous: dict[str, Sequence[MeteringPointCode]] = {}
    repeated: list[str] = []
    for word in words:
        meter = meters.get(word)
        here = at_meter.get(meter, []) if meter is not None else [code for code in known if code == word]
        if len(here) > 1:
            ambiguous[word] = sorted(here)
        elif not here and (problem := _problem(word)):
            wrong[word] = problem
        elif not here:
            unknown[word] = _why_not(word)
        elif here[0] in found:
            repeated.append(word)
        else:
            found[here[0]] = None
    return PickedPoints(tuple(found), unknown, ambiguous, tuple(repeated), wrong)


def _is_code(word: str) -> bool:
    return len(word) == 18 and word.isascii() and word.isdigit()


def _check_digit_holds(code: MeteringPointCode) -> bool:
    return _code_problem(code) is None


def _code_problem(word: str) -> str | None:
    try:
        MeteringPointCode.parse(word)
    except ValueError as error:
        return str(error)
    return None


def _meter(word: str) -> MeterNumber | None:
    try:
        return MeterNumber.parse(word)
    except ValueError:
        return None


def _problem(word: str) -> str | None:
    """What is wrong with a line that can't mean any point."""
    if not word:
        return "the line is empty"
    if "E+" in word.upper():
        return "it is what a spreadsheet makes of a code: format the column as text, and fill it anew"
    return _code_problem(word) if _is_code(word) else None


def _why_not(word: str) -> str:
    if _is_code(word):
        return "no such metering point is known"
    return "no metering point has this code, nor a meter of this number"
