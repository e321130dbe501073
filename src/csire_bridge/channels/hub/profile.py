"""The profile of a hub environment: everything that may differ; all of it are settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from csire_bridge.channels.hub.faults import FAULTS, FaultRule
from csire_bridge.channels.transport.outbound.address import check_address, check_files
from csire_bridge.config.resources import folder
from csire_bridge.config.sections.peers.parties import HubSettings
from csire_bridge.domain.errors import ConfigurationError

__all__ = ["ContentTypeStyle", "HubProfile", "HubSecurity"]

_DEFAULTS = HubSettings()  # each default is written once, there


class ContentTypeStyle(StrEnum):
    """How requests are announced: ``application/soap+xml`` with the action in it, or ``text/xml`` without any."""

    SOAP12 = "soap12"
    TEXT_XML = "text-xml"


class HubSecurity(StrEnum):
    """Where the signature is: in the document's root, in a WS-Security header, or nowhere (demo only)."""

    ENVELOPED = "enveloped"
    WSS = "wss"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class HubProfile:
    """How to speak with the hub; raises ConfigurationError for what can't work.

    ``url`` is ``https://host`` together with ``tenant`` (and ``user``, if the hub wants one), or else the whole
    address. Plain http goes to this machine only. Time-outs are in seconds; ``peek_seconds`` lies above the hub's own
    60, and an exchange is given up after its time and ``connect_seconds`` together. ``slow_retry`` is the pause after
    faults that pass slowly. ``ca_bundle`` is the PEM file of the authorities to trust (None: the public ones),
    ``client_certificate`` our certificate and key, two PEM files; all are read anew for each connection.
    ``max_bytes`` limits an answer; an idle connection is used again within ``kept_seconds`` only.
    ``unsigned_faults``: with WS-Security, believe a fault that carries no good signature. ``faults`` says what each
    code means, ``contract`` is the folder with cms.wsdl.
    """

    url: str
    tenant: str | None = None
    user: str | None = None
    content_type_style: ContentTypeStyle = field(default_factory=lambda: ContentTypeStyle(_DEFAULTS.content_type))
    connect_seconds: float = _DEFAULTS.connect_seconds
    send_seconds: float = _DEFAULTS.send_seconds
    peek_seconds: float = _DEFAULTS.peek_seconds
    kept_seconds: float = _DEFAULTS.kept_seconds
    ca_bundle: Path | None = None
    client_certificate: tuple[Path, Path] | None = None
    security: HubSecurity = field(default_factory=lambda: HubSecurity(_DEFAULTS.security))
    max_bytes: int = _DEFAULTS.max_bytes
    unsigned_faults: bool = _DEFAULTS.unsigned_faults
    faults: Mapping[str, FaultRule] = field(default_factory=lambda: FAULTS)
    slow_retry: timedelta = timedelta(seconds=_DEFAULTS.slow_retry_seconds)
    contract: Path = field(default_factory=lambda: folder("schemas") / "hub")

    def __post_init__(self) -> None:
        check_address(self.url, "the hub")
        if self.user and not self.tenant:
            raise ConfigurationError("the hub's user is set, but not its tenant", "set both, or put both into the url")
        check_files((self.ca_bundle, *(self.client_certificate or ())), "the hub")

    @property
    def endpoint(self) -> str:
        """The address of every request: ``https://host/soap/TENANT?organisationUser=USER``."""
        if not self.tenant:
            return self.url
        user = f"?organisationUser={quote(self.user, safe='')}" if self.user else ""
        return f"{self.url.rstrip('/')}/soap/{quote(self.tenant, safe='')}{user}"
