"""Last known states of contactors, movements that no order explains, and clocks that differ from ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Insert, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.order.order import FINAL_STATES, OrderKind, OrderState
from csire_bridge.domain.order.outcome.supply import Movement, Sighting
from csire_bridge.store.connection.dialects import insert_new
from csire_bridge.store.sql.array_parameter import any_of, in_literals
from csire_bridge.store.sql.execute_many import execute_many
from csire_bridge.store.sql.row_mapper import from_rows, to_row
from csire_bridge.store.tables import OPEN_MOVEMENTS, contactors, foreign_times, movements, orders

__all__ = ["Contactors"]

_OF = select(contactors).where(any_of(contactors.c.meter, "meters"))
_OPEN_AT = movements.update().where(OPEN_MOVEMENTS, any_of(movements.c.meter, "meters"))
_CONTACTOR_KINDS = (OrderKind.DISCONNECT.value, OrderKind.RECONNECT.value)
_ITSELF = "csire-bridge"
_MOST_SECONDS = 2**31 - 1


class Contactors:
    """What is known of contactors, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, meters: Sequence[MeterNumber]) -> dict[MeterNumber, Sighting]:
        """The last known states of these meters' contactors; meters never seen are left out."""
        if not meters:
            return {}
        found = self._connection.execute(_OF, {"meters": [str(meter) for meter in meters]})
        return {sighting.meter: sighting for sighting in from_rows(Sighting, found)}

    def put(self, sightings: Sequence[Sighting]) -> None:
        """Write states of contactors, one for each meter; a later observation is never overwritten by an earlier
        one."""
        rows = [to_row(sighting) for sighting in sorted(sightings, key=lambda sighting: sighting.meter)]
        execute_many(self._connection, _PUT[self._connection.dialect.name], rows)

    def add(self, found: Sequence[Movement]) -> list[Movement]:
        """Write movements that no order explains (their ``key`` and ``told`` are ignored); return the new ones.

        No second one is written while one is open for the same meter and state.
        """
        new = []
        for movement in found:
            point, told = self._last_told(movement.meter)
            whole = replace(movement, metering_point=movement.metering_point or point, told=told)
            statement = _ADD[self._connection.dialect.name].values(to_row(whole, "key"))
            key = self._connection.execute(statement).scalar_one_or_none()
            if key is not None:
                new.append(replace(whole, key=key))
        return new

    def explain(self, meters: Sequence[MeterNumber], now: datetime, why: str) -> None:
        """Settle open movements of these meters, because the contactor's state is explained now (UTC)."""
        if meters:
            values = {"settled_at": now, "settled_by": _ITSELF, "why": why}
            self._connection.execute(_OPEN_AT.values(values), {"meters": [str(meter) for meter in meters]})

    def movements(self, *, settled: bool = False, limit: int | None = None) -> list[Movement]:
        """Movements that are open, oldest first; with ``settled`` all of them; up to ``limit``."""
        query = select(movements).order_by(movements.c.key).limit(limit)
        return list(from_rows(Movement, self._connection.execute(query if settled else query.where(OPEN_MOVEMENTS))))

    def movement(self, key: int) -> Movement:
        """One movement; raises ActionRefused when there is none of that key."""
        found = list(from_rows(Movement, self._connection.execute(select(movements).where(movements.c.key == key))))
        if not found:
            raise ActionRefused(f"there is no movement {key}", "look its key up with `movements list`")
        return found[0]

    def settle(self, key: int, by: str, at: datetime, why: str) -> Movement:
        """Settle a movement by an operator action. Raises ActionRefused for one that is not open."""
        known = self.movement(key)
        if known.settled_at is not None:
            raise ActionRefused(
                f"movement {key} was settled by {known.settled_by}: {known.why}", "nothing is left to do"
            )
        values = {"settled_at": at, "settled_by": by, "why": why}
        self._connection.execute(update(movements).where(movements.c.key == key, OPEN_MOVEMENTS).values(values))
        return replace(known, settled_at=at, settled_by=by, why=why)

    def _last_told(self, meter: MeterNumber) -> tuple[MeteringPointCode | None, str]:
        """The metering point, and what the hub was last told about this meter."""
        moment = func.coalesce(orders.c.verified_at, orders.c.submitted_at, orders.c.registered_at)
        query = (
            select(orders.c.key, orders.c.kind, orders.c.state, orders.c.outcome, orders.c.metering_point)
            .where(
                orders.c.meter == str(meter),
                orders.c.kind.in_(_CONTACTOR_KINDS),
                in_literals(orders.c.state, FINAL_STATES),
            )
            .order_by(moment.desc(), orders.c.key.desc())
            .limit(1)
        )
        order = self._connection.execute(query).one_or_none()
        if order is None:
            return None, "no order was told of yet"
        told = f"done, {order.outcome}" if order.state == OrderState.DONE.value else order.state
        point = MeteringPointCode(order.metering_point)
        return point, f"last told: order {order.key} ({order.kind}) {told}"

    def misfit(self, source: str, meter: MeterNumber | None, offset: timedelta, now: datetime) -> None:
        """Record that a time of the head-end system differed by ``offset`` from ours; without ``meter``, for all
        meters."""
        same = (foreign_times.c.source == source) & (foreign_times.c.meter == (meter or ""))
        values: dict[str, Any] = {"offset_seconds": _whole_seconds(offset), "measured_at": now}
        fits = foreign_times.c.fits_since
        again = update(foreign_times).where(same, fits.is_not(None)).values(**values, since=now, fits_since=None)
        if self._connection.execute(again).rowcount:
            return
        if not self._connection.execute(update(foreign_times).where(same).values(values)).rowcount:
            insert_new(
                self._connection, foreign_times, {"source": source, "meter": meter or "", "since": now, **values}
            )

    def fits(self, source: str, meters: Sequence[MeterNumber], now: datetime) -> None:
        """Record that times of that source are right again: for these ``meters``, or for all if none are given."""
        open_ones = (foreign_times.c.source == source) & foreign_times.c.fits_since.is_(None)
        of_them = foreign_times.c.meter.in_([str(meter) for meter in meters] or [""])
        self._connection.execute(update(foreign_times).where(open_ones, of_them).values(fits_since=now))


def _whole_seconds(offset: timedelta) -> int:
    """What the column takes: a head-end system may write the year 9998, or 1900."""
    return max(-_MOST_SECONDS, min(round(offset.total_seconds()), _MOST_SECONDS))


def _put(insert_of: Any) -> Insert:
    statement = insert_of(contactors)
    new = statement.excluded
    values = {column.name: new[column.name] for column in contactors.c if column.name != "meter"}
    upsert: Insert = statement.on_conflict_do_update(
        index_elements=[contactors.c.meter], set_=values, where=new.last_seen_at >= contactors.c.last_seen_at
    )
    return upsert


_ADD = {
    "sqlite": sqlite.insert(movements).on_conflict_do_nothing().returning(movements.c.key),
    "postgresql": postgresql.insert(movements).on_conflict_do_nothing().returning(movements.c.key),
}
_PUT = {"sqlite": _put(sqlite.insert), "postgresql": _put(postgresql.insert)}
