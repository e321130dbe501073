"""The ``wss`` profile: a WS-Security header that signs a SOAP envelope's Body and its timestamp.

The header contains exactly: ``wsu:Timestamp`` (SOAP Message Security 1.1, section 10), one ``ds:Signature`` (XML
Signature 1.1) over Body and Timestamp at least, with exclusive canonicalisation (Basic Security Profile 1.1, R5404),
and at most one ``wsse:BinarySecurityToken`` (X.509 Token Profile 1.1, section 3.1). We sign the token too; others may.

Signing is signxml's detached signature with three references. Verifying is ours: signxml looks an id up anywhere in
a copy of the document and can't be told *which* element a reference must mean, which makes signature wrapping attacks
possible. Here no id is looked up: the elements are found by their position, each reference must name one of them, and
what is left is a few digests and one public-key operation of ``cryptography``.
"""

from __future__ import annotations

import base64
import copy
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from csire_bridge.domain.clock import aware_utc
from csire_bridge.domain.errors import NotTrusted, ProblemCode
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.lexical import SPACE, parse_moment
from csire_bridge.xml.security.algorithms import DS, has_digest, value_holds
from csire_bridge.xml.security.certificates.keys import CertificateBook, SigningKey, TrustedCertificate
from csire_bridge.xml.security.key_info import valid_ones, wrong_key
from csire_bridge.xml.security.signature import serialise
from csire_bridge.xml.security.ws_security.wss_parts import (
    BASE64,
    ID,
    SECURITY,
    SOAP,
    TIMESTAMP,
    TOKEN,
    WSSE,
    WSU,
    X509V3,
    Parts,
    decode,
    fault,
    find_parts,
    names,
)
from csire_bridge.xml.security.ws_security.wss_references import (
    Reference,
    SignedInfo,
    read_references,
    read_signed_info,
)
from csire_bridge.xml.security.ws_security.wss_signer import find_signers, octets_of_named

__all__ = ["MAX_LIFETIME", "VerifiedEnvelope", "sign_envelope", "verify_envelope"]

MAX_LIFETIME = timedelta(minutes=10)
"""Longest time between Created and Expires: as long as that, a captured message could be sent once more."""

_MAX_BODY = 64 * 1024 * 1024  # in canonical form


@dataclass(frozen=True)
class VerifiedEnvelope:
    """The result of a valid signature: only ``body``, parsed again from the signed bytes, may be used from here on."""

    body: etree._Element
    signer: TrustedCertificate
    created: datetime
    algorithm: str


# --- signing


def sign_envelope(
    envelope: etree._Element, key: SigningKey, now: datetime, lifetime: timedelta = timedelta(minutes=5)
) -> bytes:
    """Return the bytes of a SOAP 1.1 or 1.2 ``envelope`` with our Security header; ``envelope`` stays as it is.

    Raises ValueError unless it is an envelope with a Body and without a Security header, and for a naive ``now``.
    """
    created = aware_utc(now)
    root = copy.deepcopy(envelope)
    soap = etree.QName(root).namespace
    body = root.find(f"{{{soap}}}Body")
    if soap not in SOAP or body is None or root.find(f".//{SECURITY}") is not None:
        raise ValueError("only a SOAP envelope with a Body and without a Security header can be signed")
    header = root.find(f"{{{soap}}}Header")
    if header is None:
        header = etree.Element(f"{{{soap}}}Header")
        root.insert(0, header)
    security = etree.SubElement(header, SECURITY, nsmap={"wsse": WSSE, "wsu": WSU})
    security.set(f"{{{soap}}}mustUnderstand", "1")
    token = _add_token(security, key)
    signed = (body, _add_timestamp(security, created, created + lifetime), token)
    for element in signed:
        element.set(ID, f"id-{uuid.uuid4().hex}")
    security.append(_sign(root, key, [e.get(ID, "") for e in signed], token.get(ID, "")))
    return serialise(root)


def _add_token(security: etree._Element, key: SigningKey) -> etree._Element:
    token = etree.SubElement(security, TOKEN, EncodingType=BASE64, ValueType=X509V3)
    token.text = base64.b64encode(key.certificate.public_bytes(serialization.Encoding.DER)).decode("ascii")
    return token


def _add_timestamp(security: etree._Element, created: datetime, expires: datetime) -> etree._Element:
    timestamp = etree.SubElement(security, TIMESTAMP)
    for name, moment in (("Created", created), ("Expires", expires)):
        text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        etree.SubElement(timestamp, f"{{{WSU}}}{name}").text = text
    return timestamp


def _sign(root: etree._Element, key: SigningKey, ids: list[str], token_id: str) -> etree._Element:
    key_info = etree.Element(f"{{{DS}}}KeyInfo", nsmap={"ds": DS})
    token_reference = etree.SubElement(key_info, f"{{{WSSE}}}SecurityTokenReference", nsmap={"wsse": WSSE})
    etree.SubElement(token_reference, f"{{{WSSE}}}Reference", URI=f"#{token_id}", ValueType=X509V3)
    is_rsa = isinstance(key.key, rsa.RSAPrivateKey)
    signer = XMLSigner(
        method=SignatureConstructionMethod.detached,
        signature_algorithm=SignatureMethod.RSA_SHA256 if is_rsa else SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    return signer.sign(root, key=key.key, reference_uri=ids, key_info=key_info)


# --- verifying


def verify_envelope(
    envelope: etree._Element,
    book: CertificateBook,
    now: datetime,
    skew: timedelta = timedelta(minutes=5),
    most: int = _MAX_BODY,
) -> VerifiedEnvelope:
    """Return the signed Body and who signed it; raise ``NotTrusted`` for anything else.

    ``now`` is the moment of *receipt*: a message that is judged again later has not become older. The sender's clock
    may be ahead of ours by up to ``skew``; Expires is applied strictly. A naive ``now`` is a ValueError. ``most``
    limits the Body's canonical form, in bytes.
    """
    moment = aware_utc(now)
    try:
        return _verify(envelope, book, moment, skew, most)
    except NotTrusted:
        raise
    except Exception as error:  # whatever a library raises over a hostile message means "not verified"
        raise fault(ProblemCode.PROFILE, f"the envelope's security can't be read: {error}") from error


def _verify(
    envelope: etree._Element, book: CertificateBook, now: datetime, skew: timedelta, most: int
) -> VerifiedEnvelope:
    parts = find_parts(envelope)
    info = read_signed_info(parts.signature)
    references = read_references(info, parts)
    signer = _signer(parts, info, valid_ones(find_signers(parts, book), now))
    # From here on SignedInfo is the signer's word; before, no work was done on anything as large as the Body.
    for element in references:
        if element is not parts.body and element is not parts.timestamp:
            _check_digest(_token_octets(parts, element, references[element], signer), references[element], "token")
    timestamp = references[parts.timestamp].octets(parts.timestamp)
    _check_digest(timestamp, references[parts.timestamp], "Timestamp")
    body = references[parts.body].octets(parts.body, most)
    _check_digest(body, references[parts.body], "Body")
    created = _check_timestamp(parse(timestamp), now, skew)
    return VerifiedEnvelope(parse(body, len(body)), signer, created, info.algorithm)


def _signer(parts: Parts, info: SignedInfo, named: Sequence[TrustedCertificate]) -> TrustedCertificate:
    """The one of the named certificates whose key has made the signature; raises NotTrusted when none has."""
    value = decode(parts.value)
    for each in named:
        if value_holds(info.octets, info.algorithm, value, each.certificate):
            return each
    raise wrong_key(named[0])


def _token_octets(parts: Parts, element: etree._Element, reference: Reference, signer: TrustedCertificate) -> bytes:
    if element is parts.token:
        return reference.octets(element)
    return octets_of_named(parts, reference, signer)


def _check_digest(octets: bytes, reference: Reference, name: str) -> None:
    if not has_digest(octets, reference.digest):
        raise fault(
            ProblemCode.BAD_SIGNATURE,
            f"the {name} is not the one that was signed: its SHA-256 digest is not the signature's DigestValue",
            "send the envelope as it was signed, byte for byte: no new line breaks, spaces or namespaces afterwards",
        )


def _check_timestamp(timestamp: etree._Element, now: datetime, skew: timedelta) -> datetime:
    """Created, then Expires, both in UTC (Basic Security Profile 1.1, R3203, R3221, R3222)."""
    if names(timestamp) != [f"{{{WSU}}}Created", f"{{{WSU}}}Expires"]:
        raise fault(ProblemCode.PROFILE, "the Timestamp must have Created and Expires, and nothing else")
    created, expires = (_moment(element) for element in timestamp)
    wrong = None
    if created > now + skew:
        wrong = f"was created at {created:%H:%M:%S} UTC, in the future"
    elif expires <= now:
        wrong = f"expired at {expires:%Y-%m-%d %H:%M:%S} UTC"
    elif not timedelta(0) < expires - created <= MAX_LIFETIME:
        wrong = f"lives for {expires - created}, not for more than nothing and at most {MAX_LIFETIME}"
    if wrong:
        raise fault(ProblemCode.TIMESTAMP, f"the envelope {wrong}", "set the clock, sign and send at once")
    return created


def _moment(element: etree._Element) -> datetime:
    text = (element.text or "").strip(SPACE)
    try:
        moment = parse_moment(text)
    except ValueError as error:
        raise _no_utc() from error
    if len(element) or not text.endswith("Z"):
        raise _no_utc()
    return moment


def _no_utc() -> NotTrusted:
    return fault(ProblemCode.TIMESTAMP, "a time in the Timestamp is no UTC time", "write it like 2026-01-31T09:00:00Z")
