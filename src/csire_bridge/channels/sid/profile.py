"""How to speak with SID; everything here is a setting."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from csire_bridge.channels.transport.outbound.address import check_address, check_files
from csire_bridge.config.resources import folder
from csire_bridge.config.sections.peers.sid import SidSettings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.written_text import written_text

__all__ = ["SidProfile", "SidSecurity", "read_password"]

_DEFAULTS = SidSettings()  # each default is written once, there


class SidSecurity(StrEnum):
    """How SID authenticates us: user and password over TLS, or a WS-Security signature, which its answers have too."""

    BASIC = "basic"
    WSS = "wss"


@dataclass(frozen=True, slots=True)
class SidProfile:
    """How to speak with SID; raises ConfigurationError for what can't work.

    ``url`` is the whole address; plain http goes to this machine only. Time-outs are in seconds; an exchange is given
    up after ``connect_seconds`` and ``read_seconds`` together. ``ca_bundle`` is the PEM file of the authorities to
    trust (None: the public ones), ``client_certificate`` our certificate and key, two PEM files; all are read anew for
    each connection. ``max_bytes`` limits an answer; an idle connection is used again within ``kept_seconds`` only.
    ``contract`` is the folder with sid.wsdl, bridge.wsdl and sid.xsd.
    """

    url: str
    security: SidSecurity = field(default_factory=lambda: SidSecurity(_DEFAULTS.security))
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    connect_seconds: float = _DEFAULTS.connect_seconds
    read_seconds: float = _DEFAULTS.read_seconds
    kept_seconds: float = _DEFAULTS.kept_seconds
    ca_bundle: Path | None = None
    client_certificate: tuple[Path, Path] | None = None
    max_bytes: int = _DEFAULTS.max_bytes
    contract: Path = field(default_factory=lambda: folder("schemas") / "sid")

    def __post_init__(self) -> None:
        check_address(self.url, "SID")
        check_files((self.ca_bundle, *(self.client_certificate or ())), "SID")


def read_password(file: Path) -> str:
    """The password in a file, without the end of its line; raises ConfigurationError."""
    try:
        password = written_text(file.read_bytes()).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the password file {file} can't be read: {error}", "name a readable file") from error
    if not password:
        raise ConfigurationError(f"the password file {file} is empty", "write the password into it")
    return password
