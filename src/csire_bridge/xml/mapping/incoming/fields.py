"""One field of a document: where it is read, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from lxml import etree

from csire_bridge.domain.errors import Problem, ProblemCode
from csire_bridge.xml.mapping.checks.places import XSI
from csire_bridge.xml.mapping.convert import PROBLEM_OF, Reader
from csire_bridge.xml.mapping.incoming.expressions import Finder
from csire_bridge.xml.mapping.model import Conversion, Several

__all__ = ["Field", "Item", "Way", "holds", "outcome_of", "values_of"]

Item = Mapping[str, list[etree._Element]]
"""The item of a list that is read, as XPath's variable ``item``; empty where there is no list."""
_NIL, _TRUE = f"{{{XSI}}}nil", ("true", "1")


@dataclass(frozen=True)
class Way:
    """One of the places from which a field is read, or one of the values that are worked out, with its conversion."""

    text: str
    find: Finder
    read: Reader
    conversion: Conversion


@dataclass(frozen=True)
class Field:
    """One field of what is read, and the ways in which it is found, in their order."""

    name: str
    ways: tuple[Way, ...]
    required: bool
    several: Several | None
    when: Finder | None


class _FieldError(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def values_of(rules: Sequence[Field], tree: etree._Element, item: Item, problems: list[Problem]) -> dict[str, object]:
    """The value of each field that the document has; what is wrong with the others is added to ``problems``."""
    values: dict[str, object] = {}
    for field in rules:
        try:
            value = _value(field, tree, item)
        except _FieldError as error:
            problems.append(error.problem)
        else:
            if value is not None:
                values[field.name] = value
    return values


def outcome_of(field: Field, tree: etree._Element, item: Item) -> object:
    try:
        return _value(field, tree, item)
    except _FieldError as error:
        return error.problem


def holds(condition: Finder, tree: etree._Element, item: Item) -> bool:
    return bool(condition(tree, **item))


def _value(field: Field, tree: etree._Element, item: Item) -> object | None:
    """The field's value: of the first way that finds a text. None if the document does not have it."""
    if field.when is not None and not holds(field.when, tree, item):
        return None
    empty: Way | None = None
    for way in field.ways:
        text = _text(field, way, tree, item)
        if text:
            return _converted(way, text)
        if text is not None and empty is None:
            empty = way
    if empty is not None:
        return _converted(empty, "")
    if field.required:
        path = field.ways[0].text
        text = f"{path} is missing, but needed here"
        raise _FieldError(Problem(ProblemCode.MISSING, text, "send the message with this element", path=path))
    return None


def _text(field: Field, way: Way, tree: etree._Element, item: Item) -> str | None:
    """What is written there; None if nothing is there, or if it says that it has no value (``xsi:nil``)."""
    try:
        found = way.find(tree, **item)
    except (ValueError, ArithmeticError) as error:
        raise _FieldError(_invalid(way, error)) from error
    if not isinstance(found, list):
        return cast("str | None", found)
    if not found:
        return None
    one = _the_one(field, found, way)
    if isinstance(one, str):
        return one
    return one.text or (None if one.get(_NIL) in _TRUE else "")


def _the_one(field: Field, found: list[etree._Element | str], way: Way) -> etree._Element | str:
    """The value that counts of those found; raises _FieldError if the mapping file does not say which."""
    if len(found) > 1 and field.several not in (Several.FIRST, Several.LAST):
        text = f"{way.text} stands {len(found)} times, and nobody knows which one counts"
        raise _FieldError(Problem(ProblemCode.CONDITION, text, "send the message with one of them", path=way.text))
    return found[-1 if field.several is Several.LAST else 0]


def _converted(way: Way, text: str) -> object:
    try:
        return way.read(text)
    except (ValueError, ArithmeticError) as error:
        raise _FieldError(_invalid(way, error)) from error


def _invalid(way: Way, error: Exception) -> Problem:
    text = "it is divided by zero" if isinstance(error, ZeroDivisionError) else str(error)
    return Problem(PROBLEM_OF.get(way.conversion, ProblemCode.VALUE), text, "send a valid value", path=way.text)
