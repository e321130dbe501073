"""Routes and channels of alerts, from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from csire_bridge.channels.alerts.mail import MailChannel, MailServer, MailTls
from csire_bridge.channels.alerts.webhook import AlertWebhook, WebhookChannel
from csire_bridge.channels.transport.outbound.address import check_files
from csire_bridge.config.sections.alerts import AlertMailSettings, AlertRouteSettings, AlertSettings
from csire_bridge.domain.calendar.hours import ALWAYS
from csire_bridge.domain.calendar.windows import Window
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.operations.alert_areas import URGENT
from csire_bridge.domain.operations.alert_records import SendingChannel
from csire_bridge.domain.operations.alert_routes import AlertRoute
from csire_bridge.worker.notifications.compose import Composer
from csire_bridge.worker.notifications.notice import Notice
from csire_bridge.worker.notifications.sender import Outlet

__all__ = ["composer_of", "outlets_of", "routes_of"]


def routes_of(settings: AlertSettings) -> dict[str, AlertRoute]:
    """Every route by its name."""
    return {one.name: _route(one) for one in settings.route}


def composer_of(settings: AlertSettings) -> Composer:
    """What writes notifications for the routes."""
    return Composer(tuple(routes_of(settings).values()), settings.installation, settings.whole_codes)


def outlets_of(settings: AlertSettings) -> Mapping[SendingChannel, Outlet]:
    """The channels that are set up; raises ConfigurationError for a file that can't be read, or what can't work."""
    found: dict[SendingChannel, Outlet] = {}
    mail, webhook = settings.mail, settings.webhook
    if mail.host and mail.sender:
        check_files((mail.ca_bundle,), "the alerts' mail server")
        found[SendingChannel.MAIL] = _ByMail(mail_channel(mail, mail.host, mail.sender))
    if webhook.url and webhook.key_file:
        key = _secret(webhook.key_file).encode()
        channel = WebhookChannel(AlertWebhook(webhook.url, key, webhook.ca_bundle, webhook.seconds))
        found[SendingChannel.WEBHOOK] = _ByWebhook(channel)
    return found


def mail_channel(mail: AlertMailSettings, host: str, sender: str) -> MailChannel:
    """The mail server of the settings; raises ConfigurationError."""
    password = _secret(mail.password_file) if mail.password_file else None
    tls, port = MailTls(mail.tls), mail.port_used
    return MailChannel(MailServer(host, port, sender, tls, mail.user, password, mail.ca_bundle, mail.seconds))


def _route(one: AlertRouteSettings) -> AlertRoute:
    channels = [channel for channel, used in zip(SendingChannel, (one.mail, one.webhook), strict=True) if used]
    return AlertRoute(
        one.name,
        tuple(channels),
        one.mail,
        frozenset(one.kinds),
        frozenset(one.areas),
        Window(one.week if one.hours else ALWAYS, one.on_days_off),
        URGENT | set(one.always),
        timedelta(hours=one.repeat_hours) if one.repeat_hours else None,
    )


def _secret(file: Path) -> str:
    try:
        found = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the file {file} can't be read: {error}", "name a readable file") from error
    if not found:
        raise ConfigurationError(f"the file {file} is empty", "write the secret into it")
    return found


@dataclass(frozen=True)
class _ByMail:
    channel: MailChannel

    def send(self, delivery: str, recipients: tuple[str, ...], notice: Notice, now: datetime) -> None:
        self.channel.send(delivery, recipients, notice.subject, notice.text, now)


@dataclass(frozen=True)
class _ByWebhook:
    channel: WebhookChannel

    def send(self, delivery: str, _recipients: tuple[str, ...], notice: Notice, now: datetime) -> None:
        self.channel.send(delivery, notice.body.encode(), now)
