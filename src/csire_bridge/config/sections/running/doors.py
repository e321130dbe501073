"""Settings of the doors: where each group of endpoints is, and its TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from csire_bridge.config.sections.peers.parties import Part

__all__ = ["ConsoleDoor", "DoorSettings", "OperationsDoor", "TlsSettings"]


class TlsSettings(Part):
    """TLS of an address, 1.2 or newer; all PEM files, read again when they change.

    ``certificate`` is ours, with its chain behind it, and ``key`` its key without a password. With
    ``client_authorities``, callers have ("required") or may have ("optional") a client certificate of theirs.
    """

    certificate: Path
    key: Path
    client_authorities: Path | None = None
    clients: Literal["required", "optional", "none"] = "none"

    @model_validator(mode="after")
    def _goes_together(self) -> TlsSettings:
        if (self.clients == "none") != (self.client_authorities is None):
            raise ValueError('clients = "required" or "optional" and client_authorities belong together')
        return self


class DoorSettings(Part):
    """Where a door is; without ``port`` it is at the address of ``[web]``, and then has no host and TLS of its own."""

    host: str | None = None
    port: int | None = Field(default=None, ge=0, le=65535)
    tls: TlsSettings | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> DoorSettings:
        if self.port is None and (self.host or self.tls):
            raise ValueError("a door with a host or TLS of its own needs a port of its own: set port")
        return self


class ConsoleDoor(DoorSettings):
    """Where the console is, the pages for people; without ``port`` it is at the address of the operations door.

    ``address`` is how browsers call it, such as https://bridge.example behind a proxy; without it, the door's own.
    """

    open: bool = True
    address: str | None = Field(default=None, pattern=r"^https?://[^\s/?#]+/?$")


class OperationsDoor(Part):
    """Where the operations door is: health, and what else is for operators and their programs, not for partners.

    Every process has one, also a worker; several processes on one machine need a port each.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8081, ge=0, le=65535)
    tls: TlsSettings | None = None
