"""Settings of the service's own HTTP endpoints. Times are in seconds."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from csire_bridge.config.sections.peers.parties import Part
from csire_bridge.config.sections.peers.sid import Network
from csire_bridge.config.sections.running.doors import ConsoleDoor, DoorSettings, OperationsDoor, TlsSettings
from csire_bridge.domain.message.partners import PartnerLimits

__all__ = ["WebSettings"]


class WebSettings(Part):
    """Where the service listens, and its limits.

    ``batch`` messages at most share a commit. A message must come within ``body_seconds``, and from ``grace_seconds``
    on with ``bytes_per_second`` on the average; its headers within ``header_seconds``. ``strangers_per_minute`` and
    ``strangers_at_once`` limit each address from which no partner has spoken; ``strangers_bytes_per_day`` what
    is kept in a day (UTC) of messages that nobody proved to have sent. There are at most ``connections``, of one
    address ``connections_per_address``; a further connection closes an idle one.
    ``trusted_proxies`` are the addresses and networks of the proxies that may say who calls: by X-Forwarded-For, and by
    ``client_certificate_header``, which holds the TLS client certificate as PEM, percent-encoded or not, or its base64.
    From anybody else these headers say nothing. At the end, open requests have ``stop_seconds``.
    ``hub``, ``sid`` and ``events`` are the doors for messages, which may have addresses of their own, and
    ``operations`` the one for operators; ``console`` is where the pages for people are. ``tls`` is that of ``host``
    and ``port``.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    batch: int = Field(default=64, gt=0, le=1000)
    body_seconds: float = Field(default=30, gt=0)
    grace_seconds: float = Field(default=5, gt=0)
    bytes_per_second: float = Field(default=1024, gt=0)
    header_seconds: float = Field(default=10, gt=0)
    keep_alive_seconds: int = Field(default=30, gt=0)
    strangers_per_minute: int = Field(default=PartnerLimits().per_minute, gt=0)
    strangers_at_once: int = Field(default=PartnerLimits().at_once, gt=0)
    strangers_bytes_per_day: int = Field(default=64 * 1024 * 1024, ge=0, lt=1 << 62)
    connections: int = Field(default=512, gt=0)
    connections_per_address: int = Field(default=128, gt=0)
    trusted_proxies: tuple[Network, ...] = ()
    client_certificate_header: str = Field(default="X-Client-Cert", pattern=r"^[A-Za-z0-9-]+$")
    stop_seconds: int = Field(default=30, gt=0)
    tls: TlsSettings | None = None
    hub: DoorSettings = DoorSettings()
    sid: DoorSettings = DoorSettings()
    events: DoorSettings = DoorSettings()
    operations: OperationsDoor = OperationsDoor()
    console: ConsoleDoor = ConsoleDoor()

    def every_tls(self) -> Iterator[tuple[str, TlsSettings]]:
        """The TLS of each address that has it, with the name of its setting."""
        apart = ("hub", "sid", "events", "operations", "console")
        doors: dict[str, TlsSettings | None] = {f"web.{door}": getattr(self, door).tls for door in apart}
        for setting, tls in {"web": self.tls, **doors}.items():
            if tls:
                yield f"{setting}.tls", tls

    def places(self) -> Iterator[tuple[str, str]]:
        """Each door with the address where it is set to be, by its settings: one without a port is where its own is."""
        own, operations = (_place(at.host, at.port, at.tls) for at in (self, self.operations))
        for name, door in (("hub", self.hub), ("sid", self.sid), ("events", self.events)):
            yield name, own if door.port is None else _place(door.host or self.host, door.port, door.tls)
        yield "operations", operations
        if self.console.open:
            at = self.console
            yield "console", operations if at.port is None else _place(at.host or self.operations.host, at.port, at.tls)

    def at_free_ports(self) -> WebSettings:
        """The same on this machine only, at any free ports; for demos and trials."""
        here = {"host": "127.0.0.1", "port": 0}
        return self.model_copy(update={**here, "operations": self.operations.model_copy(update=here)})


def _place(host: str, port: int, tls: TlsSettings | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http{'s' if tls else ''}://{shown}:{port}"
