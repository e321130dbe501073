"""Checks the paths of a mapping file against a schema at start: where they lead, and how often.

Otherwise a name that the schema does not have would silently find nothing, in every message.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import elementpath
from elementpath import XPath1Parser

from csire_bridge.xml.mapping.checks.xpath_words import why_no_xpath
from csire_bridge.xml.schema.shapes import Shape, ValueType

__all__ = ["ALWAYS_KNOWN", "XSI", "Follower", "PathRefused", "Place"]

XSI = "http://www.w3.org/2001/XMLSchema-instance"
ALWAYS_KNOWN = {"xsi": XSI, "xml": "http://www.w3.org/XML/1998/namespace"}
"""Prefixes that no file has to declare."""
_NIL = f"@{{{XSI}}}nil"
_MAY_BE_NIL = Shape(_NIL, 0, 1, ValueType(frozenset({"boolean"}), "collapse"))
_LITERALS = frozenset({"(string)", "(integer)", "(decimal)", "(float)"})
_STEPS = frozenset({".", "text", "*", "@", "attribute", "child", "(name)", ":"})
_JOINED = frozenset({"/", "[", "|", "("})
_OPERATORS = frozenset({"and", "or", "=", "!=", "<", ">", "<=", ">=", "+", "-", "*", "div", "mod"})


class PathRefused(ValueError):
    """The path does not exist in the schema; the text says where it fails, and suggests a similar name."""


@dataclass(frozen=True, slots=True)
class Place:
    """An element or attribute of the schema, with its path from the root element.

    ``several``: a document may have more than one. ``named``: the path names it, instead of ``*``.
    """

    shape: Shape
    path: tuple[str, ...] = ()
    several: bool = False
    named: bool = True


@dataclass(frozen=True)
class Follower:
    """Follows XPaths from the root element ``root``; ``prefixes`` are those that a path may have.

    ``item`` is the path of what is read one by one: it may stand several times, and counts as one.
    """

    root: Shape
    prefixes: Mapping[str, str]
    item: tuple[str, ...] = ()

    def path(self, text: str, used: Callable[[Place], None] = lambda _: None) -> list[Place]:
        """Where a path leads; ``used`` gets each place that its conditions read. Raises PathRefused."""
        found = self._follow(self.parsed(text), [Place(self.root)], used)
        if found is None:
            raise PathRefused("not a path: it gives a value and no element")
        return found

    def condition(self, text: str, used: Callable[[Place], None]) -> None:
        """Check each place that a condition names, and the codes that it compares with. Raises PathRefused."""
        for place in self._follow(self.parsed(text), [Place(self.root)], used) or ():
            used(place)

    def shown(self, path: Sequence[str]) -> str:
        """A path as it is written in a mapping file."""
        return "/".join(map(self._name, path)) or "the root element"

    def nearest(self, wrong: str, near: Shape) -> str:
        """A hint with the name in the schema most similar to ``wrong``, first among those below ``near``."""
        for names in ({self._name(name): "" for name in near.below}, self._everywhere):
            close = difflib.get_close_matches(wrong, names, 1, 0.6)
            if close:
                return f"; the nearest is {close[0]}{names[close[0]]}"
        known = ", ".join(map(self._name, near.below))
        return f"; it has {known}" if known else "; it has nothing below it"

    @cached_property
    def _everywhere(self) -> dict[str, str]:
        return {self._name(path[-1]): f", in {self.shown(path[:-1])}" for path in _paths(self.root)}

    def _name(self, name: str) -> str:
        at, bare = ("@", name[1:]) if name.startswith("@") else ("", name)
        namespace, _, local = bare.rpartition("}")
        if not namespace:
            return name
        prefix = next((p for p, uri in self.prefixes.items() if uri == namespace[1:]), None)
        if prefix is None:
            return name
        return f"{at}{prefix}:{local}" if prefix else f"{at}{local}"

    def parsed(self, text: str) -> Any:
        """An XPath as a tree; raises PathRefused."""
        try:
            return XPath1Parser(namespaces=dict(self.prefixes)).parse(text)
        except elementpath.ElementPathError as error:
            raise PathRefused(why_no_xpath(text)) from error

    def _follow(self, token: Any, here: list[Place], used: Callable[[Place], None]) -> list[Place] | None:
        """The places that a part of an XPath leads to from ``here``; None if it gives a value."""
        symbol, parts = token.symbol, list(token)
        if symbol in _STEPS and not (symbol == "*" and parts):
            return self._step(token, here)
        if symbol in _JOINED and (symbol != "/" or len(parts) == 2):
            return self._joined(token, parts, here, used)
        if symbol in _OPERATORS or token.label == "function":
            self._value(symbol, parts, here, used)
        elif symbol in ("/", "//"):
            raise PathRefused(f"{token.source}: a path begins below the root element, without {symbol} before its name")
        elif symbol not in _LITERALS:
            raise PathRefused(f"{token.source}: {symbol} is not read here; write the path name by name")
        return None

    def _step(self, token: Any, here: list[Place]) -> list[Place]:
        match token.symbol:
            case "." | "text":
                return here
            case "*":
                return _any_child(here)
            case "@" | "attribute":
                return self._children(f"@{self._wanted(token[0])}", here)
            case "child":
                return self._children(self._wanted(token[0]), here)
        return self._children(self._wanted(token), here)

    def _joined(
        self, token: Any, parts: list[Any], here: list[Place], used: Callable[[Place], None]
    ) -> list[Place] | None:
        match token.symbol:
            case "/":
                below = self._follow(parts[0], here, used)
                if below is None:
                    raise PathRefused(f"{token.source}: a value has nothing below it")
                return self._follow(parts[1], below, used)
            case "[":
                return self._filtered(parts, here, used)
            case "|":
                return [place for part in parts for place in self._follow(part, here, used) or ()]
        return self._follow(parts[0], here, used)

    def _filtered(self, parts: list[Any], here: list[Place], used: Callable[[Place], None]) -> list[Place]:
        found: list[Place] = []
        for place in here:
            inside = self._follow(parts[0], [place], used) or []
            if parts[1].symbol in ("(integer)", "last"):
                inside = [Place(one.shape, one.path, place.several) for one in inside]
            else:
                for looked_at in self._follow(parts[1], inside, used) or ():
                    used(looked_at)
            found += inside
        return found

    def _value(self, symbol: str, parts: list[Any], here: list[Place], used: Callable[[Place], None]) -> None:
        sides = [(part, self._follow(part, here, used)) for part in parts]
        for _, places in sides:
            for place in places or ():
                used(place)
        if symbol not in ("=", "!="):
            return
        for (literal, nothing), (_, places) in (sides, sides[::-1]):
            if literal.symbol != "(string)" or nothing is not None:
                continue
            for place in places or ():
                codes = place.shape.value.codes if place.shape.value else None
                if codes is not None and literal.value not in codes:
                    close = difflib.get_close_matches(literal.value, codes, 1, 0.0)
                    nearest = f"; the nearest is {close[0]!r}" if close else ""
                    raise PathRefused(f"{self.shown(place.path)} is never {literal.value!r} by the schema{nearest}")

    def _wanted(self, token: Any) -> str:
        if token.symbol == "(name)":
            return str(token.value)
        if token.symbol == ":" and token[0].value in self.prefixes and token[1].symbol == "(name)":
            return f"{{{self.prefixes[token[0].value]}}}{token[1].value}"
        raise PathRefused(f"{token.source}: only whole names are followed")

    def _children(self, name: str, here: list[Place]) -> list[Place]:
        found = [
            Place(shape, path, (place.several or shape.most > 1) and path != self.item)
            for place in here
            for path in [(*place.path, name)]
            if (shape := _below(place.shape, name)) is not None
        ]
        if found or not here:
            return found
        place, written = here[0], self._name(name)
        if place.shape.unknown:
            raise PathRefused(
                f"the schema does not say what {written} is in {self.shown(place.path)}: {place.shape.unknown}"
            )
        raise PathRefused(
            f"the schema has no {written} in {self.shown(place.path)}{self.nearest(written, place.shape)}"
        )


def _below(shape: Shape, name: str) -> Shape | None:
    return _MAY_BE_NIL if name == _NIL and shape.nillable else shape.below.get(name)


def _any_child(here: list[Place]) -> list[Place]:
    return [
        Place(shape, (*place.path, name), place.several or shape.most > 1 or len(place.shape.below) > 1, named=False)
        for place in here
        for name, shape in place.shape.below.items()
        if not name.startswith("@")
    ]


def _paths(shape: Shape, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, below in shape.below.items():
        yield (*above, name)
        yield from _paths(below, (*above, name))
