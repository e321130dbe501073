"""What one document says otherwise than another: two attempts of a sender, or two answers of ours."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from csire_bridge.domain.errors import ActionRefused, Unreadable
from csire_bridge.xml.parser import parse
from csire_bridge.xml.reading.explained import LONGEST_VALUE, MOST_BYTES, is_security, own_text, walk
from csire_bridge.xml.reading.names import Names, Words

__all__ = ["Comparison", "Difference", "compared"]

MOST_DIFFERENCES = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where the two differ. ``before`` is None where only the second has it, ``after`` where only the first.

    ``security``: it belongs to a signature, which differs by itself.
    """

    path: str
    words: Words
    before: str | None
    after: str | None
    before_means: Words
    after_means: Words
    security: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """``same`` counts the values that are equal. ``cut``: there are more differences than are told."""

    differences: tuple[Difference, ...]
    same: int
    cut: bool


def compared(one: bytes, other: bytes, names: Names) -> Comparison:
    """Compare two documents value by value. Raises ActionRefused if one of them is no XML that we read."""
    before, after = _elements(one), _elements(other)
    places = [*before, *(path for path in after if path not in before)]
    found = [path for path in places if _value(before.get(path)) != _value(after.get(path))]
    told = [_difference(path, before.get(path), after.get(path), names) for path in found]
    told.sort(key=lambda difference: difference.security)
    return Comparison(tuple(told[:MOST_DIFFERENCES]), len(places) - len(found), len(told) > MOST_DIFFERENCES)


def _elements(raw: bytes) -> dict[str, etree._Element]:
    """Each element that has a text, or nothing in it, by its path."""
    try:
        root = parse(raw, MOST_BYTES)
    except Unreadable as error:
        raise ActionRefused(f"it can't be compared: {error.text}", "look at its text") from error
    return {path: element for element, _, path in walk(root) if own_text(element) or not len(element)}


def _value(element: etree._Element | None) -> str | None:
    return None if element is None else own_text(element)


def _difference(path: str, before: etree._Element | None, after: etree._Element | None, names: Names) -> Difference:
    name = etree.QName(before if before is not None else after if after is not None else "")
    namespace = name.namespace or ""
    texts = _value(before), _value(after)
    means = [Words() if text is None else names.of_code(namespace, name.localname, text) for text in texts]
    shown = [None if text is None else text[:LONGEST_VALUE] for text in texts]
    words = names.of_element(namespace, name.localname)
    return Difference(path, words, shown[0], shown[1], means[0], means[1], is_security(namespace))
