"""Settings of the alerts that go out: by mail, by webhook, to whom, and when it is quiet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from csire_bridge.config.sections.peers.parties import Part
from csire_bridge.domain.calendar.hours import Hours, Week
from csire_bridge.domain.operations.alert_areas import AlertArea
from csire_bridge.domain.operations.alerts import AlertKind

__all__ = ["AlertMailSettings", "AlertRouteSettings", "AlertSettings", "AlertWebhookSettings", "Mailbox"]

_PORTS = {"starttls": 587, "implicit": 465, "none": 25}


def _address(text: str) -> str:
    name, at, domain = text.partition("@")
    if not (name and at and domain) or not text.isprintable() or any(c in text for c in ' ,;<>"') or "@" in domain:
        raise ValueError(f"{text!r} is no address of a mailbox such as duty@example.org")
    return text


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("it needs words in one line")
    return text.strip()


Mailbox = Annotated[str, AfterValidator(_address)]
_Words = Annotated[str, AfterValidator(_one_line), Field(max_length=64)]


class AlertMailSettings(Part):
    """The mail server, which is used where ``host`` is given, and ``sender``, the address that mails come from.

    ``tls``: STARTTLS, TLS from the beginning, or none, for a server on this machine. ``port`` is 587, 465 or 25 where
    none is given. With ``user``, the password is in ``password_file``. ``ca_bundle`` holds the authorities to trust.
    """

    host: str | None = None
    port: int | None = Field(default=None, gt=0, le=65535)
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    sender: Mailbox | None = None
    user: str | None = None
    password_file: Path | None = None
    ca_bundle: Path | None = None
    seconds: float = Field(default=20, gt=0, le=300)

    @model_validator(mode="after")
    def _goes_together(self) -> AlertMailSettings:
        if self.host and not self.sender:
            raise ValueError("mails need a sender: set sender to the address that they come from")
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user and password_file belong together: set both or none")
        return self

    @property
    def port_used(self) -> int:
        """The port that is given, or the usual one."""
        return self.port or _PORTS[self.tls]


class AlertWebhookSettings(Part):
    """Where alerts are posted as JSON, if ``url`` is given; ``key_file`` has the key that signs them."""

    url: str | None = None
    key_file: Path | None = None
    ca_bundle: Path | None = None
    seconds: float = Field(default=20, gt=0, le=300)

    @model_validator(mode="after")
    def _goes_together(self) -> AlertWebhookSettings:
        if (self.url is None) != (self.key_file is None):
            raise ValueError("url and key_file belong together: set both or none")
        return self


class AlertRouteSettings(Part):
    """Which alerts go where. Without ``kinds`` and ``areas``: all.

    ``mail`` are addresses, ``webhook`` whether the webhook gets them. ``hours`` are the hours of the week, by Polish
    clocks, in which alerts are sent (none given: always); outside, and on days off unless ``on_days_off``, it is quiet
    but for urgent kinds and those of ``always``. After ``repeat_hours`` an open alert is told again; 0: never.
    """

    name: _Words
    kinds: tuple[AlertKind, ...] = ()
    areas: tuple[AlertArea, ...] = ()
    mail: tuple[Mailbox, ...] = ()
    webhook: bool = False
    hours: Mapping[str, tuple[str, ...]] = Field(default={})
    on_days_off: bool = True
    always: tuple[AlertKind, ...] = ()
    repeat_hours: float = Field(default=24, ge=0)

    @model_validator(mode="after")
    def _leads_somewhere(self) -> AlertRouteSettings:
        if not self.mail and not self.webhook:
            raise ValueError(f"the route {self.name} leads nowhere: give it addresses (mail) or webhook = true")
        if self.hours and not self.week:
            raise ValueError(f"the route {self.name} has no hours in which anything is sent")
        return self

    @property
    def week(self) -> Week:
        """The hours of each day; raises ValueError."""
        return Week.of({name: [Hours.parse(one) for one in hours] for name, hours in self.hours.items()})


class AlertSettings(Part):
    """Alerts that go out. ``installation`` names this bridge to people, such as "production".

    ``whole_codes`` writes metering points and meters in full; without it, their last four characters.
    """

    installation: _Words = "csire-bridge"
    whole_codes: bool = False
    mail: AlertMailSettings = AlertMailSettings()
    webhook: AlertWebhookSettings = AlertWebhookSettings()
    route: tuple[AlertRouteSettings, ...] = ()

    @model_validator(mode="after")
    def _routes_have_channels(self) -> AlertSettings:
        for name, count in Counter(route.name for route in self.route).items():
            if count > 1:
                raise ValueError(f"two routes have the name {name}: give each its own")
        for route in self.route:
            if route.mail and not self.mail.host:
                raise ValueError(f"the route {route.name} goes by mail: set alerts.mail.host and alerts.mail.sender")
            if route.webhook and not self.webhook.url:
                raise ValueError(f"the route {route.name} goes to the webhook: set alerts.webhook.url and key_file")
        return self
