"""Facts of an answer as mapping files name them, and conditions about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from csire_bridge.config.files.own_words import nearest
from csire_bridge.domain.message.answers import Answer
from csire_bridge.domain.message.message import Header
from csire_bridge.xml.mapping.convert import field_types, value_of

__all__ = ["HEADER_TYPES", "KEPT", "Condition", "Fact", "Telling", "condition_of", "fact_of", "kept_names"]

KEPT = "kept."
"""Before the name of what an inbound file keeps."""
HEADER_TYPES = {name: kind for name, kind in field_types(Header).items() if name != "agencies"}
"""The facts of a header, with their types."""
_TYPES = {name: kind for name, kind in field_types(Answer).items() if name != "kept"}
_NAME = r"([a-z][a-z0-9_.]*)"
_TEST = re.compile(rf"(?:(not)\s+)?{_NAME}(?:\s*(!?=)\s*(\S+))?")


@dataclass(frozen=True, slots=True)
class Telling:
    """What a document tells: an answer, in a header."""

    header: Header
    answer: Answer


@dataclass(frozen=True)
class Fact:
    """One fact: its name, its type, and how it is looked up in an answer (None: not told)."""

    name: str
    kind: type
    look_up: Callable[[Telling], object]


Condition = Callable[[Telling], bool]


def fact_of(name: str, *, in_header: bool = False) -> Fact:
    """The fact of that name, also of the header; raises ValueError with the nearest one."""
    if name.startswith(KEPT) and len(name) > len(KEPT):
        key = name.removeprefix(KEPT)
        return Fact(name, str, lambda told: told.answer.kept.facts.get(key) if told.answer.kept else None)
    if name in _TYPES:
        return Fact(name, _TYPES[name], lambda told: getattr(told.answer, name))
    if in_header and name in HEADER_TYPES:
        return Fact(name, HEADER_TYPES[name], lambda told: getattr(told.header, name))
    known = [*_TYPES, *(HEADER_TYPES if in_header else ())]
    raise ValueError(f"unknown value {name}{nearest(name, known)}; known are {', '.join(known)}, and kept.NAME")


def condition_of(text: str) -> tuple[Condition, list[str]]:
    """A condition, and the names of the facts in it; raises ValueError.

    ``FACT``, ``not FACT``, ``FACT = VALUE`` or ``FACT != VALUE``, several joined by ``and``.
    """
    tests = [_test(part.strip()) for part in re.split(r"\sand\s", text)]
    checks = [check for check, _ in tests]
    return lambda told: all(check(told) for check in checks), [name for _, name in tests]


def _test(text: str) -> tuple[Condition, str]:
    found = _TEST.fullmatch(text)
    if found is None or (found[1] and found[3]):
        raise ValueError(f"{text!r} is no condition: write FACT, not FACT, FACT = VALUE or FACT != VALUE")
    negated, name, compared, wanted = found.groups()
    fact = fact_of(name)
    if compared is None:
        return lambda told: (fact.look_up(told) in (None, "")) is bool(negated), name
    value = _wanted(fact, wanted)
    return lambda told: (fact.look_up(told) == value) is (compared == "="), name


def _wanted(fact: Fact, text: str) -> object:
    if not (issubclass(fact.kind, Enum) or fact.kind in (bool, str)):
        raise ValueError(f"{fact.name} is compared with no value: write `{fact.name}` or `not {fact.name}`")
    return value_of(fact.kind, text)


def kept_names(uses: Iterable[str]) -> set[str]:
    """The names that an inbound file must keep for an answer that ``uses`` these facts."""
    return {name.removeprefix(KEPT) for name in uses if name.startswith(KEPT)}
