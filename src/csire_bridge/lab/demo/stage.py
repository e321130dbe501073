"""A bridge in a demo environment: demo certificates, and a simulated head-end system with its meters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select

from csire_bridge.channels.hes.dialect.dialect import OURS
from csire_bridge.config.settings import DATABASE_FILE, Settings, load_settings
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint, has_contactor
from csire_bridge.domain.protection import Protection
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator
from csire_bridge.lab.simulators.pki import DemoPki, load_demo_pki, make_demo_pki
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import Database, make_current
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import metering_points

__all__ = [
    "Stage",
    "enter_points",
    "install_meters",
    "load_points",
    "stage",
    "stage_settings",
]

_NO_PAUSES = {"meter_pause_seconds": 0.2, "again_seconds": 0.5, "expiry_margin_seconds": 0.2, "recheck_seconds": 1}


@dataclass(frozen=True)
class Stage:
    """The bridge, its simulated head-end system, and the certificates."""

    bridge: Bridge
    head_end: HeadEndSimulator
    pki: DemoPki


def load_points(file: Path, now: datetime) -> list[MeteringPoint]:
    """The metering points of a file such as ``samples/metering-points.yaml``."""
    entries = yaml.safe_load(file.read_text("utf-8"))["metering_points"]
    return [_point(entry, now) for entry in entries]


def _point(entry: dict[str, Any], now: datetime) -> MeteringPoint:
    known = dict(entry)
    meter, kind, told = known.pop("meter_number", None), known.get("meter_kind"), known.pop("protection", None)
    code = MeteringPointCode.parse(known.pop("code"))
    return MeteringPoint(
        code=code,
        updated_at=now,
        meter=MeterNumber.parse(meter) if meter else None,
        has_contactor=has_contactor(kind) if kind else None,
        protection=Protection.parse(told) if told else None,
        **known,
    )


def stage_settings(
    folder: Path, pki: DemoPki, head_end_url: str, settings: Settings | None = None, database: str | None = None
) -> Settings:
    """Settings of a bridge that lives in ``folder``, knows the demo's parties and speaks to ``head_end_url``.

    It never works on the database of ``settings``: None for ``database`` is a file in ``folder``.
    """
    given = settings.model_dump(exclude_unset=True) if settings else {}
    partners = [
        {"eic": pki.hub.eic, "certificates": [pki.hub.certificate_file, pki.expired.certificate_file]},
        {"eic": pki.supplier.eic, "certificates": [pki.supplier.certificate_file]},
    ]
    return load_settings(
        environment=False,
        **{
            **given,
            "database": database or f"sqlite:///{folder / DATABASE_FILE}",
            "signing_key": pki.operator.key_file,
            "signing_certificate": pki.operator.certificate_file,
            "partners": partners,
            "hub": {},
            "delivery_folder": folder / "acknowledgements",
            "head_end": {**given.get("head_end", {}), "url": head_end_url},
            "law": {"unknown_protection": "ask", **given.get("law", {})},
            "execution": {**_NO_PAUSES, **given.get("execution", {})},
        },
    )


@contextmanager
def stage(
    folder: Path,
    clock: Clock,
    *,
    points: Iterable[MeteringPoint] = (),
    delay: tuple[float, float] = (0.2, 1.5),
    settings: Settings | None = None,
    database: str | None = None,
) -> Iterator[Stage]:
    """Set everything up in ``folder``; certificates that are there are used again. Each known meter is simulated.

    ``points`` are entered into the registry first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pki = load_demo_pki(folder) if (folder / "pki").is_dir() else make_demo_pki(folder, clock())
    with ExitStack() as stack:
        head_end = HeadEndSimulator(
            delay=delay, seed=8, clock=clock, dialect=settings.head_end.speaks if settings else OURS
        )
        head_end.start()
        stack.callback(head_end.stop)
        played = stage_settings(folder, pki, head_end.url, settings, database)
        make_current(played.database)
        bridge = Bridge(played, clock)
        enter_points(bridge.database, points)
        install_meters(bridge.database, head_end)
        stack.enter_context(bridge)
        yield Stage(bridge, head_end, pki)


def enter_points(database: Database, points: Iterable[MeteringPoint]) -> None:
    """Write metering points into the registry."""
    with database.transaction() as tx:
        for point in points:
            tx.points.put(point)


def install_meters(database: Database, head_end: HeadEndSimulator) -> None:
    """Simulate the meter of each known point that has a contactor, in the state that the registry knows."""
    for point in _known(database):
        if point.meter and point.has_contactor:
            head_end.add_meter(point.meter, connected=point.connected is not False)


def _known(database: Database) -> list[MeteringPoint]:
    with database.reading() as connection:
        return list(from_rows(MeteringPoint, connection.execute(select(metering_points))))
