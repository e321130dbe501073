"""Everything that can be done to a good signed message, for both profiles: ``mutations`` yields it by name.

Many of them are signed anew with ``xmlsec``, also with the partner's own key, so that only the one rule that they
break can refuse them. What the partner has signed anew never changes the business content.
"""

from __future__ import annotations

import re
from typing import Literal

from lxml import etree

from tests.attacks.mutations_naming import namings, signed_references
from tests.attacks.mutations_signing import (
    Edits,
    Keys,
    algorithms,
    duplicates,
    headers,
    other_signers,
    resigned,
    timestamps,
)
from tests.attacks.mutations_wrapping import FALSE, TRUE, wrapped_documents, wrapped_envelopes

__all__ = ["HARMLESS", "Keys", "Profile", "mutations", "only_names", "resigned"]

Profile = Literal["enveloped", "wss"]

HARMLESS = {
    "comment in value",
    "comment in digest",
    "cdata",
    "cdata split",
    "character reference",
    "byte order mark",
    "white space after the end",
    "comment after the end",
    "instruction after the end",
    "namespace: unused prefix at the root",
    "wide Header",
    "signed anew by the partner",
    "token not signed, signed anew by the partner",
    "named as the signer",
    "Security not to be understood",
    "twice: X509Data",
    "twice: X509Certificate",
}
"""Names (up to a bracket) of what may be accepted, with the same content: no signature is meant to see a difference."""

_HINTS = re.compile(
    r"(twice|gone): (KeyName|X509\w+) \(.*|certificate (empty|garbage|no base64|twice)"
    r"|same content, certificate of (stranger|other partner)"
)


def only_names(name: str) -> bool:
    """Whether a mutation only changes how KeyInfo names certificates, which no signature covers.

    Where a shape names the partner's certificate in several ways, one of them is enough.
    """
    return _HINTS.fullmatch(name) is not None


def mutations(message: bytes, profile: Profile, keys: Keys) -> Edits:
    """Yield (name, bytes); ``message`` is signed with ``keys.good`` and holds the metering point once."""
    yield from _broken_bytes(message)
    yield from _hostile_xml(message)
    yield from _values(message)
    yield from algorithms(message, keys)
    yield from other_signers(message, profile == "wss", keys)
    yield from duplicates(message)
    yield from namings(message, keys)
    if profile == "enveloped":
        yield from wrapped_documents(message)
    else:
        yield from wrapped_envelopes(message)
        yield from headers(message, keys)
        yield from timestamps(message, keys)
        yield from signed_references(message, keys)


# --- bytes and markup

_ANCHOR = b"<MeteringPointCode>"


def _broken_bytes(message: bytes) -> Edits:
    for part in range(24):
        yield f"truncated at {part}/24", message[: len(message) * part // 24]
    yield "truncated by one byte", message[:-1]
    text = message.decode()
    bare = text.partition("?>")[2]
    for encoding in ("UTF-16", "UTF-32", "ISO-8859-1", "UTF-7", "IBM037"):
        declared = f'<?xml version="1.0" encoding="{encoding}"?>{bare}'
        yield f"re-encoded: {encoding}", declared.encode(encoding, "xmlcharrefreplace")
        yield f"declared only: {encoding}", declared.encode()
    yield "utf-16 without declaration", bare.encode("utf-16-le")
    yield "byte order mark", b"\xef\xbb\xbf" + message
    yield "two byte order marks", b"\xef\xbb\xbf\xef\xbb\xbf" + message
    yield "white space after the end", message + b" \n"
    yield "comment after the end", message + b"<!-- x -->"
    yield "instruction after the end", message + b"<?x y?>"
    for name, junk in (("text", b"x"), ("an element", b"<a/>"), ("itself", message), ("null bytes", b"\0\0")):
        yield f"trailing {name}", message + junk
    yield "null byte in front", b"\0" + message
    yield "null byte in value", message.replace(TRUE, TRUE + b"\0")
    yield "null reference in value", message.replace(TRUE, TRUE + b"&#0;")
    yield "bad utf-8", message.replace(TRUE, TRUE + b"\xff")


def _hostile_xml(message: bytes) -> Edits:
    prolog, _, rest = message.partition(b"?>")
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    doctypes = {
        "dtd": b"<!DOCTYPE x>",
        "dtd with an internal entity": b'<!DOCTYPE x [<!ENTITY e "5">]>',
        "dtd with an external entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///nowhere.xml">]>',
        "dtd with a parameter entity": b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>',
        "dtd with ids": b'<!DOCTYPE x [<!ATTLIST MeteringPointCode Id ID "signed">]>',
        "external dtd": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        "billion laughs": b'<!DOCTYPE x [<!ENTITY l0 "lol">' + laughs + b'<!ENTITY e "&l9;">]>',
    }
    for name, doctype in doctypes.items():
        yield name, prolog + b"?>" + doctype + rest.replace(TRUE, b"&e;")
    yield "entity nobody declared", message.replace(TRUE, b"&e;")
    many = b" ".join(b'a%d=""' % n for n in range(20_000))
    spaces = b" ".join(b'xmlns:n%d="urn:%d" n%d:a=""' % (n, n, n) for n in range(10_000))
    additions = {
        "deep nesting": b"<a>" * 250 + b"</a>" * 250,
        "very deep nesting": b"<a>" * 50_000 + b"</a>" * 50_000,
        "wide": b"<a/>" * 100_000,
        "long attribute": b'<a b="' + b"x" * 500_000 + b'"/>',
        "long text": b"<a>" + b"x" * 900_000 + b"</a>",
        "many attributes": b"<a " + many + b"/>",
        "many namespaces": b"<a " + spaces + b"/>",
        "exploding namespace": b'<a xmlns:n="urn:' + b"x" * 20_000 + b'">' + b"<n:b/>" * 5_000 + b"</a>",
        "too large": b"<a>" + b"x" * 1_100_000 + b"</a>",
    }
    for name, addition in additions.items():
        yield name, message.replace(_ANCHOR, addition + _ANCHOR)
        yield f"{name}, in SignedInfo", message.replace(b"<ds:SignedInfo>", b"<ds:SignedInfo>" + addition)


def _values(message: bytes) -> Edits:
    half, end = TRUE[:9], TRUE[9:]
    digest, value = b"<ds:DigestValue>", b"<ds:SignatureValue>"
    edits = {
        "another value": (TRUE, FALSE),
        "comment in value": (TRUE, half + b"<!-- -->" + end),
        "comment in another value": (TRUE, FALSE[:9] + b"<!-- -->" + FALSE[9:]),
        "comment hides half": (TRUE, b"<!--" + half + b"-->" + end),
        "instruction in value": (TRUE, half + b"<?x?>" + end),
        "element in value": (TRUE, half + b"<x/>" + end),
        "cdata": (TRUE, b"<![CDATA[" + TRUE + b"]]>"),
        "cdata split": (TRUE, half + b"<![CDATA[" + end + b"]]>"),
        "cdata with markup": (TRUE, b"<![CDATA[" + TRUE + b"</MeteringPointCode>]]>"),
        "character reference": (TRUE, b"&#53;" + TRUE[1:]),
        "another character reference": (TRUE, b"&#54;" + TRUE[1:]),
        "white space": (TRUE, TRUE + b" "),
        "comment in digest": (digest, digest + b"<!-- -->"),
        "instruction in digest": (digest, digest + b"<?x?>"),
        "element in signature value": (value, value + b"<x/>"),
        "attribute at an element": (b"<MeteringPointCode>", b'<MeteringPointCode a="1">'),
        "namespace: default changed": (b"<MeteringPointData_Basic>", b'<MeteringPointData_Basic xmlns="urn:x">'),
        "namespace: default taken away": (b"<MeteringPointData_Basic>", b'<MeteringPointData_Basic xmlns="">'),
        "namespace: prefix means another": (b'xmlns:t="urn:pl:oire:technical:v1"', b'xmlns:t="urn:x"'),
        "namespace: document's own changed": (b"urn:pl:oire:unk_8_1_1_5:v1", b"urn:pl:oire:unk_8_1_1_5:v2"),
        "namespace: signature's changed": (b'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"', b'xmlns:ds="urn:x"'),
        "namespace: relative": (b"<MeteringPointCode>", b'<MeteringPointCode xmlns:x="x" x:y="">'),
        "xml:base at an element": (b"<Payload>", b'<Payload xml:base="http://127.0.0.1:9/">'),
    }
    for name, (old, new) in edits.items():
        assert old in message, name
        yield name, message.replace(old, new)
    root = etree.fromstring(message)
    opening = b"<" + (f"{root.prefix}:" if root.prefix else "").encode() + etree.QName(root).localname.encode()
    yield "namespace: unused prefix at the root", message.replace(opening, opening + b' xmlns:zz="urn:zz"', 1)
