"""Holds, the stop switch, allowances above the cap, and circuit breakers, within one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Result, and_, bindparam, delete, func, insert, null, or_, select, update
from sqlalchemy.sql.dml import Delete, Update

from csire_bridge.domain.errors import StaleWrite
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.guards import REQUEST_LASTS, Allowance, Stop, StopScope
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.operations.circuit_breaker import Circuit
from csire_bridge.domain.people.second_person import require_second_person
from csire_bridge.store.connection.dialects import insert_new, take_turns
from csire_bridge.store.repositories.points.complaints import Complaints
from csire_bridge.store.sql.array_parameter import any_of
from csire_bridge.store.sql.row_mapper import from_row, from_rows, to_row
from csire_bridge.store.tables import allowances, circuits, holds, stops

__all__ = ["Guards"]

_ANY_HOLD = select(holds, null().label("complaint"))
_HOLDS = _ANY_HOLD.where(holds.c.released_at.is_(None)).order_by(holds.c.key)
_HOLDS_OF = _HOLDS.where(any_of(holds.c.metering_point, "points"))
_STOP = select(stops).where(stops.c.lifted_at.is_(None)).order_by(stops.c.key)
_ALLOWED = select(func.coalesce(func.sum(allowances.c.count), 0)).where(
    allowances.c.until > bindparam("now", type_=allowances.c.until.type)
)
_CIRCUIT = select(circuits).where(circuits.c.name == bindparam("b_name"))


class Guards:
    """Guards within one transaction. Nothing is ever deleted except the row of a circuit that has closed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_hold(self, hold: Hold) -> int:
        """Write a new hold (its ``key`` is ignored), with its complaint if it has one; return its key."""
        new = insert(holds).values(to_row(hold, "key", "complaint")).returning(holds.c.key)
        key = int(self._connection.execute(new).scalar_one())
        if hold.complaint is not None:
            Complaints(self._connection).add(key, hold.complaint)
        return key

    def holds_of(self, points: Sequence[MeteringPointCode], now: datetime) -> Mapping[MeteringPointCode, list[Hold]]:
        """The holds that are in force at each of ``points``."""
        found: dict[MeteringPointCode, list[Hold]] = defaultdict(list)
        if points:
            here = self._connection.execute(_HOLDS_OF, {"points": [str(point) for point in points]})
            for hold in self._read(here):
                if hold.holds(now):
                    found[hold.metering_point].append(hold)
        return found

    def holds(self) -> list[Hold]:
        """Every hold that was not released, including expired ones."""
        return self._read(self._connection.execute(_HOLDS))

    def hold(self, key: int) -> Hold:
        """The hold of that key, released or not; raise KeyError."""
        found = self.find_hold(key)
        if found is None:
            raise KeyError(key)
        return found

    def find_hold(self, key: int) -> Hold | None:
        """The same; None where there is none."""
        return next(iter(self._read(self._connection.execute(_ANY_HOLD.where(holds.c.key == key)))), None)

    def _read(self, result: Result[Any]) -> list[Hold]:
        found = list(from_rows(Hold, result))
        of = Complaints(self._connection).of([hold.key for hold in found if hold.kind is HoldKind.COMPLAINT])
        return [replace(hold, complaint=of[hold.key]) if hold.key in of else hold for hold in found]

    def release_hold(self, key: int, by: str, at: datetime, why: str | None = None) -> Hold:
        """Release a hold; raise KeyError when there is none of that key, StaleWrite when it was released before."""
        before = self.hold(key)
        free = update(holds).where(holds.c.key == key, holds.c.released_at.is_(None))
        if not self._connection.execute(free.values(released_at=at, released_by=by, released_why=why)).rowcount:
            raise StaleWrite(f"hold {key} was released before")
        return replace(before, released_at=at, released_by=by, released_why=why)

    def stop(self) -> Stop | None:
        """The stop switch if it is thrown, the widest scope first; else None."""
        found = list(from_rows(Stop, self._connection.execute(_STOP)))
        return next((stop for stop in found if stop.scope is StopScope.EVERYTHING), found[0] if found else None)

    def throw_stop(self, scope: StopScope, by: str, why: str, at: datetime) -> None:
        """Throw the stop switch."""
        self._connection.execute(insert(stops).values(scope=scope.value, since=at, by=by, why=why))

    def lift_stops(self, by: str, at: datetime, why: str | None = None) -> int:
        """Lift the stop switch; return how many times it had been thrown."""
        lift = update(stops).where(stops.c.lifted_at.is_(None)).values(lifted_at=at, lifted_by=by, lifted_why=why)
        return self._connection.execute(lift).rowcount

    def one_at_a_time(self) -> None:
        """Lock the count against the cap for all nodes until this transaction ends (SQLite has one writer anyway)."""
        take_turns(self._connection, "cap")

    def allowed(self, now: datetime) -> int:
        """Approved disconnections above the cap that count at ``now``."""
        return int(self._connection.execute(_ALLOWED, {"now": now}).scalar_one())

    def ask_allowance(self, count: int, by: str, why: str, at: datetime) -> int:
        """Ask for ``count`` disconnections above the cap; return the request's key."""
        values = {"count": count, "asked_at": at, "asked_by": by, "why": why}
        return int(self._connection.execute(insert(allowances).values(values).returning(allowances.c.key)).scalar_one())

    def approve_allowance(self, key: int, by: str, at: datetime, lasts: timedelta, why: str | None = None) -> Allowance:
        """Approve a request for ``lasts`` from now on.

        Raises KeyError when there is no such request, ValueError when the same person asked for it, StaleWrite when it
        was approved before, or has lapsed.
        """
        row = self._connection.execute(select(allowances).where(allowances.c.key == key)).first()
        if row is None:
            raise KeyError(key)
        asked = from_row(Allowance, row)
        require_second_person(asked.asked_by, by)
        if asked.asked_at + REQUEST_LASTS <= at:
            raise StaleWrite(f"request {key} has lapsed: nobody approved it within a day")
        values = {"approved_at": at, "approved_by": by, "approved_why": why, "until": at + lasts}
        fresh = update(allowances).where(allowances.c.key == key, allowances.c.approved_at.is_(None))
        if not self._connection.execute(fresh.values(values)).rowcount:
            raise StaleWrite(f"request {key} was approved before")
        return replace(asked, **values)  # type: ignore[arg-type]

    def allowances(self, now: datetime) -> list[Allowance]:
        """Requests that wait for a second person, and allowances that count."""
        waits = and_(allowances.c.approved_at.is_(None), allowances.c.asked_at > now - REQUEST_LASTS)
        query = select(allowances).where(or_(waits, allowances.c.until > now)).order_by(allowances.c.key)
        return list(from_rows(Allowance, self._connection.execute(query)))

    def requests(self, now: datetime) -> list[Allowance]:
        """The requests that wait for a second person."""
        return [one for one in self.allowances(now) if one.approved_at is None]

    def circuit(self, name: str) -> Circuit:
        """The circuit breaker of that name; a closed one when nothing is known."""
        row = self._connection.execute(_CIRCUIT, {"b_name": name}).first()
        return from_row(Circuit, row) if row else Circuit(name)

    def is_any_open(self, begins: str) -> bool:
        """Whether a circuit is open whose name begins so."""
        c = circuits.c
        found = select(c.name).where(c.name.startswith(begins, autoescape=True), c.opened_at.is_not(None)).limit(1)
        return self._connection.execute(found).first() is not None

    def try_again(self, now: datetime) -> None:
        """Let every open circuit be tried at ``now`` (UTC)."""
        self._connection.execute(update(circuits).where(circuits.c.retry_at > now).values(retry_at=now))

    def set_circuit(self, before: Circuit, after: Circuit) -> bool:
        """Write a circuit's new state; False if somebody else has changed it since it was read."""
        if after == before:
            return True
        was = (
            (circuits.c.name == before.name)
            & (circuits.c.failures == before.failures)
            & circuits.c.retry_at.is_not_distinct_from(before.retry_at)
        )
        if not before.failures:
            return insert_new(self._connection, circuits, to_row(after))
        change: Update | Delete = (
            update(circuits).where(was).values(to_row(after)) if after.failures else delete(circuits).where(was)
        )
        return bool(self._connection.execute(change).rowcount)
