"""Measures the regulator's figures of a month with very many commands: how long they take, and the memory they need."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, text

from csire_bridge.domain.calendar.polish_month import PolishMonth
from csire_bridge.domain.law.figures import MonthFigures
from csire_bridge.domain.law.model import ShareFigure
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.order.order import NotDelivered, OrderKind, OrderState
from csire_bridge.lab.shared.measure import Track, peak_rss_mib
from csire_bridge.store.database import Database
from csire_bridge.store.queries.law_figures import month_figures
from csire_bridge.store.tables import metering_points, orders, outbox

__all__ = ["LawReport", "measure_law"]

_CHUNK = 5000
_ORDERS_PER_METER = 4
_METERS_PER_STATION = 150
_REASONS = tuple(NotDelivered)


@dataclass(frozen=True)
class LawReport:
    """Seconds for the figures, and of processor time, the least of the rounds; peaks of memory in MiB before and
    after."""

    orders: int
    stations: int
    rounds: int
    seconds: float
    processor_seconds: float
    before_mib: float
    peak_mib: float
    below: int


def measure_law(url: str, count: int, rounds: int, rule: ShareFigure, track: Track) -> LawReport:
    """Fill an empty database with a month of ``count`` commands and their answers, and count its figures."""
    month = PolishMonth.parse("2026-11")
    with closing(Database(url)) as store:
        store.upgrade()
        _fill(store, month, count, track)
        before = peak_rss_mib()
        found = [_timed(store, month, rule) for _ in range(rounds)]
    figures = found[0][1]
    seconds, processor = (min(times[n] for times, _ in found) for n in (0, 1))
    return LawReport(count, len(figures.groups), rounds, seconds, processor, before, peak_rss_mib(), len(figures.below))


def _timed(store: Database, month: PolishMonth, rule: ShareFigure) -> tuple[tuple[float, float], MonthFigures]:
    begun, used = time.perf_counter(), time.process_time()
    with store.reading() as connection:
        figures = month_figures(connection, month, rule, month.end)
    return (time.perf_counter() - begun, time.process_time() - used), figures


def _fill(store: Database, month: PolishMonth, count: int, track: Track) -> None:
    chance = random.Random(5)  # noqa: S311 - the same month each time, no secret
    meters = max(1, count // _ORDERS_PER_METER)
    for start in range(0, meters, _CHUNK):
        with store.transaction() as tx:
            rows = [_point(n, month) for n in range(start, min(start + _CHUNK, meters))]
            tx.connection.execute(insert(metering_points), rows)
    sizes = [min(_CHUNK, count - start) for start in range(0, count, _CHUNK)]
    for place, size in enumerate(track(sizes, count)):
        with store.transaction() as tx:
            keys = range(place * _CHUNK + 1, place * _CHUNK + size + 1)
            tx.connection.execute(insert(orders), list(_orders(keys, meters, month, count, chance)))
            tx.connection.execute(insert(outbox), [_answer(key, month) for key in keys])
    with store.transaction() as tx:
        tx.connection.execute(text("ANALYZE"))


def _code(number: int) -> str:
    return f"590{number:015d}"


def _point(number: int, month: PolishMonth) -> dict[str, Any]:
    station = f"ST-{number // _METERS_PER_STATION:06d}"
    return {"code": _code(number), "updated_at": month.begin, "meter": f"M{number:012d}", "station": station}


def _orders(
    keys: Sequence[int], meters: int, month: PolishMonth, count: int, chance: random.Random
) -> Iterator[dict[str, Any]]:
    """A month as it is: 96 % of the commands come to the meter within some minutes, the others late or never."""
    length = (month.end - month.begin) / count
    for key in keys:
        given = month.begin + length * (key - 1)
        late = chance.random() < 1 / 25
        number = chance.randrange(meters)
        minutes = chance.uniform(200, 900) if late else chance.expovariate(1 / 5)
        delivered: datetime | None = given + timedelta(minutes=minutes)
        if late and chance.random() < 1 / 2:
            delivered = None
        yield {
            "key": key,
            "kind": (OrderKind.RECONNECT if key % 3 else OrderKind.DISCONNECT).value,
            "state": (OrderState.DONE if delivered else OrderState.FIELD_WORK).value,
            "metering_point": _code(number),
            "source_message": f"{key:036d}",
            "registered_at": given,
            "received_at": given,
            "not_before": given,
            "version": 4,
            "meter": f"M{number:012d}",
            "attempts": 1,
            "submitted_at": given,
            "first_given_at": given,
            "delivered_at": delivered,
            "executed_at": delivered,
            "undelivered_why": chance.choice(_REASONS).value if late else None,
            "deadline": given + timedelta(days=1) if key % 2 else None,
        }


def _answer(key: int, month: PolishMonth) -> dict[str, Any]:
    return {
        "order": key,
        "number": "8.1.1.2",
        "message_id": f"{key:036d}",
        "document": b"<answer/>",
        "sha256": "0" * 64,
        "state": DocumentState.CONFIRMED.value,
        "created_at": month.begin,
        "delivered_at": month.begin,
    }
