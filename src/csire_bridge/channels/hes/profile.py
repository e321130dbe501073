"""How to speak with one head-end system (HES)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from csire_bridge.config.resources import folder
from csire_bridge.config.sections.peers.head_end import HeadEndCodes, HeadEndNamespaces, HeadEndSettings

__all__ = ["HeadEndCodes", "HeadEndNamespaces", "HeadEndProfile"]

_DEFAULTS = HeadEndSettings()  # each default is written once, there


@dataclass(frozen=True, slots=True)
class HeadEndProfile:
    """Settings of the HES, with values that only the running bridge knows.

    ``endpoint`` is the URL that takes requests, ``reply_address`` our URL for its events, ``source`` our name in
    its logs. Time-outs are in seconds; ``kept_idle`` is how long an idle connection is kept. ``contract`` is the folder
    with EndDeviceControls.wsdl and its schemas. ``ca_bundle`` is the PEM file of the authorities to trust (None: the
    public ones), ``client_certificate`` our certificate and key, two PEM files, with which the HES recognises us.
    ``required_header`` are fields that go into every header.
    """

    endpoint: str
    reply_address: str
    source: str = _DEFAULTS.source
    connect_timeout: float = _DEFAULTS.connect_seconds
    read_timeout: float = _DEFAULTS.read_seconds
    kept_idle: float = _DEFAULTS.kept_seconds
    username: str | None = None
    organization: str | None = None
    required_header: frozenset[str] = _DEFAULTS.required_header
    soap_action: str | None = None
    ca_bundle: Path | None = None
    client_certificate: tuple[Path, Path] | None = None
    codes: HeadEndCodes = field(default_factory=lambda: _DEFAULTS.codes)
    namespaces: HeadEndNamespaces = field(default_factory=lambda: _DEFAULTS.namespaces)
    contract: Path = field(default_factory=lambda: folder("schemas") / "hes")

    @classmethod
    def of(cls, settings: HeadEndSettings, reply_address: str = "") -> HeadEndProfile:
        """The profile that the settings ask for."""
        certificate, key = settings.client_certificate, settings.client_key
        return cls(
            endpoint=settings.url or "",
            reply_address=reply_address,
            source=settings.source,
            connect_timeout=settings.connect_seconds,
            read_timeout=settings.read_seconds,
            kept_idle=settings.kept_seconds,
            username=settings.username,
            organization=settings.organization,
            required_header=settings.required_header,
            soap_action=settings.soap_action,
            ca_bundle=settings.ca_bundle,
            client_certificate=(certificate, key) if certificate and key else None,
            codes=settings.codes,
            namespaces=settings.namespaces,
        )
