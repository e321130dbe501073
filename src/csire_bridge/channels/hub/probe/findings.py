"""Findings of the connection test, in words, with a remedy for each failure."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from csire_bridge.channels.transport.outbound.http_exchange import HttpAnswer

__all__ = [
    "ASCII",
    "CA_FILE",
    "NAME",
    "NO_TLS",
    "OURS",
    "REFUSED",
    "SILENT",
    "SILENT_HTTP",
    "WRONG_URL",
    "ProbeStep",
    "Stopped",
    "certificate_text",
    "distrusted",
    "dropped",
    "http_step",
    "no_tls",
    "tls_text",
]

ASCII = "write the host in punycode, and everything else percent-encoded"
NAME = "check the host in the url, and this machine's DNS"
REFUSED = "check the port in the url; if it is right, the service behind it is down: call its operator"
SILENT = "have the firewall opened for this machine, on both sides"
NO_TLS = "check the port in the url: it may be one for plain http, or a firewall stands between"
CA_FILE = "name a PEM file with the authorities of the partner's server"
OURS = "name our certificate and its key without a password, two PEM files of one pair"
WRONG_URL = "check host, path and tenant in the url"
SILENT_HTTP = "call the partner's operator: the gateway takes connections but does not answer"
_ASK_FOR_OURS = "name our TLS certificate and key in the settings; the partner must have entered the certificate"
_OURS_REFUSED = "have the partner enter our TLS certificate, and check its validity and authority"
_SOON = timedelta(days=30)
_NOT_YET, _EXPIRED, _WRONG_NAME, _WRONG_IP = 9, 10, 62, 64  # X509_V_ERR_... of OpenSSL
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_REMEDIES = {
    401: "have the partner let our TLS certificate or user in",
    403: "have the partner let our TLS certificate or user in",
    404: WRONG_URL + "; a service that knows no GET opens with --peek",
    407: "no proxy is used here: have the network let this machine out directly",
    502: "call the partner's operator: the gateway is up, the service behind it is not",
    503: "the service is down for a time: try again, then call its operator",
    504: "call the partner's operator: the gateway is up, the service behind it is not",
}


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One step: its name, whether it went well, what was seen, and what to do if not."""

    name: str
    ok: bool
    text: str
    remedy: str = ""


class Stopped(Exception):
    """A step failed, so the following ones are skipped."""

    def __init__(self, name: str, text: str, remedy: str) -> None:
        super().__init__(text)
        self.step = ProbeStep(name, False, text, remedy)


def tls_text(stream: object, *, with_ours: bool) -> str:
    """Version and cipher, and whether we had a certificate to show."""
    version, cipher = "TLS", ""
    if isinstance(stream, ssl.SSLSocket):
        version, cipher = stream.version() or version, (stream.cipher() or ("",))[0]
    shown = "our certificate is at hand" if with_ours else "no certificate of ours is set"
    return f"{version}, {cipher}; {shown}"


def certificate_text(raw: bytes, now: datetime) -> str:
    """Subject, issuer and end of a server's certificate; warns if less than 30 days are left."""
    certificate = x509.load_der_x509_certificate(raw)
    end = certificate.not_valid_after_utc
    soon = f", only {(end - now).days} days: tell its operator" if end - now <= _SOON else ""
    return f"{_described(certificate)}, valid until {end:%Y-%m-%d %H:%M} UTC{soon}"


def _described(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        listed = ", ".join(str(name.value) for name in names)
    except (x509.ExtensionNotFound, ValueError):
        listed = certificate.subject.rfc4514_string()
    return f"for {listed}, by {certificate.issuer.rfc4514_string()}"


def distrusted(error: ssl.SSLCertVerificationError, host: str, shown: bytes | None) -> Stopped:
    """Why the server's certificate is not trusted; ``shown`` is that certificate (DER), if it could be fetched."""
    certificate = x509.load_der_x509_certificate(shown) if shown else None
    what = _described(certificate) if certificate else "unknown"
    if error.verify_code == _EXPIRED:
        end = f" on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC" if certificate else ""
        text, remedy = f"expired{end}", "call the partner's operator: it needs a new one; check our clock, too"
    elif error.verify_code == _NOT_YET:
        text, remedy = "is not valid yet", "check this machine's clock, then call the partner's operator"
    elif error.verify_code in (_WRONG_NAME, _WRONG_IP):
        text, remedy = (
            f"is not for the name {host}",
            "use the name in the certificate as the url's host, if it is right",
        )
    else:
        text = f"comes from an authority that is not trusted here ({error.verify_message})"
        remedy = "get the authority's certificate from the partner by a safe way, and name it as ca_bundle"
    return Stopped("certificate", f"the server's certificate ({what}) {text}", remedy)


def dropped(*, with_ours: bool) -> Stopped:
    """The server closed the connection right after the TLS handshake, without a reason."""
    text = "the server dropped the connection right after the TLS handshake; perhaps it "
    if with_ours:
        return Stopped("tls", text + "does not accept our client certificate", _OURS_REFUSED)
    return Stopped("tls", text + "wants a client certificate", _ASK_FOR_OURS)


def no_tls(error: ssl.SSLError, *, with_ours: bool) -> Stopped:
    """Why the TLS handshake failed. With TLS 1.3, a missing client certificate shows only in the first answer."""
    reason = error.reason or ""
    if "ALERT" in reason and ("CERT" in reason or "UNKNOWN_CA" in reason or "HANDSHAKE_FAILURE" in reason):
        if not with_ours:
            return Stopped("tls", f"the server wants a client certificate ({reason})", _ASK_FOR_OURS)
        return Stopped("tls", f"the server does not accept our client certificate ({reason})", _OURS_REFUSED)
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"):
        return Stopped("tls", "the port does not speak TLS, perhaps plain HTTP", NO_TLS)
    return Stopped("tls", f"no TLS with the server: {reason or error}", NO_TLS)


def http_step(answer: HttpAnswer, *, peek_follows: bool = False) -> ProbeStep:
    """Judge the answer to GET. A SOAP service may refuse GET (400, 405, 415, 500): it is reachable all the same.

    Some answer 404 to anything but POST; ``peek_follows``: then the peek decides.
    """
    status, kind = answer.status, _TYPE.match(answer.headers.get("content-type", ""))
    media = kind[0].lower() if kind else "nothing"
    text = f"HTTP {status}, {media}"
    if status == 404 and peek_follows:
        return ProbeStep("http", True, f"{text} to a GET; the peek will tell")
    if status in _REMEDIES:
        raise Stopped("http", text, _REMEDIES[status])
    if 300 <= status < 400:
        raise Stopped("http", f"{text}: it sends us elsewhere", WRONG_URL)
    if 200 <= status < 300 and media == "text/html":
        raise Stopped("http", f"{text}: a web page answers, not a service", WRONG_URL)
    return ProbeStep("http", True, text)
