"""Good messages in the shapes that other stacks write: the mutations are made of each of them.

Each is made of a message in our own shape, and signed anew without the product: with ``xmlsec``, or by hand.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

from cryptography import x509
from lxml import etree

from csire_bridge.xml.security.certificates.keys import SigningKey
from tests.attacks.mutations_signing import resigned
from tests.attacks.mutations_wrapping import DS, SIGNATURE, WSSE, WSU, WSU_ID
from tests.attacks.names import THUMBPRINT, key_identifier, x509_data
from tests.attacks.signed_by_hand import EXCLUSIVE, STR_TRANSFORM

__all__ = ["ENVELOPED_SHAPES", "WSS_SHAPES", "in_shape"]

Element = etree._Element


def _the_signature(root: Element) -> Element:
    return next(root.iter(SIGNATURE))


def _named_as(root: Element, named: Element) -> None:
    """KeyInfo holds this and nothing else."""
    key_info = _the_signature(root)[2]
    for child in list(key_info):
        key_info.remove(child)
    key_info.append(named)


def _with_lists(root: Element) -> None:
    """InclusiveNamespaces on CanonicalizationMethod and on every exclusive Transform."""
    prefix = next((p for p in root.nsmap if p), "ds")
    for method in _the_signature(root).iter(f"{{{DS}}}CanonicalizationMethod", f"{{{DS}}}Transform"):
        if method.get("Algorithm") == EXCLUSIVE:
            etree.SubElement(method, f"{{{EXCLUSIVE}}}InclusiveNamespaces", PrefixList=prefix, nsmap={"ec": EXCLUSIVE})


# --- enveloped


def _only_named(root: Element, key: SigningKey, others: list[x509.Certificate]) -> None:
    _named_as(root, x509_data(key.certificate, whole=False))


def _chain_and_lists(root: Element, key: SigningKey, others: list[x509.Certificate]) -> None:
    """Other certificates come first, in an X509Data of their own and in the same; a name of the key is there too."""
    _with_lists(root)
    _named_as(root, x509_data(*others, name=False))
    key_info = _the_signature(root)[2]
    key_info.insert(0, etree.Element(f"{{{DS}}}KeyName"))
    key_info.append(x509_data(*others, key.certificate))


ENVELOPED_SHAPES: Mapping[str, Callable[[Element, SigningKey, list[x509.Certificate]], None]] = {
    "issuer and serial": _only_named,
    "chain, lists": _chain_and_lists,
}


# --- WS-Security


def _body_and_timestamp(root: Element) -> None:
    """The token is not signed any more."""
    info = _the_signature(root)[0]
    info.remove(info[-1])


def _without_token(root: Element) -> None:
    _body_and_timestamp(root)
    token = next(root.iter(f"{{{WSSE}}}BinarySecurityToken"))
    token.getparent().remove(token)  # type: ignore[union-attr]


def _reference_to(root: Element, named: Element) -> Element:
    """A SecurityTokenReference with an id, around ``named``."""
    reference = etree.Element(f"{{{WSSE}}}SecurityTokenReference", nsmap={"wsse": WSSE, "wsu": WSU})
    reference.set(WSU_ID, "STR-1")
    reference.append(named)
    return reference


def _with_str_transform(root: Element) -> None:
    """The SecurityTokenReference is signed, by the STR-Transform."""
    info = _the_signature(root)[0]
    signed = copy.deepcopy(info[-1])
    signed.set("URI", "#STR-1")
    transform = next(signed.iter(f"{{{DS}}}Transform"))
    transform.set("Algorithm", STR_TRANSFORM)
    parameters = etree.SubElement(transform, f"{{{WSSE}}}TransformationParameters", nsmap={"wsse": WSSE})
    etree.SubElement(parameters, f"{{{DS}}}CanonicalizationMethod", Algorithm=EXCLUSIVE)
    info.append(signed)


def _as_wss4j(root: Element, key: SigningKey) -> None:
    _body_and_timestamp(root)
    _with_lists(root)
    signature = _the_signature(root)
    signature.set("Id", "SIG-4")
    signature[2].set("Id", "KI-2")
    root.find("{*}Header/{*}Security").insert(0, signature)  # type: ignore[union-attr]


def _as_zeep(root: Element, key: SigningKey) -> None:
    _without_token(root)
    _named_as(root, _reference_to(root, x509_data(key.certificate)))


def _signed_reference(root: Element, key: SigningKey) -> None:
    named = copy.deepcopy(_the_signature(root)[2][0][0])
    _body_and_timestamp(root)
    _named_as(root, _reference_to(root, named))
    _with_str_transform(root)


def _by_thumbprint(root: Element, key: SigningKey) -> None:
    _without_token(root)
    _named_as(root, _reference_to(root, key_identifier(key.certificate, THUMBPRINT)))


def _signed_thumbprint(root: Element, key: SigningKey) -> None:
    _by_thumbprint(root, key)
    _with_str_transform(root)


def _by_issuer_and_serial(root: Element, key: SigningKey) -> None:
    _without_token(root)
    _named_as(root, _reference_to(root, x509_data(key.certificate, whole=False)))


WSS_SHAPES: Mapping[str, Callable[[Element, SigningKey], None]] = {
    "token by reference": _as_wss4j,
    "zeep": _as_zeep,
    "STR-Transform": _signed_reference,
    "thumbprint": _by_thumbprint,
    "thumbprint, STR-Transform": _signed_thumbprint,
    "issuer and serial": _by_issuer_and_serial,
}


def in_shape(message: bytes, shape: str, key: SigningKey, others: list[x509.Certificate]) -> bytes:
    """``message``, which ``key`` signed in our own shape, in another one, signed anew by the same key."""
    root = etree.fromstring(message)
    if shape in ENVELOPED_SHAPES and root.find(SIGNATURE) is not None:
        ENVELOPED_SHAPES[shape](root, key, others)
    else:
        WSS_SHAPES[shape](root, key)
    etree.cleanup_namespaces(root, keep_ns_prefixes=["t", "ds", "wsse", "wsu", *(p for p in root.nsmap if p)])
    return resigned(etree.tostring(root), key)
