"""KeyInfo that names one, in every way that is taken, and a signature of another; and references to the name itself."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

from cryptography import x509
from lxml import etree

from tests.attacks.mutations_signing import Edits, Keys, resigned
from tests.attacks.mutations_wrapping import DS, FALSE, SIGNATURE, TRUE, WSSE, WSU, WSU_ID
from tests.attacks.names import THUMBPRINT, X509V3, key_identifier, x509_data, x509_digest
from tests.attacks.signed_by_hand import STR_TRANSFORM

__all__ = ["namings", "signed_references"]

Element = etree._Element


def _in_reference(named: Element) -> Element:
    reference = etree.Element(f"{{{WSSE}}}SecurityTokenReference", nsmap={"wsse": WSSE})
    reference.append(named)
    return reference


_NAMES: Mapping[str, Callable[[x509.Certificate], Element]] = {
    "certificate": lambda c: x509_data(c, name=False),
    "issuer and serial": lambda c: x509_data(c, whole=False),
    "digest": x509_digest,
    "in a reference, issuer and serial": lambda c: _in_reference(x509_data(c, whole=False)),
    "in a reference, certificate": lambda c: _in_reference(key_identifier(c, X509V3)),
    "in a reference, thumbprint": lambda c: _in_reference(key_identifier(c, THUMBPRINT)),
}


def namings(message: bytes, keys: Keys) -> Edits:
    """Each way to name a certificate, times whose it is, times who signs; a name goes with the key of its own only."""
    for content, raw in (("same content", message), ("changed content", message.replace(TRUE, FALSE))):
        for way, name in _NAMES.items():
            for who, key in (("the partner", keys.good), ("stranger", keys.stranger), ("other partner", keys.other)):
                renamed = _renamed(raw, name(key.certificate))
                if key is keys.good and raw is message:
                    yield f"named as the signer ({way})", renamed
                else:
                    yield f"named {who} ({way}), {content}", renamed
                for signer, other in (("stranger", keys.stranger), ("other partner", keys.other)):
                    yield f"named {who} ({way}), {content}, signed by {signer}", resigned(renamed, other)


def _renamed(raw: bytes, name: Element) -> bytes:
    root = etree.fromstring(raw)
    key_info = next(root.iter(SIGNATURE)).find(f"{{{DS}}}KeyInfo")
    assert key_info is not None
    old = next(key_info.iter(f"{{{WSSE}}}SecurityTokenReference"), None)
    if old is not None and name.tag == old.tag and old.get(WSU_ID):
        name.set(WSU_ID, old.get(WSU_ID, ""))  # where the reference itself is signed
    for child in list(key_info):
        key_info.remove(child)
    key_info.append(name)
    return etree.tostring(root)


# --- a signed SecurityTokenReference


def signed_references(message: bytes, keys: Keys) -> Edits:
    """Tricks with the STR-Transform, as a mere edit and signed anew by the partner; nothing where there is none."""
    if STR_TRANSFORM.encode() not in message:
        return
    for name, change in _STR_TRICKS.items():
        root = etree.fromstring(message)
        change(root)
        raw = etree.tostring(root)
        yield f"signed reference: {name}", raw
        yield f"signed reference: {name}, signed anew by the partner", resigned(raw, keys.good)


def _transform(root: Element) -> Element:
    return next(e for e in root.iter(f"{{{DS}}}Transform") if e.get("Algorithm") == STR_TRANSFORM)


def _method(root: Element) -> Element:
    return next(_transform(root).iter(f"{{{DS}}}CanonicalizationMethod"))


def _name(root: Element) -> Element:
    return next(root.iter(f"{{{WSSE}}}SecurityTokenReference"))


def _elsewhere(root: Element) -> None:
    """The signed reference names another one, in the Header, that names the token as well."""
    twin = copy.deepcopy(_name(root))
    twin.set(WSU_ID, "STR-2")
    root[0].append(twin)
    signed = next(e for e in root.iter(f"{{{DS}}}Reference") if e.get("URI") == "#STR-1")
    signed.set("URI", "#STR-2")


def _on_the_body(root: Element) -> None:
    body = next(root.iter(f"{{{DS}}}Transform"))
    parent = body.getparent()
    assert parent is not None
    parent.replace(body, copy.deepcopy(_transform(root)))


def _plain(root: Element) -> None:
    method = _transform(root)
    method.set("Algorithm", _method(root).get("Algorithm", ""))
    method.remove(method[0])


def _two_names(root: Element) -> None:
    _name(root).append(copy.deepcopy(_name(root)[0]))


def _embedded(root: Element) -> None:
    etree.SubElement(_name(root), f"{{{WSSE}}}Embedded").append(_name(root)[0])


def _same_id_in_header(root: Element) -> None:
    etree.SubElement(root[0], "{urn:x}Other", nsmap={"wsu": WSU}).set(WSU_ID, "STR-1")


_STR_TRICKS: Mapping[str, Callable[[Element], None]] = {
    "without parameters": lambda root: _transform(root).remove(_transform(root)[0]),
    "parameters twice": lambda root: _transform(root).append(copy.deepcopy(_transform(root)[0])),
    "inclusive": lambda root: _method(root).set("Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
    "another method": lambda root: _method(root).set("Algorithm", "urn:x"),
    "by plain canonicalisation": _plain,
    "another reference": _elsewhere,
    "on the Body": _on_the_body,
    "two names": _two_names,
    "embedded": _embedded,
    "its id in the Header too": _same_id_in_header,
}
