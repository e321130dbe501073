"""Lists of metering points exported from spreadsheets, read line by line; every error is reported."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from csire_bridge.domain.bounds import LONGEST_STATION, LONGEST_TARIFF, MOST_POWER, checked_day
from csire_bridge.domain.identifiers import Eic, MeteringPointCode, MeterNumber
from csire_bridge.domain.message.message import RegistryUpdate
from csire_bridge.domain.metering_point.facts import has_contactor
from csire_bridge.domain.protection import NOT_PROTECTED, ProtectedKind, Protection
from csire_bridge.domain.written_text import written_text

__all__ = ["COLUMNS", "BadLine", "Entry", "PointList", "read_points"]

_YES = frozenset({"tak", "t", "yes", "y", "true", "prawda", "1"})
_NO = frozenset({"nie", "n", "no", "false", "fałsz", "0"})
_METER_KINDS = frozenset({"CK0201", "CK0202", "CK0203", "CK0204", "CK0205"})


@dataclass(frozen=True, slots=True)
class BadLine:
    """What is wrong with one line of the file (from 1), and what to do."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One good line."""

    line: int
    update: RegistryUpdate


@dataclass(frozen=True, slots=True)
class PointList:
    """A whole file: its good lines and its bad ones."""

    entries: Sequence[Entry]
    bad: Sequence[BadLine]


def _flag(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise ValueError(f"{text!r} is neither tak nor nie (1/0, true/false, yes/no, PRAWDA/FAŁSZ)")


def _code(text: str) -> MeteringPointCode:
    if "E+" in text.upper():
        raise ValueError(
            f"{text!r} is what a spreadsheet makes of a code -> format the column as text, and fill it anew"
        )
    return MeteringPointCode.parse(text)


def _power(text: str) -> Decimal:
    try:
        power = Decimal(text.replace(" ", "").replace("\u00a0", "").replace(",", "."))
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no number of kW") from error
    if not (power.is_finite() and 0 <= power <= MOST_POWER) or power != round(power, 4):
        raise ValueError(f"{text!r} kW is not from 0 to {MOST_POWER} with 4 decimals at most")
    return power


def _meter_kind(text: str) -> str:
    if text.upper() not in _METER_KINDS:
        raise ValueError(f"{text!r} is no kind of meter: CK0201 to CK0205 are due")
    return text.upper()


def _tariff(text: str) -> str:
    if len(text) > LONGEST_TARIFF:
        raise ValueError(f"{text!r} has more than the {LONGEST_TARIFF} characters of a tariff group")
    return _printable(text)


def _station(text: str) -> str:
    if len(text) > LONGEST_STATION:
        raise ValueError(f"{text!r} has more than the {LONGEST_STATION} characters of a station or its group")
    return _printable(text)


def _meter(text: str) -> MeterNumber:
    return MeterNumber.parse(_printable(text))


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"{text!r} has characters that can't be printed")
    return text


def _date(text: str) -> date:
    try:
        return checked_day(date.fromisoformat(text))
    except ValueError as error:
        raise ValueError(f"{text!r} is no date such as 2026-11-23") from error


def _protection(text: str) -> Protection:
    if text.lower() in _NO:
        return NOT_PROTECTED
    try:
        return Protection.of(ProtectedKind(text.lower()))
    except ValueError as error:
        kinds = ", ".join(ProtectedKind)
        raise ValueError(f"{text!r} says neither why the household is protected ({kinds}) nor nie") from error


COLUMNS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "code": ("metering_point", _code),
    "meter": ("meter_number", _meter),
    "meter_kind": ("meter_kind", _meter_kind),
    "has_contactor": ("has_contactor", _flag),
    "supplier": ("supplier", Eic.parse),
    "tariff_group": ("tariff_group", _tariff),
    "contracted_power": ("contracted_power", _power),
    "prepaid": ("prepaid", _flag),
    "can_be_suspended": ("can_be_suspended", _flag),
    "danger_registered": ("danger_registered", _flag),
    "connected": ("connected", _flag),
    "protected": ("protection", _protection),
    "protected_until": ("protected_until", _date),
    "station": ("station", _station),
    "station_group": ("station_group", _station),
    "effective_date": ("effective_date", _date),
}
"""Columns of a list: the fact that each is, and how it is read. Empty fields tell nothing."""


_THREAT = (
    "the column threat was taken for a protection, which the hub's PL-278 is not -> call it danger_registered where "
    "the need to cut supply because of danger is registered: connections will wait; "
    "a household that must not be cut off gets a hold: csire-bridge hold set --kind protection"
)


def read_points(raw: bytes, today: date) -> PointList:
    """Read a list (CSV, UTF-8, ``;`` or ``,``); lines without an effective date hold from ``today`` (Polish date)
    on."""
    try:
        text = written_text(raw)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return PointList((), [BadLine(line, "this is not UTF-8 -> save the list as CSV UTF-8")])
    header, _, _ = text.partition("\n")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in header else ",")
    return _read(rows, today)


def _read(rows: Any, today: date) -> PointList:
    entries: list[Entry] = []
    bad: list[BadLine] = []
    first: dict[str, dict[str, int]] = {"point": {}, "meter": {}}
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        if problem := _wrong_header(names):
            return PointList((), [BadLine(1, problem)])
        for row in rows:
            if any(field.strip() for field in row):
                _read_line(rows.line_num, names, row, today, entries, bad, first)
    except csv.Error as error:
        bad.append(BadLine(rows.line_num, f"this can't be read as CSV: {error}"))
    return PointList(entries, bad)


def _wrong_header(names: Sequence[str]) -> str | None:
    unknown = [name for name in names if name not in COLUMNS]
    if "threat" in names:
        return _THREAT
    if "code" not in names or unknown or len(set(names)) != len(names):
        what = f"not known: {', '.join(map(repr, unknown))}" if unknown else "code is missing, or a name comes twice"
        return f"the first line names the columns; {what} -> known are {', '.join(COLUMNS)}"
    return None


def _read_line(
    line: int,
    names: Sequence[str],
    row: Sequence[str],
    today: date,
    entries: list[Entry],
    bad: list[BadLine],
    first: Mapping[str, dict[str, int]],
) -> None:
    problems: list[str] = []
    facts = _facts(names, row, problems)
    if not problems:
        problems += [*_contradictions(facts), *_protected_until(facts, today)]
        problems += _repeated(facts, line, first)
    if problems:
        bad.extend(BadLine(line, problem) for problem in problems)
        return
    facts.setdefault("effective_date", today)
    entries.append(Entry(line, RegistryUpdate(process_instance=None, **facts)))


def _facts(names: Sequence[str], row: Sequence[str], problems: list[str]) -> dict[str, Any]:
    if len(row) != len(names):
        problems.append(f"it has {len(row)} fields, and the first line names {len(names)} columns")
        return {}
    facts: dict[str, Any] = {}
    for name, field in zip(names, row, strict=True):
        text = field.strip().removeprefix('="').removesuffix('"')  # how spreadsheets keep text from becoming a number
        fact, read = COLUMNS[name]
        if text:
            try:
                facts[fact] = read(text)
            except ValueError as error:
                problems.append(f"{name}: {error}")
    if "metering_point" not in facts and not problems:
        problems.append("code: the code of the metering point is missing")
    return facts


def _contradictions(facts: dict[str, Any]) -> Iterable[str]:
    kind, told = facts.get("meter_kind"), facts.get("has_contactor")
    if kind is None:
        return
    if told is None:
        facts["has_contactor"] = has_contactor(kind)
    elif told != has_contactor(kind):
        yield f"has_contactor: meters of kind {kind} have {'one' if has_contactor(kind) else 'none'}"


def _protected_until(facts: dict[str, Any], today: date) -> Iterable[str]:
    """Put kind and end of a protection together; one that ends before it begins, or begins ahead, is a mistake."""
    protection, until = facts.get("protection"), facts.pop("protected_until", None)
    begins = facts.get("effective_date", today)
    if protection is None:
        if until is not None:
            yield "protected_until: the column protected is empty"
        return
    if protection.kind is not None and begins > today:
        yield f"protected: the protection begins on {begins}, which is to come -> enter it on that day"
    if until is None:
        return
    if protection.kind is None:
        yield "protected_until: the household is not protected"
    elif until < begins:
        yield f"protected_until: the protection ends on {until}, before it begins on {begins}"
    else:
        facts["protection"] = Protection.of(protection.kind, until)


def _repeated(facts: Mapping[str, Any], line: int, first: Mapping[str, dict[str, int]]) -> Iterable[str]:
    for what, fact in (("point", "metering_point"), ("meter", "meter_number")):
        value = facts.get(fact)
        if value is not None and (before := first[what].setdefault(str(value), line)) != line:
            yield f"the {what} {value} stands in line {before} already"
