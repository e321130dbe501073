"""Explains in plain language why a document is not valid by its schema; used only after it was refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import xmlschema
from lxml import etree
from xmlschema import validators as xsd

from csire_bridge.domain.errors import Problem, ProblemCode

__all__ = ["Explainer", "cut", "line_of"]

_LONGEST_VALUE = 60
_LONGEST_LIST = 8

_KINDS = {
    "boolean": "true or false",
    "date": "a date such as 2026-01-31",
    "dateTime": "a date and time such as 2026-01-31T12:00:00+01:00",
    "decimal": "a decimal number such as 12.5",
    "integer": "a whole number",
    "positiveInteger": "a whole number above 0",
}

_LIMITS = (
    (xsd.XsdMinLengthFacet, "is shorter than the least number of characters, {}"),
    (xsd.XsdMaxLengthFacet, "is longer than {} characters"),
    (xsd.XsdMinInclusiveFacet, "is less than {}"),
    (xsd.XsdMaxInclusiveFacet, "is more than {}"),
    (xsd.XsdTotalDigitsFacet, "has more than {} digits"),
    (xsd.XsdFractionDigitsFacet, "has more than {} digits after the point"),
)


class Explainer:
    """Explains with ``xmlschema``, which is slow to build and is therefore built at the first bad document only.

    ``locate`` gives, for the URL of any file that a schema imports, the file to read instead, and raises
    for those that must not be read. Safe to call from any thread.
    """

    def __init__(self, locate: Callable[[str], Path]) -> None:
        self._locate = locate
        self._lock = threading.Lock()
        self._schemas: dict[Path, Any] = {}

    def problems(self, schema_file: Path, tree: etree._Element, most: int) -> tuple[Problem, ...]:
        """Return at most ``most`` problems, or none if ``xmlschema`` finds nothing or gives up."""
        try:
            with self._lock:
                errors = self._schema(schema_file).iter_errors(tree, use_location_hints=False)
                return tuple(islice(_different(_problem(error, tree) for error in errors), most))
        except (xmlschema.XMLSchemaException, LookupError, ValueError, TypeError, ArithmeticError):
            return ()  # it gives up on some documents that the deciding schema only refuses, such as a wrong xsi:type

    def _schema(self, file: Path) -> Any:
        if file not in self._schemas:
            # "sandbox" knows one folder only and the layout has several: "local", and ``locate`` keeps to the folders
            self._schemas[file] = xmlschema.XMLSchema10(
                file.as_uri(),
                defuse="always",
                allow="local",
                uri_mapper=lambda url: self._locate(url).as_uri(),
                use_fallback=False,
            )
        return self._schemas[file]


def line_of(element: etree._Element) -> int | None:
    """Return the line of the bytes as received in which ``element`` begins, or None if it was made in memory."""
    line: Any = element.sourceline  # the stubs have no type for it
    return line if isinstance(line, int) else None


def cut(text: str | None, longest: int = _LONGEST_VALUE) -> str:
    """Return ``text`` in one line and not longer than ``longest`` characters."""
    line = " ".join((text or "").split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _different(problems: Iterable[Problem | None]) -> Iterator[Problem]:
    seen: set[Problem] = set()
    for problem in problems:
        if problem is not None and problem not in seen:
            seen.add(problem)
            yield problem


def _problem(error: Any, root: etree._Element) -> Problem | None:
    element = error.elem
    if element is None:
        return None
    if isinstance(error, xmlschema.XMLSchemaChildrenValidationError):
        return _structure_problem(error, element, root)
    reason = str(error.reason or error.message)
    if isinstance(error.validator, xsd.XsdAttributeGroup | xsd.XsdGroup | xsd.XsdElement):
        code = ProblemCode.UNEXPECTED if "not allowed" in reason or "can't have" in reason else ProblemCode.OTHER_SCHEMA
        text = f"{_name(element)}: {cut(reason, 200)}"
        return _at(code, text, "take out what does not belong there", element, root)
    text = f"value '{cut(element.text)}' of {_name(element)} {_complaint(error.validator, reason)}"
    return _at(ProblemCode.VALUE, text, f"give {_name(element)} a value that its type allows", element, root)


def _structure_problem(error: Any, parent: etree._Element, root: etree._Element) -> Problem:
    """Say whether an element is missing in ``parent``, or one is there that must not be."""
    expected = [item for item in error.expected or () if item.name]
    names = " or ".join(item.local_name for item in expected)
    if error.index >= len(parent):
        what = names or "an element"
        text = f"the element {what} is missing at the end of {_name(parent)}"
        return _missing(text, what, parent, parent, root)
    child = parent[error.index]
    if _is_missing_before(child, expected, error.validator):
        later = {item.tag for item in child.itersiblings()} & {item.name for item in expected}
        if not later:
            return _missing(f"the element {names} is missing before {_name(child)}", names, child, parent, root)
        text = f"the element {_name(child)} stands before {names} and must stand after it"
    else:
        text = _why_unexpected(child, expected, names)
    return _at(ProblemCode.UNEXPECTED, text, f"take out or move {_name(child)}", child, root)


def _missing(text: str, what: str, at: etree._Element, parent: etree._Element, root: etree._Element) -> Problem:
    path = f"{_path(parent, root)}/{what.split(' or ', maxsplit=1)[0]}"
    return Problem(ProblemCode.MISSING, text, f"add {what}", line=line_of(at), path=path)


def _is_missing_before(child: etree._Element, expected: list[Any], group: Any) -> bool:
    order = [item.name for item in group.iter_elements()]
    places = [order.index(item.name) for item in expected if item.name in order]
    return bool(places) and child.tag in order and order.index(str(child.tag)) > max(places)


def _why_unexpected(child: etree._Element, expected: list[Any], names: str) -> str:
    name = etree.QName(child)
    for item in expected:
        if item.local_name == name.localname:
            return (
                f"the element {_name(child)} is in the namespace {cut(name.namespace) or '(none)'} "
                f"and must be in {item.target_namespace}"
            )
    if any(item.tag == child.tag for item in child.itersiblings(preceding=True)):
        return f"the element {_name(child)} is there more often than allowed" + (f": next is {names}" if names else "")
    return f"the element {_name(child)} is not expected here" + (f": expected is {names}" if names else "")


def _complaint(facet: Any, reason: str) -> str:
    """Say why a value is wrong."""
    if isinstance(facet, xsd.XsdEnumerationFacets):
        return f"is not one of {_list([str(value) for value in facet.enumeration or ()])}"
    if isinstance(facet, xsd.XsdPatternFacets):
        return f"does not have the form {cut(' or '.join(facet.regexps))}"
    for facet_type, sentence in _LIMITS:
        if isinstance(facet, facet_type):
            return sentence.format(getattr(facet, "value", ""))
    kind = _KINDS.get(str(getattr(facet, "local_name", "")))
    return f"is not {kind}" if kind else f"is not allowed: {cut(reason)}"


def _list(values: list[str]) -> str:
    shown = ", ".join(values[:_LONGEST_LIST])
    return shown if len(values) <= _LONGEST_LIST else f"{shown} and {len(values) - _LONGEST_LIST} more"


def _at(code: ProblemCode, text: str, remedy: str, element: etree._Element, root: etree._Element) -> Problem:
    return Problem(code, text, remedy, line=line_of(element), path=_path(element, root))


def _name(element: etree._Element) -> str:
    return cut(etree.QName(element).localname)


def _path(element: etree._Element, root: etree._Element) -> str:
    return "/" + "/".join(reversed(list(_steps(element, root))))


def _steps(element: etree._Element, root: etree._Element) -> Iterator[str]:
    """Yield the local names from ``element`` up to ``root``, numbered where brothers have the same name."""
    at: etree._Element | None = element
    while at is not None:
        before = sum(1 for _ in at.itersiblings(str(at.tag), preceding=True))
        alone = at is root or (before == 0 and next(at.itersiblings(str(at.tag)), None) is None)
        yield _name(at) if alone else f"{_name(at)}[{before + 1}]"
        at = None if at is root else at.getparent()
