"""Settings of the customer system SID: its web service for us, and our endpoint for it."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from csire_bridge.config.sections.peers.parties import KEPT_SECONDS, Folders, KeptSeconds, Part
from csire_bridge.domain.message.partners import PartnerLimits

__all__ = ["Network", "SidSettings"]


def _network(text: str) -> str:
    ipaddress.ip_network(text)
    return text


Network = Annotated[str, AfterValidator(_network)]
"""An address, or a network such as 10.1.0.0/16."""


class SidSettings(Part):
    """Where SID is; without ``url`` the bridge does not speak with it.

    ``security`` is "basic" (``user``, and the password in ``password_file``) or "wss" (WS-Security with our signing
    key; ``certificates`` are those that SID signs with). ``ca_bundle`` holds the authorities to trust,
    ``client_certificate`` and ``client_key`` are ours for TLS; all PEM files. ``fetch`` asks for new orders,
    ``fetch_most`` at a time, with pauses between ``idle_seconds`` and ``longest_idle_seconds``. ``look_up`` asks for
    metering points that are not known here; ``field_work`` hands over orders that need people on site. ``listen`` opens
    our own endpoint /sid/soap for ``peers``, which must prove their identity: by ``caller_user`` and the password in
    ``caller_password_file``, or by a TLS client certificate of ``caller_certificates`` that a named proxy tells. A
    connection that was idle for longer than ``kept_seconds`` is opened anew. Times are in seconds.
    """

    url: str | None = None
    security: Literal["basic", "wss"] = "basic"
    user: str | None = None
    password_file: Path | None = None
    certificates: Folders = ()
    ca_bundle: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    connect_seconds: float = Field(default=5, gt=0)
    read_seconds: float = Field(default=30, gt=0)
    kept_seconds: KeptSeconds = KEPT_SECONDS
    max_bytes: int = Field(default=10 * 1024 * 1024, gt=0)
    fetch: bool = True
    fetch_most: int = Field(default=50, gt=0, le=1000)
    idle_seconds: float = Field(default=20, gt=0)
    longest_idle_seconds: float = Field(default=60, gt=0)
    look_up: bool = True
    field_work: bool = True
    listen: bool = False
    peers: tuple[Network, ...] = ("127.0.0.0/8", "::1/128")
    caller_user: str | None = None
    caller_password_file: Path | None = None
    caller_certificates: Folders = ()
    per_minute: int = Field(default=PartnerLimits().per_minute, gt=0)
    at_once: int = Field(default=PartnerLimits().at_once, gt=0)

    @model_validator(mode="after")
    def _goes_together(self) -> SidSettings:
        pairs = (
            ("client_certificate", "client_key"),
            ("user", "password_file"),
            ("caller_user", "caller_password_file"),
        )
        for one, other in pairs:
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one} and {other} belong together: set both or none")
        if self.idle_seconds > self.longest_idle_seconds:
            raise ValueError("idle_seconds must not be longer than longest_idle_seconds")
        if self.listen and self.url is None:
            raise ValueError("listen needs url: the outcome of an order goes back to SID")
        if self.listen and not (self.caller_user or self.caller_certificates):
            raise ValueError(
                "listen needs to know who calls: set caller_user and caller_password_file, or caller_certificates"
            )
        if self.security == "wss" and self.url is not None and not self.certificates:
            raise ValueError("security wss needs certificates: those that SID signs with")
        return self
