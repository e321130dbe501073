"""Reads incoming messages of the head-end system: without SOAP envelope, in the dialect's namespaces, by its schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from lxml import etree

from csire_bridge.channels.hes.dialect.dialect import Dialect
from csire_bridge.channels.hes.dialect.schema import compiled_schema
from csire_bridge.channels.hes.dialect.structure import reduced
from csire_bridge.channels.hes.profile import HeadEndNamespaces, HeadEndProfile
from csire_bridge.domain.errors import NotValid, Problem, ProblemCode
from csire_bridge.xml.parser import parse

__all__ = ["line_of", "problem", "read_message"]

_SOAP = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_BODIES = {f"{{{namespace}}}Envelope": f"{{{namespace}}}Body" for namespace in _SOAP}
_PREFIXES = tuple(HeadEndNamespaces.model_fields)


def read_message(raw: bytes, profile: HeadEndProfile, max_bytes: int) -> etree._Element:
    """The message in ``raw``, bare or in SOAP, in the namespaces of the profile's dialect.

    What the dialect's schema does not name is left out, and what it names may come in any order. Everything else must
    be as the schema says. Raises Unreadable or NotValid for anything else.
    """
    message = _unwrapped(parse(raw, max_bytes))
    dialect = profile.dialect
    table = _theirs(dialect, profile.namespaces)
    if table.wanted_for(raw):
        _into_ours(message, table.written)
    if dialect.schema is None:
        return message
    schema = compiled_schema(dialect.schema)
    if not schema.validate(message) and not _valid_when_reduced(message, dialect, schema):
        log: Any = schema.error_log  # its stub can't be iterated
        remedy = "send what the schema of the dialect allows"
        found = [Problem(ProblemCode.OTHER_SCHEMA, e.message, remedy, e.line or None, e.path) for e in log]
        raise NotValid(found or [problem(message, "the message does not follow its schema")])
    return message


def _valid_when_reduced(message: etree._Element, dialect: Dialect, schema: etree.XMLSchema) -> bool:
    named = dialect.named.get(message.tag)
    return named is not None and schema.validate(reduced(message, named))


def _unwrapped(root: etree._Element) -> etree._Element:
    """The content of a SOAP body; anything else unchanged."""
    if root.tag not in _BODIES:
        return root
    body = root.find(_BODIES[root.tag])
    content = [] if body is None else [child for child in body if isinstance(child.tag, str)]
    if len(content) != 1:
        raise NotValid([problem(root, "the SOAP body does not hold exactly one message")])
    return content[0]


@dataclass(frozen=True)
class _Table:
    """The dialect's namespace for each other one that this HES uses. ``rare`` are all of these, if they are rare."""

    written: Mapping[str, str]
    rare: tuple[bytes, ...] | None

    def wanted_for(self, raw: bytes) -> bool:
        """Whether a message can have one of them: most have none, and to look at each element takes longer."""
        return self.rare is None or any(namespace in raw for namespace in self.rare)


@cache
def _theirs(dialect: Dialect, namespaces: HeadEndNamespaces) -> _Table:
    """The namespaces that are to be translated; one that this HES does not use is made invalid."""
    table = dict(dialect.aliases)
    for prefix in _PREFIXES:
        written, theirs = dialect.namespaces.get(prefix), getattr(namespaces, prefix)
        if written is not None and theirs != written:
            others = [written, *(alias for alias, of in dialect.aliases.items() if of == written)]
            table |= {other: f"not-this-hes:{other}" for other in others} | {theirs: written}
    only_aliases = table == dict(dialect.aliases)
    return _Table(table, tuple(alias.encode() for alias in table) if only_aliases else None)


def _into_ours(message: etree._Element, namespaces: Mapping[str, str]) -> None:
    for element in message.iter(etree.Element):
        namespace, _, local = element.tag.rpartition("}")
        if (ours := namespaces.get(namespace[1:])) is not None:
            element.tag = f"{{{ours}}}{local}"


def problem(element: etree._Element, text: str) -> Problem:
    """A problem at an element."""
    return Problem(ProblemCode.OTHER_SCHEMA, text, "send one message of the contract per request", line_of(element))


def line_of(element: etree._Element) -> int | None:
    """The line of an element in the bytes as received."""
    return cast("int | None", element.sourceline)
