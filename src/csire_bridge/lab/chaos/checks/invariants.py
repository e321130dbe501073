"""The invariants that must hold after a round, whatever was killed where.

The bridge's database is compared with what was seen from outside: what was sent and which receipts came back, the
commands that the head-end system took, when each contactor moved, and the answers that the hub has.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from csire_bridge.domain.errors import StoreFailure
from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.domain.message.answers import AnswerKind
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import MessageState
from csire_bridge.domain.meter.contactor import ContactorAction, ControlState
from csire_bridge.domain.order.order import FINAL_STATES, TRANSITIONS, OrderKind, OrderState
from csire_bridge.lab.chaos.world.courier import Courier
from csire_bridge.lab.chaos.world.field import AcceptedCommand, WatchedHeadEnd
from csire_bridge.lab.chaos.world.letters import Letter, What, digest
from csire_bridge.lab.simulators.hub.simulator import HubSimulator
from csire_bridge.store import tables
from csire_bridge.store.database import Database
from csire_bridge.xml.envelope import read_header
from csire_bridge.xml.mapping.book import MappingBook
from csire_bridge.xml.parser import parse

__all__ = ["Expectations", "Witness", "violations"]

_RESOLUTION = timedelta(milliseconds=50)  # a meter keeps hundredths of a second, documents keep milliseconds
_READING = timedelta(seconds=2)  # the longest time between a meter's reading and the reply that carries it
_WANTED = {
    ContactorAction.DISCONNECT: ControlState.DISCONNECTED,
    ContactorAction.CONNECT: ControlState.CONNECTED,
}
_ENDS = {
    What.DISCONNECT: {OrderState.DONE},
    What.RECONNECT: {OrderState.DONE},
    What.OUTRUN: {OrderState.DONE, OrderState.SUPERSEDED},
    What.RECALLED: {OrderState.DONE, OrderState.WITHDRAWN, OrderState.REJECTED},
    What.NOWHERE: {OrderState.REJECTED},
}
_EVENT = re.compile(r"head-end system reports [a-z-]+ \([^()]*\)\Z")  # what is noted when an event comes in
_RECALLED = "the command under way is recalled"
_REUSED = "used for another document"


@dataclass(frozen=True, slots=True)
class Expectations:
    """Which invariants are checked; for an older version of the bridge fewer apply.

    ``one_command``: at one meter at most one command is open, and the newest request has the last word.
    ``recall_holds``: after the hub has ended a process, no further command is given for it.
    ``notes_agree``: a line about an event names the state in which the order was just then.
    """

    one_command: bool = True
    recall_holds: bool = True
    notes_agree: bool = True


@dataclass(frozen=True)
class Witness:
    """Everything that was seen."""

    courier: Courier
    head_end: WatchedHeadEnd
    hub: HubSimulator
    book: MappingBook
    database: Database


def violations(witness: Witness, expect: Expectations) -> list[str]:
    """A sentence for each violation; empty if all is well."""
    try:
        with witness.database.reading() as connection:
            rows = _Rows(connection)
    except StoreFailure as failure:
        return [f"the database can't be read: {failure}"]
    seen = _Seen(witness, rows, expect)
    return list(
        itertools.chain(
            seen.messages(),
            seen.orders(),
            seen.answers(),
            seen.done(),
            seen.commands(),
            seen.recalls(),
            seen.leftovers(),
        )
    )


class _Rows:
    """The tables as they are at the end."""

    def __init__(self, connection: Connection) -> None:
        def every(table: Table) -> list[Row[Any]]:
            return list(connection.execute(select(table).order_by(*table.primary_key)))

        self.messages = every(tables.messages)
        self.orders = every(tables.orders)
        self.outbox = every(tables.outbox)
        self.work = every(tables.work)
        self.histories: dict[int, list[Row[Any]]] = defaultdict(list)
        for row in every(tables.order_events):
            self.histories[row.order].append(row)


class _Seen:
    def __init__(self, witness: Witness, rows: _Rows, expect: Expectations) -> None:
        self._witness = witness
        self._rows = rows
        self._expect = expect
        self._order_of = {row.source_message: row for row in rows.orders}

    def messages(self) -> Iterator[str]:
        """Nothing that was acknowledged is lost, and nothing counts twice."""
        by_bytes: dict[str, list[Row[Any]]] = defaultdict(list)
        for row in self._rows.messages:
            by_bytes[digest(row.raw)].append(row)
        for letter in self._witness.courier.letters:
            rows = by_bytes[digest(letter.raw)]
            yield from self._states(letter, [row.state for row in rows])
            stored = {row.receipt for row in rows}
            for receipt in self._witness.courier.receipts[letter]:
                if receipt not in stored:
                    yield f"{_name(letter)}: its sender heard a receipt that the journal does not hold"
            if letter.what is not What.REFUSED and len(stored) > 1:
                yield f"{_name(letter)}: {len(stored)} different receipts for the same message"

    def _states(self, letter: Letter, states: Sequence[str]) -> Iterator[str]:
        if not states:
            yield f"{_name(letter)}: it is not in the journal"
        elif letter.what is What.REFUSED:
            if set(states) != {MessageState.REFUSED.value}:
                yield f"{_name(letter)}: it must be refused, and is {', '.join(sorted(set(states)))}"
        elif states.count(MessageState.ACCEPTED.value) != 1 or set(states) - _TAKEN:
            yield f"{_name(letter)}: it must be accepted once and else be a repeat, and is {', '.join(states)}"

    def orders(self) -> Iterator[str]:
        """One order for each message that asks for one, well ended, by a history that is allowed."""
        asked = {letter.message_id: letter for letter in self._witness.courier.letters if letter.what in _ENDS}
        for message_id, letter in asked.items():
            order = self._order_of.get(message_id)
            if order is None:
                yield f"{_name(letter)}: there is no order for it"
            elif OrderState(order.state) not in _ENDS[letter.what] and not _ran_out(order):
                yield f"order {order.key} ({letter.what}) ended as {order.state}: {order.detail}"
            else:
                yield from self._unmoved(order)
        if len(self._rows.orders) != len(self._order_of):
            yield "a message has two orders"
        for order in self._rows.orders:
            if order.source_message not in asked:
                yield f"order {order.key} belongs to no message that asked for one"
            history = self._rows.histories[order.key]
            yield from _history(order, history if self._expect.notes_agree else _moves(history))

    def _unmoved(self, order: Row[Any]) -> Iterator[str]:
        """An order answered with "cannot" must not have moved the contactor."""
        if order.state == OrderState.DONE.value or order.meter is None or not self._is_alone(order):
            return
        start = order.registered_at - _READING
        if any(state is _WANTED[_action(order)] for _, state in self._since(order.meter, start)):
            yield f"order {order.key} ended as {order.state}, but its contactor moved"

    def _is_alone(self, order: Row[Any]) -> bool:
        """Whether no other order concerns its point."""
        return [o.metering_point for o in self._rows.orders].count(order.metering_point) == 1

    def _since(self, meter: str, start: datetime) -> list[tuple[datetime, ControlState]]:
        return self._witness.head_end.entered(meter, start, datetime.now(UTC))

    def answers(self) -> Iterator[str]:
        """Each order that has ended has one answer, and the hub has its very bytes."""
        for problem in self._witness.hub.problems:
            if _REUSED in problem:
                yield f"the hub was given two different answers under one id: {problem}"
        received: dict[str, list[Any]] = defaultdict(list)
        for document in self._witness.hub.received:
            received[str(read_header(parse(document.document)).answers)].append(document)
        for order in self._rows.orders:
            stored = [row for row in self._rows.outbox if row.order == order.key]
            wanted = 1 if OrderState(order.state) in FINAL_STATES else 0
            if len(stored) != wanted or len(received[order.source_message]) != wanted:
                yield (
                    f"order {order.key} ({order.state}) has {len(stored)} answers, "
                    f"of which the hub has {len(received[order.source_message])}"
                )
            for row, document in zip(stored, received[order.source_message], strict=False):
                yield from self._answer(order, row, document.document)

    def _answer(self, order: Row[Any], row: Row[Any], at_hub: bytes) -> Iterator[str]:
        kind = AnswerKind.DONE if order.state == OrderState.DONE.value else AnswerKind.REJECTED
        number = self._witness.book.answers(MessageNumber(order.source_number), OrderKind(order.kind)).get(kind)
        if row.number != number:
            yield f"order {order.key} ended as {order.state}, and was answered with {row.number} instead of {number}"
        if row.sha256 != hashlib.sha256(row.document).hexdigest():
            yield f"the answer to order {order.key} does not have its own digest"
        if digest(row.document) != digest(at_hub):
            yield f"the hub has other bytes of the answer to order {order.key} than the outbox"
        if row.state != DocumentState.CONFIRMED.value:
            yield f"the answer to order {order.key} is {row.state}, although the hub confirmed it"

    def done(self) -> Iterator[str]:
        """An order is done only if its contactor was in the wanted state, with a possible time of execution."""
        head_end = self._witness.head_end
        for order in self._rows.orders:
            if order.state != OrderState.DONE.value:
                continue
            wanted = _WANTED[_action(order)]
            read = order.verified_at - _READING, order.verified_at + _RESOLUTION
            if wanted not in head_end.states_between(order.meter, *read):
                seen = ", ".join(f"{state.name} at {at}" for at, state in self._since(order.meter, order.registered_at))
                yield (
                    f"order {order.key} is done, but its contactor was not {wanted.name} when it was read "
                    f"at {order.verified_at}; it went {seen or 'nowhere'}"
                )
            # Where another order moves the contactor too, it may have moved on while the reading travelled.
            before = _RESOLUTION if self._is_alone(order) else _READING
            around = order.executed_at - before, order.executed_at + _RESOLUTION
            if wanted not in head_end.states_between(order.meter, *around):
                yield f"order {order.key}: its contactor was not {wanted.name} at the time of execution that was told"
            if not order.registered_at - _READING <= order.executed_at <= order.verified_at + _RESOLUTION:
                yield f"order {order.key}: executed {order.executed_at}, verified {order.verified_at}"
            yield from self._last_word(order, wanted)

    def _last_word(self, order: Row[Any], wanted: ControlState) -> Iterator[str]:
        """The newest request for a point decides the state of its contactor at the end."""
        others = [o for o in self._rows.orders if o.metering_point == order.metering_point and o.key != order.key]
        if others and not self._expect.one_command:
            return
        if any(o.registered_at > order.registered_at for o in others):
            return
        stands = self._witness.head_end.meter(order.meter).state
        if stands is not wanted:
            yield f"order {order.key} is done and the newest of its point, but its contactor is {stands.name}"

    def commands(self) -> Iterator[str]:
        """No second command unless the first is known to be without effect, and one at a time at each meter."""
        by_order: dict[int, list[AcceptedCommand]] = defaultdict(list)
        for command in sorted(self._witness.head_end.commands, key=lambda c: c.end):
            by_order[command.order].append(command)
        known = {order.key: order for order in self._rows.orders}
        for key, given in by_order.items():
            if key not in known or any(c.action is not _action(known[key]) for c in given):
                yield f"the head-end system has a command for order {key} that the order does not ask for"
            for first, second in itertools.pairwise(given):
                yield from self._repeated(first, second)
        if self._expect.one_command:
            yield from self._at_once()

    def _repeated(self, first: AcceptedCommand, second: AcceptedCommand) -> Iterator[str]:
        if second.accepted_at < first.end:
            yield f"order {first.order} was given to its meter again before the first command had ended"
        moved = self._witness.head_end.entered(first.meter, first.accepted_at, second.accepted_at)
        if any(state is _WANTED[first.action] for _, state in moved):
            yield f"order {first.order} was given to its meter again although the first command had an effect"

    def _at_once(self) -> Iterator[str]:
        """An open command is one whose end has not come and that has not moved the contactor yet."""
        by_meter: dict[str, list[AcceptedCommand]] = defaultdict(list)
        for command in sorted(self._witness.head_end.commands, key=lambda c: c.accepted_at):
            if command.accepted_at <= command.end:  # one that comes after its end is never run
                by_meter[command.meter].append(command)
        for given in by_meter.values():
            for first, second in itertools.pairwise(given):
                if second.accepted_at < self._closed_at(first):
                    yield f"orders {first.order} and {second.order} had commands open at meter {first.meter} at once"

    def _closed_at(self, command: AcceptedCommand) -> datetime:
        """When the order's history says that its command is over, or the command's own end."""
        order = next(row for row in self._rows.orders if row.key == command.order)
        over: list[datetime] = [
            row.at for row in self._rows.histories[order.key] if row.at >= command.accepted_at and _is_over(row)
        ]
        return min([*over, command.end])

    def recalls(self) -> Iterator[str]:
        """After the hub has ended a process, no command is given for it any more."""
        for order in self._rows.orders if self._expect.recall_holds else ():
            lines = _moves(self._rows.histories[order.key])
            recalled = [place for place, line in enumerate(lines) if line.text.endswith(_RECALLED)]
            after = lines[recalled[0] :] if recalled else []
            if any(a.state == OrderState.SUBMITTING.value != b.state for b, a in itertools.pairwise(after)):
                yield (
                    f"order {order.key} was given to its meter after the hub had ended its process: "
                    f"{' > '.join(line.text for line in lines)}"
                )

    def leftovers(self) -> Iterator[str]:
        """Nothing is left to do: no message of a round waits for a date."""
        for row in self._rows.work:
            why = f"parked: {row.last_error}" if row.parked else f"due {row.due_at}, leased until {row.leased_until}"
            yield f"work is left: {row.step} of {row.subject}, {why}"


_TAKEN = {MessageState.ACCEPTED.value, MessageState.DUPLICATE.value}


def _moves(history: Sequence[Row[Any]]) -> list[Row[Any]]:
    """A history without the lines that tell of an event and move nothing."""
    return [line for line in history if not _EVENT.match(line.text)]


def _history(order: Row[Any], lines: Sequence[Row[Any]]) -> Iterator[str]:
    states = [OrderState(line.state) for line in lines]
    if not states or states[0] is not OrderState.REGISTERED or states[-1] != order.state:
        yield f"order {order.key} is {order.state}, and its history says {' > '.join(states)}"
    for before, after in itertools.pairwise(states):
        if after is not before and after not in TRANSITIONS[before]:
            yield f"order {order.key} went from {before} to {after}"


def _action(order: Row[Any]) -> ContactorAction:
    return ContactorAction.DISCONNECT if order.kind == "disconnect" else ContactorAction.CONNECT


def _ran_out(order: Row[Any]) -> bool:
    """On a slow machine a command may expire before the head-end system runs it; the history says so."""
    return order.state == OrderState.REJECTED.value and "expired before it could be run" in (order.detail or "")


def _is_over(line: Row[Any]) -> bool:
    return line.state in (OrderState.REGISTERED.value, *(state.value for state in FINAL_STATES))


def _name(letter: Letter) -> str:
    return f"message {letter.message_id} ({letter.what})"
