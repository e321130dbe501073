"""Alerts on single meters and on the head-end system's clock, each reported separately."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection, Row, select

from csire_bridge.domain.meter.evidence import offset_in_words
from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.domain.order.outcome.supply import Movement, Supply
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import OPEN_MOVEMENTS, foreign_times, movements

__all__ = ["supply_alerts"]

_TOLD_BY_THEMSELVES = 20


def supply_alerts(connection: Connection) -> Iterator[Alert]:
    """Unexplained movements, supply off first, and wrong clocks; if there are many of a kind, the rest is counted."""
    query = select(movements).where(OPEN_MOVEMENTS).order_by(movements.c.noticed_at, movements.c.key)
    found = list(from_rows(Movement, connection.execute(query)))
    on = [movement for movement in found if movement.state is Supply.ON]
    off = [movement for movement in found if movement.state is not Supply.ON]
    yield from _told(AlertKind.SUPPLY_OFF_UNEXPLAINED, off)
    yield from _told(AlertKind.SUPPLY_ON_UNEXPLAINED, on)
    times = foreign_times.c
    misfits = connection.execute(select(foreign_times).where(times.fits_since.is_(None)).order_by(times.since)).all()
    yield from (_foreign(row) for row in misfits if not row.meter)
    old = [row for row in misfits if row.meter]
    if old:
        first = old[0]
        hours = abs(timedelta(seconds=first.offset_seconds)) // timedelta(hours=1)
        words = (
            f"the head-end system answers with old readings of {len(old)} meters, such as {first.meter}: {hours} h old"
        )
        yield Alert(AlertKind.OLD_READINGS, len(old), first.since, words=words)


def _told(kind: AlertKind, found: list[Movement]) -> Iterator[Alert]:
    for movement in found[:_TOLD_BY_THEMSELVES]:
        yield Alert(kind, 1, movement.noticed_at, subject=str(movement.key), words=movement.text)
    rest = found[_TOLD_BY_THEMSELVES:]
    if rest:
        yield Alert(
            kind, len(rest), rest[0].noticed_at, subject="more", words=f"{len(rest)} more, see `movements list`"
        )


def _foreign(row: Row[tuple[object, ...]]) -> Alert:
    words = f"the head-end system's {row.source} are {offset_in_words(timedelta(seconds=row.offset_seconds))}"
    return Alert(AlertKind.FOREIGN_TIMES, 1, row.since, subject=row.source, words=words)
