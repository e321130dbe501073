"""Values that are worked out: texts put together, arithmetic, and yes or no; checked against the schema at start.

Arithmetic is decimal, because XPath's own numbers are binary: 0.1 + 0.2 would be 0.30000000000000004 kW.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, cast

from lxml import etree

from csire_bridge.xml.mapping.checks.places import Follower, PathRefused, Place
from csire_bridge.xml.schema.lexical import parse_decimal
from csire_bridge.xml.schema.shapes import ValueType

__all__ = ["Finder", "WorkedOut", "work_out"]

Finder = Callable[..., object]
"""What an XPath finds in a document: elements and texts, or one value."""
WorkedOut = Callable[..., str | None]
"""The value as text; None where the document says nothing about it. Raises ValueError, ArithmeticError."""

_TEXTS = ("concat", "normalize-space", "string", "substring", "substring-after", "substring-before", "translate")
_NUMBERS = ("ceiling", "count", "floor", "number", "round", "string-length", "sum")
_COMPARED = ("and", "or", "=", "!=", "<", ">", "<=", ">=")
_YES_OR_NO = ("boolean", "contains", "false", "not", "starts-with", "true")
_ARITHMETIC: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "div": operator.truediv,
    "mod": operator.mod,
}
_TEXT = ValueType(frozenset())
"""What was put together may be meant as anything: the conversion decides."""
_NUMBER = ValueType(frozenset({"decimal"}), "collapse")
_BOOLEAN = ValueType(frozenset({"boolean"}), "collapse")
_NUMERIC = frozenset({"decimal"})
_FINEST = 9  # digits after the point of a number that XPath has worked out


def work_out(
    text: str, follower: Follower, used: Callable[[Place], None], xpath: Callable[[str], Finder]
) -> tuple[WorkedOut, ValueType]:
    """Compile the value ``text``; ``used`` gets each place that it reads, ``xpath`` compiles the paths in it.

    Raises PathRefused for what is no such value, or reads what the schema does not have.
    """
    token = follower.parsed(text)
    follower.condition(text, used)
    if _is_arithmetic(token):
        amount = _amount(token, follower, xpath)
        return lambda tree, **item: _written(amount(tree, **item)), _NUMBER
    if token.symbol in (*_COMPARED, *_YES_OR_NO):
        holds = xpath(text)
        return lambda tree, **item: "true" if holds(tree, **item) else "false", _BOOLEAN
    if token.symbol in _NUMBERS:
        number = xpath(text)
        return lambda tree, **item: _written(_exact(number(tree, **item))), _NUMBER
    if token.symbol in _TEXTS:
        _refuse_arithmetic(token)
        words = xpath(text)
        return lambda tree, **item: str(words(tree, **item)) or None, _TEXT
    raise PathRefused(_unknown(token))


def _is_arithmetic(token: Any) -> bool:
    if token.symbol == "(" and len(token) == 1:
        return _is_arithmetic(token[0])
    return token.symbol in _ARITHMETIC and len(token) > 0


def _refuse_arithmetic(token: Any) -> None:
    if any(_is_arithmetic(one) for one in token.iter()):
        raise PathRefused("arithmetic does not go into a text: write it as a value of its own")


def _unknown(token: Any) -> str:
    known = (*_TEXTS, *_NUMBERS, *_YES_OR_NO)
    if token.label == "function":
        return f"the function {token.symbol} does not go here; known are {', '.join(known)}"
    return "it works nothing out: use `path` for what is read as it stands"


_Amount = Callable[..., Decimal | None]


def _amount(token: Any, follower: Follower, xpath: Callable[[str], Finder]) -> _Amount:
    """A number that is calculated; None if a part of it is not there."""
    if token.symbol == "(" and len(token) == 1:
        return _amount(token[0], follower, xpath)
    if token.symbol in ("(integer)", "(decimal)"):
        constant = Decimal(str(token.value))
        return lambda tree, **item: constant
    if _is_arithmetic(token):
        parts = [_amount(part, follower, xpath) for part in token]
        return _negative(parts[0]) if len(parts) == 1 else _both(_ARITHMETIC[token.symbol], *parts)
    if token.symbol in _NUMBERS:
        number = xpath(token.source)
        return lambda tree, **item: _exact(number(tree, **item))
    _check_number(token, follower)
    find = xpath(token.source)
    return lambda tree, **item: _first(find(tree, **item))


def _check_number(token: Any, follower: Follower) -> None:
    """Raise PathRefused unless the path leads to one number."""
    for place in follower.path(token.source):
        kinds = place.shape.value.kinds if place.shape.value else frozenset({"elements"})
        if not kinds <= _NUMERIC:
            found = ", ".join(sorted(kinds - _NUMERIC))
            raise PathRefused(f"{token.source} is no number to reckon with: the schema's type is {found}")
        if place.several:
            raise PathRefused(f"{token.source} may stand several times: say which one, as with [1], or write sum(...)")


def _negative(part: _Amount) -> _Amount:
    def read(tree: etree._Element, **item: Any) -> Decimal | None:
        amount = part(tree, **item)
        return None if amount is None else -amount

    return read


def _both(do: Callable[[Decimal, Decimal], Decimal], left: _Amount, right: _Amount) -> _Amount:
    def read(tree: etree._Element, **item: Any) -> Decimal | None:
        one, other = left(tree, **item), right(tree, **item)
        return None if one is None or other is None else do(one, other)

    return read


def _first(found: object) -> Decimal | None:
    for one in cast("list[etree._Element | str]", found):
        text = one if isinstance(one, str) else one.text or ""
        return parse_decimal(text) if text.strip() else None
    return None


def _exact(found: object) -> Decimal:
    """A number of XPath's own without the noise of its last binary digits; raises ValueError for none."""
    number = float(cast(float, found))
    if not math.isfinite(number):
        raise ValueError("what is worked out here is no number")
    return Decimal(f"{number:.{_FINEST}f}")


def _written(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount.normalize() + 0, "f")
