"""Exclusive XML Canonicalization 1.0 without comments: the only canonicalisation allowed, for us and for partners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lxml import etree

from csire_bridge.domain.errors import Problem, ProblemCode, Unreadable
from csire_bridge.xml.parser import hardened_parser

__all__ = ["EXCLUSIVE", "canonical", "prefix_list"]

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
"""Its identifier in signatures, which is the namespace of its parameter too."""

_INCLUSIVE = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
_MAX_PREFIXES = 32
_DEFAULT = "#default"  # stands for the default namespace
# lxml leaves out prefixes that the thread's table of names does not know, and no document brings this one with it.
_NAMES_DEFAULT = b'<a xmlns:d="#default"/>'


def prefix_list(method: etree._Element) -> tuple[str, ...] | None:
    """The prefixes that a Transform or CanonicalizationMethod has treated as inclusive; None when it is another method.

    Java and .NET libraries write such a list (Exclusive XML Canonicalization 1.0, section 4). Nothing else may be in
    the element, and there are at most 32 prefixes.
    """
    if method.get("Algorithm") != EXCLUSIVE or [str(child.tag) for child in method] not in ([], [_INCLUSIVE]):
        return None
    if not len(method):
        return ()
    prefixes = tuple(method[0].get("PrefixList", "").split())
    if _DEFAULT in prefixes:
        etree.fromstring(_NAMES_DEFAULT, hardened_parser())
    alone = not len(method[0]) and set(method[0].attrib) <= {"PrefixList"}
    return prefixes if alone and len(prefixes) <= _MAX_PREFIXES else None


def canonical(element: etree._Element, prefixes: Sequence[str] = (), limit: int | None = None) -> bytes:
    """The canonical form of ``element``.

    Raises Unreadable if it grows beyond ``limit`` bytes (None: no limit), or if there is no canonical form, because a
    namespace is not an absolute URI (Canonical XML 1.0, section 1.3).
    """
    listed = list(prefixes) or None
    library: Any = etree  # its stubs don't know exclusive canonicalisation
    try:
        if limit is None:
            octets: bytes = library.tostring(
                element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=listed
            )
            return octets
        bounded = _Bounded(limit)
        library.ElementTree(element).write_c14n(
            bounded, exclusive=True, with_comments=False, inclusive_ns_prefixes=listed
        )
    except etree.C14NError as error:
        raise _unreadable(ProblemCode.NOT_WELL_FORMED, "it has a namespace that is no absolute URI") from error
    return bytes(bounded.held)


class _Bounded:
    """A file object that accepts at most ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self.held, self._limit = bytearray(), limit

    def write(self, octets: bytes) -> None:
        if len(self.held) + len(octets) > self._limit:
            raise _unreadable(ProblemCode.TOO_LARGE, f"it grows beyond {self._limit} bytes")
        self.held += octets


def _unreadable(code: ProblemCode, why: str) -> Unreadable:
    text = f"the document can't be brought into canonical form: {why}"
    return Unreadable([Problem(code, text, "send a document of the published structure")])
