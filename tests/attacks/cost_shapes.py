"""Documents that are as costly as their size allows: one function for each way to be, all of a given size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count

__all__ = ["FILLINGS", "SHAPES", "filled"]

Filling = Callable[[int], bytes]
DS = b"http://www.w3.org/2000/09/xmldsig#"


def filled(opening: bytes, piece: Callable[[int], bytes], closing: bytes, size: int) -> bytes:
    """``opening``, as many pieces as there is room for, ``closing``."""
    room, out = size - len(opening) - len(closing), bytearray(opening)
    for number in count():
        part = piece(number)
        room -= len(part)
        if room < 0:
            break
        out += part
    return bytes(out) + closing


def repeated(piece: bytes) -> Filling:
    return lambda size: piece * (size // len(piece))


def wide(most: int, piece: bytes) -> Filling:
    """At most ``most`` pieces, and the rest of the size is one text."""

    def fill(size: int) -> bytes:
        pieces = piece * min(most, size // len(piece))
        return pieces + b"x" * (size - len(pieces))

    return fill


def attributes(per_element: int, name: bytes = b"a%d", value: bytes = b"") -> Filling:
    element = b"<b " + b" ".join((name % i) + b'="' + value + b'"' for i in range(per_element)) + b"/>"
    return repeated(element)


def one_element(attribute: bytes) -> Filling:
    """One element with as many attributes as there is room for; ``attribute`` numbers them."""
    return lambda size: filled(b"<b", lambda i: b" " + attribute.replace(b"%d", b"%d" % i), b"/>", size)


def bound_once(prefixes: int, inner: bytes, uri: bytes = b"u:u") -> Filling:
    """Prefixes of one element, used by many below it; ``inner`` names one by ``%d``."""

    def fill(size: int) -> bytes:
        opening = b"<b" + b"".join(b' xmlns:p%d="%s"' % (i, uri) for i in range(prefixes)) + b">"
        return filled(opening, lambda i: inner.replace(b"%d", b"%d" % (i % prefixes)), b"</b>", size)

    return fill


def half_and_half(size: int) -> bytes:
    """Half of it prefixes of one URI, half of it elements that use them."""
    prefixes = max(1, size // 2 // len(b' xmlns:p10000="u:u"'))
    return bound_once(prefixes, b"<p%d:b/>")(size)


def rebound(prefixes: int, depth: int) -> Filling:
    """Every level declares all prefixes anew, for another URI each time."""

    def fill(size: int) -> bytes:
        def tower(number: int) -> bytes:
            levels = [
                b"<b" + b"".join(b' xmlns:p%d="u:%d"' % (i, (number + level) % 50) for i in range(prefixes)) + b">"
                for level in range(depth)
            ]
            return b"".join(levels) + b"</b>" * depth

        return filled(b"<b>", tower, b"</b>", size)

    return fill


def deep(depth: int, piece: bytes = b"<b>", end: bytes = b"</b>") -> Filling:
    return repeated(piece * depth + end * depth)


def signature_of(part: bytes) -> Filling:
    """A signature with many parts in SignedInfo."""
    opening = b'<ds:Signature xmlns:ds="%s"><ds:SignedInfo>' % DS
    return lambda size: filled(opening, lambda _: part, b"</ds:SignedInfo></ds:Signature>", size)


REFERENCE = b'<ds:Reference URI=""><ds:Transforms/></ds:Reference>'
TRANSFORM = b'<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'

FILLINGS: Mapping[str, Filling] = {
    "text": repeated(b"x"),
    "spaces": repeated(b" "),
    "lines": repeated(b"\n"),
    "text of >": repeated(b">"),
    "text of =": repeated(b"="),
    "text of ?": repeated(b"?"),
    "text of ' =": repeated(b"'= "),
    "text of &gt;": repeated(b"&gt;"),
    "text of &#13;": repeated(b"&#13;"),
    "character references": repeated(b"&#x105;"),
    "text beyond ascii": repeated("ą".encode()),
    "text that says xmlns": repeated(b"xmlns:a='b' "),
    "big base64": repeated(b"QUJD"),
    "comments": wide(19_000, b"<!---->"),
    "comments between texts": wide(19_000, b"<!--x-->y"),
    "cdata": wide(19_000, b"<![CDATA[>]]>"),
    "long cdata": lambda size: b"<![CDATA[" + b">" * (size - 12) + b"]]>",
    "long comment": lambda size: b"<!--" + b">" * (size - 7) + b"-->",
    "siblings": wide(19_000, b"<b/>"),
    "siblings with texts": wide(19_000, b"<b>1</b>2"),
    "siblings with attributes": wide(19_000, b"<b a='1' c='2'/>"),
    "siblings with namespaces": wide(19_000, b"<b xmlns='u:u'/>"),
    "siblings with prefixes": wide(19_000, b"<p:b xmlns:p='u:u'/>"),
    "siblings with ids": wide(19_000, b"<b Id='x'/>"),
    "siblings with other namespaces": wide(9_000, b"<b xmlns='u:u'/><b xmlns='u:v'/>"),
    "64 attributes each": attributes(64),
    "64 long attributes": attributes(64, value=b">" * 200),
    "ids": attributes(60, b"a%d", b"Id"),
    "one long attribute": lambda size: b'<b a="' + b">" * (size - 9) + b'"/>',
    "one long attribute of tabs": lambda size: b'<b a="' + b"&#9;" * ((size - 9) // 4) + b'"/>',
    "a long id": lambda size: b'<b Id="' + b"i" * (size - 10) + b'"/>',
    "a long name": lambda size: b"<" + b"n" * (size - 3) + b"/>",
    "long names": repeated(b"<" + b"n" * 1000 + b"/>"),
    "a long namespace": lambda size: b'<b xmlns="' + b"n" * (size - 13) + b'"/>',
    "many attributes": one_element(b'a%d=""'),
    "many prefixes of one uri": one_element(b'xmlns:p%d="u:u"'),
    "many prefixes of many uris": one_element(b'xmlns:p%d="u:%d"'),
    "many attributes of many prefixes": one_element(b'xmlns:p%d="u:%d" p%d:a=""'),
    "half prefixes, half users": half_and_half,
    "60 prefixes of one uri, used": bound_once(60, b"<p%d:b/>"),
    "60 prefixes of one uri, used by attributes": bound_once(60, b"<b p%d:a=''/>"),
    "60 prefixes of one uri, used deep": bound_once(60, b"<p%d:b><b><b><b><b/></b></b></b></p%d:b>"),
    "a prefix of a long uri, used": bound_once(1, b"<p%d:b></p%d:b>", b"u:" + b"u" * 250),
    "1000 prefixes, used": bound_once(1000, b"<p%d:b/>"),
    "prefixes bound anew at every level": rebound(20, 60),
    "one prefix bound anew at every level": rebound(1, 60),
    "depth of 60": deep(60),
    "depth of 60 with texts": deep(60, b"<b>x", b"x</b>"),
    "depth of 60 with attributes": deep(60, b"<b a='1' c='2' d='3'>"),
    "depth of 250": deep(250),
    "depth without an end": lambda size: b"<b>" * (size // 3),
    "as many siblings as fit": repeated(b"<b>12345678901234567</b>"),
    "as many long attributes as fit": repeated(b'<b a="123456789012345678901234567890"/>'),
    "as many texts of > as fit": repeated(b"<b>>>>>>>>>>>>>>>>>>>>>>></b>"),
    "a tree of twos": deep(2, b"<b><c/>"),
    "signatures": repeated(b'<ds:Signature xmlns:ds="%s"/>' % DS),
    "references": signature_of(REFERENCE),
    "transforms": signature_of(TRANSFORM),
    "entities that nobody declared": repeated(b"&x;"),
    "ends of cdata": repeated(b"]]&gt;"),
    "ends of comments": lambda size: b"<!--" + b"- " * ((size - 7) // 2) + b"-->",
    "instructions": repeated(b"<?p?>"),
}
"""What may stand in an element, of a size."""


def before(piece: bytes, end: bytes = b"<a/>") -> Filling:
    return lambda size: piece * ((size - len(end)) // len(piece)) + end


SHAPES: Mapping[str, Filling] = {
    **{f"{piece!r} before the root": before(piece) for piece in (b" ", b"<!---->", b"<?p?>", b"<!--", b"<?", b"<!-")},
    "equals signs and spaces": lambda size: b"<a" + b"= " * ((size - 4) // 2) + b"/>",
    "an equals sign and spaces": lambda size: b"<a b=" + b" " * (size - 9) + b"''/>",
    "an encoding and spaces": lambda size: b"<?xml encoding" + b" " * (size - 18) + b"?><a/>",
    "encodings": lambda size: b"<?xml " + b"encoding=" * ((size - 20) // 9) + b"?><a/>",
    "less-than signs": repeated(b"<"),
    "quotes": lambda size: b"<a " + b"'" * (size - 3),
    "zeros": repeated(b"\x00"),
    "bytes that are no text": repeated(b"\xff"),
    "a document type": lambda size: b"<!DOCTYPE a [" + b"<!ENTITY a 'b'>" * ((size - 20) // 15) + b"]><a/>",
}
"""Whole documents, most of which are none."""


def all_of(size: int) -> Iterator[tuple[str, bytes]]:
    """Every filling in a root of its own, and every shape."""
    for name, fill in FILLINGS.items():
        yield name, b"<a>" + fill(size - 7) + b"</a>"
    for name, fill in SHAPES.items():
        yield name, fill(size)
