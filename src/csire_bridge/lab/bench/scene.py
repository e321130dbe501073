"""The set-up of a bench: a folder with demo certificates, bridges with fresh databases, and the bare work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.config.settings import Settings, load_settings
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.lab.bench.bare.work import BareWork
from csire_bridge.lab.shared.workload import SignedMessage, Workload
from csire_bridge.lab.simulators.hes.simulator import meter_number
from csire_bridge.lab.simulators.pki import Algorithm, make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.service.wiring.standard import Standard
from csire_bridge.store.database import make_current

__all__ = ["KEY_KINDS", "Scene", "known_points"]

NO_LIMITS = {"disconnections_per_hour": 10**9, "commands_per_second": 10**9}
"""A bench measures how fast it can go."""
KEY_KINDS: Mapping[Algorithm, str] = {"rsa": "RSA 2048", "ecdsa": "ECDSA P-256"}


def known_points(chunk: Sequence[SignedMessage], now: datetime) -> Iterator[MeteringPoint]:
    """The metering points of these orders, each with a connected meter of its own, as known at ``now``."""
    for order in chunk:
        yield MeteringPoint(
            code=order.point,
            updated_at=now,
            meter=meter_number(order.index),
            has_contactor=True,
            protection=NOT_PROTECTED,
            connected=True,
        )


class Scene:
    """Everything that both sides of a comparison share. ``place`` is an empty folder; the caller removes it."""

    def __init__(self, place: Path, algorithm: Algorithm) -> None:
        self.place = place
        now = datetime.now(UTC)
        self.pki = make_demo_pki(place, now, algorithm=algorithm)
        standard = Standard.load(self.settings("unused", 1))
        self.book = standard.book
        self.own = self.pki.operator.eic
        self.hub = self.pki.hub.eic
        self.workload = Workload(standard, self.pki.hub.signing, now)
        namespace = etree.QName(self.workload.tag).namespace or ""
        schema = folder("schemas") / standard.catalogue.namespaces()[namespace]
        own = self.pki.operator.signing
        self.bare = BareWork(schema, self.pki.hub.signing.certificate, own.key, own.certificate)

    def settings(self, name: str, batch: int, head_end_url: str | None = None, database: str | None = None) -> Settings:
        """Settings of a bridge whose files are called ``name``; its database is a fresh one unless it is named."""
        return load_settings(
            None,
            database=database or f"sqlite:///{self.place / name}.db",
            signing_key=self.pki.operator.key_file,
            signing_certificate=self.pki.operator.certificate_file,
            partners=[{"eic": self.pki.hub.eic, "certificates": [self.pki.hub.certificate_file]}],
            delivery_folder=self.place / name,
            worker={"batch": batch},
            head_end={"url": head_end_url},
            execution=NO_LIMITS,
        )

    def service_settings(self, name: str, batch: int) -> dict[str, object]:
        """Settings of a service whose files are called ``name``, as plain values; its one partner has no limits.

        Its database is made, unless it is there.
        """
        make_current(f"sqlite:///{self.place / name}.db")
        pki, plenty = self.pki, 10**9
        partner = {"eic": pki.hub.eic, "certificates": [str(pki.hub.certificate_file)], "user": "bench"}
        return {
            "database": f"sqlite:///{self.place / name}.db",
            "signing_key": str(pki.operator.key_file),
            "signing_certificate": str(pki.operator.certificate_file),
            "partners": [{**partner, "per_minute": plenty, "at_once": plenty}],
            "delivery_folder": str(self.place / name),
            # connections rest while others are measured, and before their first request
            "web": {"batch": batch, "keep_alive_seconds": 600, "header_seconds": 600},
            "execution": NO_LIMITS,
        }

    def bridge(self, name: str, batch: int, head_end_url: str | None = None, database: str | None = None) -> Bridge:
        """A bridge with a fresh database, or with the one that is named; not started."""
        settings = self.settings(name, batch, head_end_url, database)
        make_current(settings.database)
        return Bridge(settings, system_clock)
