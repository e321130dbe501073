"""A real mail server on loopback, with STARTTLS or TLS from the beginning, and a login."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.tls_servers import Files

__all__ = ["MAIL_PASSWORD", "MAIL_USER", "MailBox", "mail_server"]

MAIL_USER, MAIL_PASSWORD = "bridge", "a password of this test"


class MailBox:
    """What has arrived. ``refuses`` are recipients that the server does not take."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refuses: set[str] = set()
        self.port = 0

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:
        if address in self.refuses:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 taken"

    def text(self, number: int = -1) -> str:
        """The words of a mail."""
        return str(self.mails[number].get_content())


def _may(_: SMTP, __: Session, ___: Envelope, ____: str, given: object) -> AuthResult:
    assert isinstance(given, LoginPassword)
    right = given.login == MAIL_USER.encode() and given.password == MAIL_PASSWORD.encode()
    return AuthResult(success=right, handled=False)


@contextmanager
def mail_server(files: Files, *, implicit: bool = False, starttls: bool = True, port: int = 0) -> Iterator[MailBox]:
    """Takes mails on loopback from whoever logs in; in the clear only if neither kind of TLS is asked for."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    box = MailBox()
    options: dict[str, Any] = {"authenticator": _may, "auth_required": True}
    if implicit:
        options |= {"ssl_context": context, "auth_require_tls": False}
    elif starttls:
        options |= {"tls_context": context, "require_starttls": True}
    else:
        options |= {"auth_require_tls": False}
    server = Controller(box, hostname="127.0.0.1", port=port or _free_port(), **options)
    server.start()
    box.port = server.port
    try:
        yield box
    finally:
        server.stop()


def _free_port() -> int:

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
