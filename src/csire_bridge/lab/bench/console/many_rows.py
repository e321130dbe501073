"""Plausible rows in any number: points with meters, messages, orders with histories, answers and open work.

The same seed makes the same rows. Most orders are done; some thousand are open in every state, a part waits for people,
some could not be carried out. Bytes of messages and answers are short, so that the database measures rows and indexes.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from csire_bridge.domain.identifiers import Eic, MeteringPointCode
from csire_bridge.domain.order.order import NotDelivered, OrderState, RejectionReason, WaitsFor

__all__ = ["HUB", "ManyRows", "Row", "Sizes"]

Row = tuple[Any, ...]
HUB = "10XPL-TSO------P"
_RAW = b"<message/>" * 40
_SUPPLIERS = 40
_POINTS_AT_A_STATION = 150
_HOUR = timedelta(hours=1)
_SHARES = (
    (OrderState.DONE, 900),
    (OrderState.REJECTED, 40),
    (OrderState.SUPERSEDED, 15),
    (OrderState.WITHDRAWN, 10),
    (OrderState.REGISTERED, 25),
    (OrderState.PARKED, 4),
    (OrderState.FIELD_WORK, 4),
    (OrderState.UNKNOWN, 1),
    (OrderState.SUBMITTED, 1),
)
"""In thousandths; of the open ones, those that a point is met by in its turn."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything. ``days``: over so many days the orders came."""

    orders: int = 1_000_000
    points: int = 3_000_000
    days: int = 365


class ManyRows:
    """Rows up to ``now`` (UTC), as the columns of ``ORDER``, ``POINT`` and the others name them."""

    POINT = ("code", "updated_at", "meter", "has_contactor", "supplier", "connected", "protection", "station")
    INSTALLATION = ("meter", "metering_point", "known_since", "confirmed_at")
    MESSAGE = (
        "key",
        "channel",
        "origin",
        "received_at",
        "sha256",
        "raw",
        "state",
        "message_id",
        "number",
        "process_instance",
        "metering_point",
        "sender",
        "code",
        "problem",
    )
    ORDER = (
        "key",
        "kind",
        "state",
        "metering_point",
        "process_instance",
        "source_message",
        "source_number",
        "source_sender",
        "registered_at",
        "not_before",
        "version",
        "disconnection_kind",
        "supplier",
        "meter",
        "correlation_id",
        "attempts",
        "outcome",
        "executed_at",
        "cannot_reason",
        "detail",
        "waits_for",
        "half_time",
        "four_fifths",
        "deadline",
        "received_at",
        "first_given_at",
        "undelivered_at",
        "undelivered_why",
    )
    EVENT = ("order", "at", "state", "text")
    MESSAGE_EVENT = ("message", "at", "step", "text")
    ANSWER = ("order", "number", "message_id", "document", "sha256", "state", "created_at", "delivered_at")
    WORK = ("step", "subject", "priority", "due_at", "attempts", "parked", "last_error")

    def __init__(self, sizes: Sizes, now: datetime, seed: int = 21) -> None:
        self.sizes = sizes
        self._now = now
        self._dice = random.Random(seed)  # noqa: S311 - the same rows each time, no secret
        self._states = [state for state, share in _SHARES for _ in range(share)]
        self._suppliers = [_supplier(number) for number in range(_SUPPLIERS)]

    def point(self, number: int) -> str:
        """The code of a point."""
        first = f"5902438{number:010d}"
        return first + MeteringPointCode.check_digit(first)

    def points(self) -> Iterator[tuple[Row, Row]]:
        """Each point, and where its meter is installed."""
        since = self._now - timedelta(days=400)
        for number in range(self.sizes.points):
            code, meter = self.point(number), f"LG{number:08d}"
            station = f"ST-{number // _POINTS_AT_A_STATION:05d}"
            supplier = self._suppliers[number % _SUPPLIERS]
            yield (code, since, meter, True, supplier, True, "none", station), (meter, code, since, since)

    def order(self, key: int) -> tuple[Row, Row, list[Row], list[Row], list[Row], list[Row]]:
        """An order, its message, the histories of both, its answer, its open work."""
        dice = self._dice
        state = self._states[(key * 7919) % len(self._states)]
        share = key / self.sizes.orders
        age = timedelta(days=self.sizes.days * (1 - share)) + _HOUR * dice.random()
        registered = self._now - age
        number = (key * 48271) % self.sizes.points
        ids = [str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in range(4)]
        off = dice.random() < 0.5
        code = self.point(number)
        executed = registered + _HOUR * (0.2 + 20 * dice.random() ** 3) if state is OrderState.DONE else None
        executed = min(executed, self._now) if executed else None
        failed = state in (OrderState.PARKED, OrderState.FIELD_WORK)
        given = state not in (OrderState.REGISTERED, OrderState.SUPERSEDED, OrderState.WITHDRAWN)
        waits = dice.choice(_WAITS) if state is OrderState.REGISTERED else None
        deadline = registered + 24 * _HOUR
        row = (
            key,
            "disconnect" if off else "reconnect",
            state.value,
            code,
            ids[0],
            ids[1],
            "8.1.1.5" if off else "8.2.1.5",
            HUB,
            registered,
            registered if state is not OrderState.REGISTERED else self._now + timedelta(days=5 * dice.random()),
            3,
            "debt" if off else None,
            self._suppliers[number % _SUPPLIERS],
            f"LG{number:08d}" if given else None,
            ids[2] if given else None,
            1 + (dice.random() < 0.1) * 2 if given else 0,
            None if executed is None else "disconnected" if off else "connected",
            executed,
            RejectionReason.NOT_POSSIBLE.value if state is OrderState.REJECTED else None,
            _DETAILS.get(state),
            waits,
            registered + 12 * _HOUR if state not in _ENDED else None,
            registered + 19 * _HOUR if state not in _ENDED else None,
            deadline if state not in _ENDED else None,
            registered,
            registered if given else None,
            registered if failed else None,
            dice.choice(_UNDELIVERED) if failed else None,
        )
        message = (
            *(key, "webhook", "hub", registered, f"{dice.getrandbits(256):064x}", _RAW, "accepted", ids[1]),
            *(row[6], ids[0], code, HUB, None, None),
        )
        return row, message, *_histories(row, key, registered), _answer(row, key, ids[3], executed), self._work(row)

    def refused(self, key: int) -> Row:
        """A message that was refused."""
        at = self._now - timedelta(days=self.sizes.days * self._dice.random())
        own = str(uuid.UUID(int=self._dice.getrandbits(128), version=4))
        sha = f"{self._dice.getrandbits(256):064x}"
        cause = ("trust.unsigned", "the message is not signed")
        return (key, "webhook", "hub", at, sha, _RAW, "refused", None, "8.1.1.5", own, None, None, *cause)

    def _work(self, row: Row) -> list[Row]:
        if row[2] == OrderState.REGISTERED.value:
            due = row[9] + _HOUR
            failing = self._dice.random() < 0.01
            error = "the meter did not answer" if failing else None
            return [("execute", row[0], 50, due, 6 if failing else 0, False, error)]
        return []


_ENDED = (OrderState.DONE, OrderState.REJECTED, OrderState.SUPERSEDED, OrderState.WITHDRAWN)
_WAITS = [reason.value for reason in WaitsFor] + [None] * 20
_UNDELIVERED = [why.value for why in NotDelivered]
_DETAILS = {
    OrderState.PARKED: "the meter can't be reached; a person has to decide",
    OrderState.FIELD_WORK: "the contactor did not move in three attempts",
    OrderState.REJECTED: "the meter has no contactor",
    OrderState.SUPERSEDED: "a newer order of the same point came first",
}


def _supplier(number: int) -> str:
    first = f"19XSUPPLIER{number:04d}"
    return first + Eic.check_character(first)


def _histories(row: Row, key: int, at: datetime) -> tuple[list[Row], list[Row]]:
    state = row[2]
    lines = [(key, at, "registered", f"from message {row[6]}")]
    if row[15]:
        lines.append((key, at, "submitting", "a command is given"))
        lines.append((key, at, "submitted", "the head-end system took the command"))
    if state != "registered":
        lines.append((key, row[17] or at, state, row[19] or "the contactor was read: it has moved"))
    steps = [(key, at, step, text) for step, text in (("receive", "taken in"), ("verify", "signed by the hub"))]
    return lines, [*steps, (key, at, "map", f"order {key}")]


def _answer(row: Row, key: int, own: str, executed: datetime | None) -> list[Row]:
    if executed is None and row[2] != OrderState.REJECTED.value:
        return []
    at = executed or row[8]
    late = key % 500
    state = "contested" if late == 1 else "delivered" if late == 2 else "parked" if late == 3 else "confirmed"
    return [(key, "8.1.1.11", own, _RAW, "ab" * 32, state, at, at)]
