"""Alerts by mail: SMTP with STARTTLS or TLS from the beginning, and a login."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path

from csire_bridge.channels.transport.outbound.address import is_this_machine
from csire_bridge.channels.transport.outbound.tls import UnusableTlsFile, tls_context
from csire_bridge.channels.transport.redact import redacted
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ConfigurationError, PartnerRefused, PartnerUnreachable
from csire_bridge.telemetry.logs import logger

__all__ = ["MailChannel", "MailServer", "MailTls"]

_REMEDY = "check [alerts.mail] with `csire-bridge alerts test`, and the mail server's log; it is tried again"
_LONGEST = 300
_log = logger(__name__)


class MailTls(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in, and from whom. Raises ConfigurationError for what can't work.

    ``seconds`` is the longest wait for any answer. Without TLS only a server on this machine is used.
    """

    host: str
    port: int
    sender: str
    tls: MailTls = MailTls.STARTTLS
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_bundle: Path | None = None
    seconds: float = 20

    def __post_init__(self) -> None:
        if self.tls is MailTls.NONE and not is_this_machine(self.host):
            raise ConfigurationError(
                f"setting alerts.mail.tls: mails to {self.host} must not go without TLS",
                "set it to starttls or implicit; none is for a mail server on this machine only",
            )


class MailChannel:
    """Hands mails in, each over a connection of its own."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def send(
        self,
        delivery: str,
        recipients: tuple[str, ...],
        subject: str,
        text: str,
        now: datetime,
        files: Sequence[tuple[str, bytes, str]] = (),
    ) -> None:
        """Send one mail to all ``recipients``; at each attempt it has the same id. ``files``: (name, bytes, media).

        Raises PartnerRefused if the server refuses it, PartnerUnreachable if it can't be handed in now.
        """
        mail = self._mail(delivery, recipients, subject, text, now)
        for name, content, media in files:
            main, _, sub = media.partition("/")
            mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
        with _failures(), self._connected() as smtp:
            refused = smtp.send_message(mail)
        if refused:  # the others have it: to send it again would tell them twice
            _log.error("mail.recipients_refused", recipients=sorted(refused))

    def _mail(self, delivery: str, recipients: tuple[str, ...], subject: str, text: str, now: datetime) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._server.sender
        mail["To"] = ", ".join(recipients)
        mail["Subject"] = subject
        mail["Date"] = format_datetime(now.astimezone(WARSAW))
        mail["Message-ID"] = f"<{delivery}@{self._server.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        return mail

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        context = None if server.tls is MailTls.NONE else tls_context(server.ca_bundle, None)
        smtp = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=server.seconds, context=context)
            if server.tls is MailTls.IMPLICIT
            else smtplib.SMTP(server.host, server.port, timeout=server.seconds)
        )
        with smtp:
            if server.tls is MailTls.STARTTLS:
                smtp.starttls(context=context)  # raises where the server does not offer it: never in the clear
            if server.user is not None and server.password is not None:
                smtp.login(server.user, server.password)
            yield smtp


@contextmanager
def _failures() -> Iterator[None]:
    """Turn errors of the mail server into ours."""
    try:
        yield
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
        raise PartnerRefused("mail", f"the mail server refuses the mail: {_told(error)}", _REMEDY) from error
    except (smtplib.SMTPException, OSError, UnusableTlsFile) as error:
        raise PartnerUnreachable(f"the mail server can't be used: {_told(error)}", _REMEDY) from error


def _told(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it refuses the login ({error.smtp_code})"  # its text could repeat what we sent
    return redacted(str(error) or type(error).__name__, _LONGEST)
