"""How to speak with one head-end system (HES)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from csire_bridge.channels.hes.dialect.dialect import OURS, Dialect
from csire_bridge.channels.hes.dialect.loader import dialect_named, shipped
from csire_bridge.config.resources import folder
from csire_bridge.config.sections.peers.head_end import (
    FIRST_SYSTEM,
    HeadEndCodes,
    HeadEndNamespaces,
    HeadEndSettings,
    zone_of,
)

__all__ = ["HeadEndCodes", "HeadEndNamespaces", "HeadEndProfile"]

_DEFAULTS = HeadEndSettings()  # each default is written once, there


@dataclass(frozen=True, slots=True)
class HeadEndProfile:
    """Settings of the HES, with values that only the running bridge knows.

    ``endpoint`` is the URL that takes requests, ``reply_address`` our URL for its events, ``source`` our name in
    its logs. Time-outs are in seconds; ``kept_idle`` is how long an idle connection is kept. ``contract`` is the folder
    with EndDeviceControls.wsdl and its schemas. ``ca_bundle`` is the PEM file of the authorities to trust (None: the
    public ones), ``client_certificate`` our certificate and key, two PEM files, with which the HES recognises us.
    ``required_header`` are fields that go into every header. ``dialect`` is how it writes and wants its requests,
    ``system`` its name among several;
    ``zone`` the zone of times that it writes without one, ``meter_names`` the kinds of names that are meter numbers.
    """

    endpoint: str
    reply_address: str
    system: str = FIRST_SYSTEM
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
    dialect: Dialect = field(default_factory=lambda: shipped(OURS))
    zone: tzinfo | None = None
    meter_names: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: HeadEndSettings, reply_address: str = "", system: str = FIRST_SYSTEM) -> HeadEndProfile:
        """The profile that the settings ask for; raises ConfigurationError for a dialect with mistakes."""
        certificate, key = settings.client_certificate, settings.client_key
        dialect = dialect_named(settings)
        zone = settings.zone or dialect.zone
        return cls(
            endpoint=settings.url or "",
            reply_address=reply_address,
            system=system,
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
            codes=codes_of(settings, dialect),
            namespaces=namespaces_of(settings, dialect),
            dialect=dialect,
            zone=zone_of(zone) if zone else None,
            meter_names=settings.meter_names,
        )


def codes_of(settings: HeadEndSettings, dialect: Dialect) -> HeadEndCodes:
    """The dialect's codes; what the settings name counts in their place."""
    return HeadEndCodes.model_validate(_set(dialect.codes) | _set(settings.codes))


def namespaces_of(settings: HeadEndSettings, dialect: Dialect) -> HeadEndNamespaces:
    """The dialect's namespaces; what the settings name counts in their place."""
    known = {name: uri for name, uri in dialect.namespaces.items() if name in HeadEndNamespaces.model_fields}
    return HeadEndNamespaces.model_validate(known | _set(settings.namespaces))


def _set(part: HeadEndCodes | HeadEndNamespaces) -> dict[str, object]:
    return {name: getattr(part, name) for name in part.model_fields_set}
