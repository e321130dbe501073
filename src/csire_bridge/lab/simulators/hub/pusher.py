"""The simulated hub pushes messages to our webhook and looks at the receipt that comes back."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from csire_bridge.channels.hub.profile import HubSecurity
from csire_bridge.channels.transport.outbound.http_exchange import (
    AnswerTooLarge,
    HttpAnswer,
    NeverArrived,
    NoAnswer,
    PartnerClient,
)
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import NotTrusted, NotValid, Unreadable
from csire_bridge.lab.simulators.hub.soap import send_request
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.certificates.keys import CertificateBook, SigningKey
from csire_bridge.xml.security.signature import has_signature, verify_enveloped
from csire_bridge.xml.security.ws_security.soap_envelope import CMS, body_of, is_secured
from csire_bridge.xml.security.ws_security.wss import sign_envelope, verify_envelope
from csire_bridge.xml.soap import version_of

__all__ = ["PushAnswer", "PushForm", "Pusher"]

PushForm = Literal["bare", "soap"]
_SECONDS = 30.0
_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """What the webhook answered; status 0 means nothing. ``problem`` is None for a receipt with a good signature.

    ``receipt`` is the signed tree: our Receipt, or the SendMessageResponse of a SOAP answer.
    """

    status: int
    body: bytes
    content_type: str
    receipt: etree._Element | None = None
    problem: str | None = None


class Pusher:
    """Posts to one webhook. ``key`` is the hub's, ``book`` holds the certificates that may sign receipts."""

    def __init__(self, key: SigningKey, book: CertificateBook, clock: Clock, security: HubSecurity) -> None:
        self._key = key
        self._book = book
        self._clock = clock
        self._security = security

    def push(self, url: str, document: bytes, form: PushForm) -> PushAnswer:
        """Post ``document`` as it is, or in an envelope (signed when the security is wss); never raises."""
        if form == "soap":
            message, kind = send_request(document), 'application/soap+xml;charset=UTF-8;action="sendMessage"'
            if self._security is HubSecurity.WSS:
                message = sign_envelope(parse(message), self._key, self._clock())
        else:
            message, kind = document, "application/xml"
        try:
            with closing(PartnerClient(None, None)) as client:
                answer = client.post(
                    url,
                    message,
                    {"Content-Type": kind},
                    connect_seconds=_SECONDS,
                    seconds=_SECONDS,
                    max_bytes=_MOST_BYTES,
                )
        except (NeverArrived, NoAnswer, AnswerTooLarge) as error:
            return PushAnswer(0, b"", "", problem=f"no answer: {error}")
        return self._judge(answer, form == "soap")

    def _judge(self, answer: HttpAnswer, soap: bool) -> PushAnswer:
        kind = answer.headers.get("content-type", "")
        try:
            receipt, problem = self._receipt(parse(answer.body), soap), None
        except (Unreadable, NotTrusted, NotValid) as error:
            receipt, problem = None, f"no receipt with a good signature: {error.text}"
        return PushAnswer(answer.status, answer.body, kind, receipt, problem)

    def _receipt(self, root: etree._Element, soap: bool) -> etree._Element:
        """What was answered: signed, except in an envelope to one that was not secured by WS-Security."""
        if is_secured(root):
            return verify_envelope(root, self._book, self._clock()).body[0]
        if soap and self._security is not HubSecurity.WSS and not has_signature(root) and version_of(root) is not None:
            return body_of(root)[0]
        tree = verify_enveloped(root, self._book, self._clock()).tree
        response = next(tree.iter(f"{{{CMS}}}SendMessageResponse"), None)
        return tree if response is None else response
