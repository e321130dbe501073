"""The one hardened XML parser: everything from outside goes through ``parse``.

Every document may be hostile. Before libxml2 sees a byte: the size limit, UTF-8 only, and no document type
declaration, so that no entity can ever be declared. While it parses: no network, no huge trees, so its own limits
on depth (256) and text length hold; comments are dropped, as canonicalisation drops them. Afterwards: our own depth
limit, and no processing instruction inside the document, because both comments and instructions split a text in two.
"""

from __future__ import annotations

import re
import threading
from itertools import islice
from typing import cast

from lxml import etree

from csire_bridge.domain.errors import Problem, ProblemCode, Unreadable
from csire_bridge.xml.prolog import end_of_prolog

__all__ = [
    "BYTES_PER_ELEMENT",
    "BYTES_PER_EQUALS",
    "DEFAULT_MAX_BYTES",
    "FREE_ELEMENTS",
    "FREE_EQUALS",
    "MAX_ATTRIBUTES",
    "MAX_DECLARATIONS",
    "MAX_DEPTH",
    "MAX_ELEMENTS",
    "MAX_NAMESPACES",
    "MAX_NAMESPACE_LENGTH",
    "hardened_parser",
    "parse",
]

DEFAULT_MAX_BYTES = 1024 * 1024
"""A business message is a few kilobytes; the limit is a setting."""

MAX_DEPTH = 64
"""Deepest nesting of elements; the deepest official message has eight."""

# What comes after the parser costs by the element, and canonicalisation is quadratic in attributes and in namespaces in
# force. With these limits no document costs more than ten times a good message of its size (decision 38).
MAX_ELEMENTS = 20_000  # comments, CDATA sections and instructions count like elements, so that bytes alone decide
FREE_ELEMENTS, BYTES_PER_ELEMENT = 1_000, 24  # beyond so many, no more than one for so many bytes of the document
MAX_ATTRIBUTES = 64  # in one element
FREE_EQUALS, BYTES_PER_EQUALS = 2_000, 32  # the same for "=", of which each attribute and declaration has one
MAX_DECLARATIONS = 2_000  # of namespaces, in the document; whatever says "xmlns" counts, so that bytes alone decide
MAX_NAMESPACES = 64  # declarations in force at one element
MAX_NAMESPACE_LENGTH = 256

_ENCODING = re.compile(rb"""<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_LONG_VALUE = re.compile(rb"""=\s*(?:"[^"]{%d}|'[^']{%d})""" % ((MAX_NAMESPACE_LENGTH + 1,) * 2))
_START = re.compile(rb"<(?!/)")
_EQUALS = re.compile(rb"=")
_XMLNS = re.compile(rb"xmlns")
_BOM = b"\xef\xbb\xbf"
# What is sent instead of UTF-8, by its first bytes.
_OTHER_CONTENT = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"<\x00", "UTF-16"),
    (b"\x00<", "UTF-16"),
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "a zip archive"),
    (b"--", "a MIME message with attachments (MTOM)"),
)
_local = threading.local()


def parse(raw: bytes, max_bytes: int = DEFAULT_MAX_BYTES) -> etree._Element:
    """Return the root element of ``raw``; raise ``Unreadable`` with the reason, line and remedy."""
    body = raw.removeprefix(_BOM)
    _check_size(body, max_bytes)
    starts = body.count(b"<") - body.count(b"</")
    _check_encoding(body)
    _check_counts(body, starts)
    if body.startswith(b"<!DOCTYPE", end_of_prolog(body)):
        raise _doctype()
    try:
        root = etree.fromstring(body, hardened_parser())
    except etree.XMLSyntaxError as error:
        raise _unreadable(
            ProblemCode.NOT_WELL_FORMED,
            f"the bytes are not well-formed XML: {error.msg}",
            "send the document whole and well-formed",
            line=error.lineno,
        ) from error
    except ValueError as error:
        raise _unreadable(
            ProblemCode.NOT_WELL_FORMED, f"the bytes can't be read as XML: {error}", "send well-formed XML"
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype()
    if not _keeps_all_limits(body, starts):
        _check_structure(root)
    return root


def hardened_parser() -> etree.XMLParser:
    """One parser per thread: building one costs more than parsing a message."""
    parser: etree.XMLParser | None = getattr(_local, "parser", None)
    if parser is None:
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
        )
        _local.parser = parser
    return parser


def _check_size(body: bytes, max_bytes: int) -> None:
    if not body.strip():
        raise _unreadable(ProblemCode.EMPTY, "the message has no content", "send the message again, whole")
    if len(body) > max_bytes:
        raise _unreadable(
            ProblemCode.TOO_LARGE,
            f"the message has {len(body)} bytes, more than the limit of {max_bytes}",
            "send a single business message, or have the limit raised",
        )


def _check_counts(body: bytes, starts: int) -> None:
    """Limit elements, attributes and namespaces before libxml2 parses, because all later costs grow with them."""
    most = min(MAX_ELEMENTS, max(FREE_ELEMENTS, len(body) // BYTES_PER_ELEMENT))
    if starts > most:
        raise _excess(f"elements, comments and sections, more than {most}", _line_of(body, _START, most))
    most = max(FREE_EQUALS, len(body) // BYTES_PER_EQUALS)
    if body.count(b"=") > most:
        raise _excess(f"attributes and equals signs, more than {most}", _line_of(body, _EQUALS, most))
    if body.count(b"xmlns") > MAX_DECLARATIONS:
        line = _line_of(body, _XMLNS, MAX_DECLARATIONS)
        raise _excess(f"namespace declarations, more than {MAX_DECLARATIONS}", line)


def _line_of(body: bytes, what: re.Pattern[bytes], number: int) -> int:
    place = next(islice(what.finditer(body), number, None)).start()
    return body.count(b"\n", 0, place) + 1


def _check_encoding(body: bytes) -> None:
    if body.startswith(_BOM):  # libxml2 would skip the second one, and see a prolog that was not looked into
        raise _unreadable(ProblemCode.ENCODING, "the bytes begin with two byte order marks", "send at most one")
    other = next((name for start, name in _OTHER_CONTENT if body.startswith(start)), None)
    if other:
        text = f"the bytes are not XML in UTF-8, but {other}"
        raise _unreadable(ProblemCode.ENCODING, text, "send one XML document in UTF-8, not packed")
    declared = _ENCODING.match(body)
    if declared and declared.group(1).upper() not in (b"UTF-8", b"US-ASCII", b"ASCII"):
        name = declared.group(1).decode("ascii", "replace")
        raise _unreadable(ProblemCode.ENCODING, f"the document is in {name}, not in UTF-8", "send UTF-8")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(
            ProblemCode.ENCODING, f"the bytes are not UTF-8 (from byte {error.start})", "send UTF-8"
        ) from error
    if "\x00" in text:
        raise _unreadable(ProblemCode.ENCODING, "the bytes hold zero bytes, as UTF-16 or UTF-32 do", "send UTF-8")


def _keeps_all_limits(body: bytes, starts: int) -> bool:
    """Whether the bytes alone show that no limit is broken, as for most messages; then the tree need not be walked.

    Each element begins with a ``<``, and the depth can't exceed the number of elements. Each attribute and each
    namespace has a ``=``, each processing instruction two ``?``, as the XML declaration has. Characters that only look
    like these make the walk necessary, nothing worse.
    """
    return (
        starts <= MAX_DEPTH
        and body.count(b"=") <= min(MAX_ATTRIBUTES, MAX_NAMESPACES)
        and body.count(b"?") <= 2 * body.startswith(b"<?xml ")
        and not _LONG_VALUE.search(body)
    )


def _check_structure(root: etree._Element) -> None:
    depth, namespaces = 0, 0
    for event, element in etree.iterwalk(root, events=("start", "end", "pi", "start-ns", "end-ns")):
        if event == "start-ns":
            namespaces += 1
            if namespaces > MAX_NAMESPACES or len(element[1]) > MAX_NAMESPACE_LENGTH:
                raise _excess(f"namespaces in force at once, more than {MAX_NAMESPACES}, or one that is too long", None)
            continue
        if event == "end-ns":
            namespaces -= 1
            continue
        if event == "pi":
            raise _unreadable(
                ProblemCode.NOT_WELL_FORMED,
                "the document has a processing instruction inside, which could split a value in two",
                "send the document without processing instructions",
                line=_line(element),
            )
        if event == "end":
            depth -= 1
            continue
        depth += 1
        if depth > MAX_DEPTH:
            raise _excess(f"levels: elements are nested deeper than {MAX_DEPTH}", _line(element))
        if len(element.attrib) > MAX_ATTRIBUTES:
            raise _excess(f"attributes in one element, more than {MAX_ATTRIBUTES}", _line(element))


def _excess(what: str, line: int | None) -> Unreadable:
    return _unreadable(
        ProblemCode.TOO_LARGE,
        f"the document has too many {what}",
        "send a document of the published structure",
        line=line,
    )


def _line(element: etree._Element) -> int | None:
    return cast("int | None", element.sourceline)


def _doctype() -> Unreadable:
    return _unreadable(
        ProblemCode.DTD,
        "the document has a document type declaration (DOCTYPE), which is never read",
        "send the document without DOCTYPE and entities",
    )


def _unreadable(code: ProblemCode, text: str, remedy: str, line: int | None = None) -> Unreadable:
    return Unreadable([Problem(code, text, remedy, line=line)])
