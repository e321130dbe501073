"""What must be true of the bridge after every step, whatever happened, and once everything has come to rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeGuard

from sqlalchemy import Row, Select, select

from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.meter.contactor import ContactorAction, ContactorCommand, ContactorReading
from csire_bridge.domain.meter.evidence import CLOCK_TOLERANCE
from csire_bridge.domain.metering_point.complaints import Decision
from csire_bridge.domain.metering_point.guards import CAP_WINDOW, StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.order.order import (
    COMMAND_IN_FLIGHT,
    FINAL_STATES,
    NEEDS_OPERATOR,
    TRANSITIONS,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    WaitsFor,
)
from csire_bridge.domain.order.requests.operators_own import is_danger_cut, is_danger_end, is_operators_own
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.execute.circuit import CIRCUIT
from csire_bridge.store.sql.row_mapper import from_rows
from csire_bridge.store.tables import accepted_ids, messages, order_events, orders, outbox, work
from tests.support.model.bridge import CountingDatabase, ModelBridge
from tests.support.model.head_end import Held, HeldState

__all__ = ["Checks"]

_CLOCK_STEP = timedelta(seconds=5)
_MOVED = {Outcome.DISCONNECTED: "disconnected", Outcome.CONNECTED: "connected", Outcome.ARMED: "armed"}


class _Stored:
    """What the checks look at, read when it is first asked for."""

    def __init__(self, database: CountingDatabase) -> None:
        self._database = database
        self.as_of = database.commits

    def _rows(self, question: Select[Any]) -> Sequence[Row[Any]]:
        with self._database.reading() as connection:
            return connection.execute(question).all()

    @cached_property
    def orders(self) -> list[Order]:
        with self._database.reading() as connection:
            return list(from_rows(Order, connection.execute(select(orders).order_by(orders.c.key))))

    @cached_property
    def states(self) -> Mapping[int, list[OrderState]]:
        """Those that the history of each order tells, one after the other."""
        found: dict[int, list[OrderState]] = defaultdict(list)
        for row in self._rows(select(order_events.c.order, order_events.c.state).order_by(order_events.c.key)):
            found[row.order].append(OrderState(row.state))
        return found

    @cached_property
    def outbox(self) -> Mapping[int, list[tuple[str, str, bytes]]]:
        """Message id, number and document of the answers to each order."""
        found: dict[int, list[tuple[str, str, bytes]]] = defaultdict(list)
        columns = outbox.c.order, outbox.c.message_id, outbox.c.number, outbox.c.document
        for row in self._rows(select(*columns)):
            found[row.order].append((row.message_id, row.number, row.document))
        return found

    @cached_property
    def work(self) -> Sequence[Row[Any]]:
        return self._rows(select(work.c.step, work.c.subject, work.c.due_at, work.c.parked, work.c.last_error))


class Checks:
    """Watches one bridge. What is found is kept in ``broken``, because the worker would catch it as an error."""

    def __init__(self, bridge: ModelBridge) -> None:
        self.bridge = bridge
        self.broken: list[str] = []
        self._given: dict[str, int] = {}
        self._turn: dict[str, int] = {}
        self._disconnected: dict[int, datetime] = {}
        self._answers: dict[str, bytes] = {}
        self._read = _Stored(bridge.parts.database)
        bridge.store.committed = self._look_at_commands
        bridge.head_end.on_submit = self._submitted
        bridge.head_end.on_taken = self._taken_by_head_end
        bridge.head_end.on_move = self._moved

    def orders(self) -> list[Order]:
        """Every order."""
        return self._stored().orders

    def _stored(self) -> _Stored:
        """What is stored now: what was read since the last transaction is read no more."""
        database = self.bridge.parts.database
        if self._read.as_of != database.commits:
            self._read = _Stored(database)
        return self._read

    def after_step(self) -> None:
        """Raise AssertionError with everything that is not true now."""
        known = self.orders()
        found = [
            *self.broken,
            *self._two_commands(),
            *self._two_open(known),
            *self._histories(known),
            *(text for order in known if order.state is OrderState.DONE for text in self._proof(order)),
            *self._answered(known, at_rest=False),
            *self._recalls(known),
            *self._errors(),
        ]
        assert not found, "\n".join(found)

    # --- when a command is given

    def _look_at_commands(self) -> None:
        """Just after a commit: every command that it gives must have been allowed to be given."""
        known = self.orders()
        for order in known:
            if order.state is OrderState.SUBMITTING and order.correlation_id not in self._given:
                self._given[str(order.correlation_id)] = len(self.bridge.head_end.log)
                self._turn[str(order.correlation_id)] = len(self._turn)
                against = list(self._against(order, known))
                self.broken += [f"order {order.key} ({order.kind}) was given although {text}" for text in against]

    def _against(self, order: Order, known: list[Order]) -> Iterator[str]:
        now = self.bridge.world.bridge_clock()
        with self.bridge.parts.database.read_transaction() as tx:
            holds = tx.guards.holds_of([order.metering_point], now).get(order.metering_point, [])
            complaints = [hold.complaint for hold in tx.guards.holds() if hold.metering_point == order.metering_point]
            stop = tx.guards.stop()
            point = tx.points.get(order.metering_point)
            cut = tx.danger_cuts.of_orders([order.key]).get(order.key)
        action = order.kind.contactor_action
        if order.recalled_at is not None:
            yield "it was recalled"
        if order.not_before > now + _CLOCK_STEP:
            yield f"its date {order.not_before} has not come at {now}"
        danger = is_danger_cut(order)
        passes = danger and (stop is None or stop.scope is StopScope.DISCONNECTIONS or (cut and cut.despite_stop))
        if action is not None and stop is not None and stop.scope.stops(action) and not passes:
            yield "the stop switch is thrown"
        if danger:
            if any(hold.kind is HoldKind.EMERGENCY_SUPPLY for hold in holds):
                yield "an emergency needs the supply"
            return
        if any((hold.kind is HoldKind.EMERGENCY) is (order.kind is OrderKind.RECONNECT) for hold in holds):
            yield "the point is held"
        if order.kind is OrderKind.RECONNECT and point is not None and point.danger_registered:
            yield "danger is registered at the point"
        if order.kind is OrderKind.DISCONNECT:
            if any(c is not None and (c.decision is not Decision.REJECTED or c.disputed_at) for c in complaints):
                yield "a complaint is not rejected, or disputed"
            if point is None:
                yield "its point is not known"
            yield from self._connections(order, known, now)

    def _connections(self, order: Order, known: list[Order], now: datetime) -> Iterator[str]:
        for other in known:
            same = other.metering_point == order.metering_point and other.kind is OrderKind.RECONNECT
            if is_danger_end(other):  # older or newer than nothing
                same = False
            if same and other.state is not OrderState.WITHDRAWN and other.registered_at >= order.registered_at:
                yield f"connection {other.key} was asked for after it"
            elif same and other.state not in FINAL_STATES and other.not_before <= now and not _in_danger(other):
                yield f"the older connection {other.key} has not ended"

    def _submitted(self, command: ContactorCommand) -> None:
        if command.correlation_id not in self._given:
            self.broken.append(f"the command {command.correlation_id} was sent before its order said so")

    def _taken_by_head_end(self, command: ContactorCommand) -> None:
        """A disconnection counts against the cap."""
        if command.action is not ContactorAction.DISCONNECT:
            return
        now = self.bridge.world.bridge_clock()
        self._disconnected[int(command.tracking_id)] = now
        with self.bridge.parts.database.read_transaction() as tx:
            cap = self.bridge.policy.disconnections_per_hour + tx.guards.allowed(now)
        since = now - CAP_WINDOW + timedelta(minutes=2)
        given = sum(at > since for at in self._disconnected.values())
        order = next(order for order in self.orders() if str(order.key) == command.tracking_id)
        if given > cap and not is_danger_cut(order):
            self.broken.append(f"{given} disconnections were given within the hour, {cap} are allowed")

    def _moved(self, held: Held, was_on: bool) -> None:
        """A command runs: nobody is cut off by an order that was answered, given back, or left to people."""
        meter = self.bridge.head_end.meters[held.command.meter]
        order = next(order for order in self.orders() if str(order.key) == held.command.tracking_id)
        ours = order.state in COMMAND_IN_FLIGHT and order.correlation_id == held.command.correlation_id
        if held.told:
            return  # it was said to have been run before
        if was_on and not meter.on and not ours and order.state is not OrderState.DONE:
            self.broken.append(f"order {order.key} is {order.state}, and then its command cut the household off")
        turn = self._turn[held.command.correlation_id]
        others = [h.command for h in self.bridge.head_end.held if h.state is HeldState.RUN]
        newer = [c for c in others if c.meter == meter.number and self._turn[c.correlation_id] > turn]
        if newer:
            self.broken.append(f"the command of order {order.key} ran after that of order {newer[0].tracking_id}")
        if was_on and not meter.on and (connected := self._told_connected(held)):
            self.broken.append(f"order {connected} was told to be connected, and then order {order.key} cut it off")

    def _told_connected(self, held: Held) -> int | None:
        """The connection of the meter that was proven after the command was given, and so is the hub's last word."""
        given = self._given[held.command.correlation_id]
        done = [o for o in self.orders() if o.meter == held.command.meter and o.state is OrderState.DONE]
        last = max(done, key=self._verified, default=None)
        proven = last is not None and last.kind is OrderKind.RECONNECT and self._verified(last) >= given
        return last.key if last is not None and proven else None

    # --- after each step

    def _two_commands(self) -> Iterator[str]:
        for number in self.bridge.head_end.meters:
            live = [held for held in self.bridge.head_end.live(number) if not held.told]
            if len(live) > 1:
                which = ", ".join(f"{h.command.action} of order {h.command.tracking_id}" for h in live)
                yield f"two commands to meter {number} may still run: {which}"

    def _two_open(self, known: list[Order]) -> Iterator[str]:
        at: dict[str, list[int]] = defaultdict(list)
        for order in known:
            if order.state in COMMAND_IN_FLIGHT and order.cancelled_at is None and order.meter is not None:
                at[order.meter].append(order.key)
        yield from (f"orders {keys} are open at meter {meter}" for meter, keys in at.items() if len(keys) > 1)

    def _recalls(self, known: list[Order]) -> Iterator[str]:
        """A command that is not wanted any more is looked at soon, unless the head-end system is known to be down."""
        recalled = [o for o in known if o.state is OrderState.SUBMITTED and o.recalled_at is not None]
        if not recalled:
            return
        soon = self.bridge.world.bridge_clock() + self.bridge.policy.read_back_interval + _CLOCK_STEP
        with self.bridge.parts.database.read_transaction() as tx:
            if tx.guards.circuit(CIRCUIT).open:
                return
        due = (row for row in self._stored().work if row.step == WorkStep.EXECUTE.value)
        waiting = {row.subject for row in due if row.due_at > soon}
        for order in recalled:
            if order.key in waiting:
                yield f"order {order.key} was recalled, but is not looked at soon"

    def _histories(self, known: list[Order]) -> Iterator[str]:
        states = self._stored().states
        for order in known:
            lines = states.get(order.key, [])
            for before, after in pairwise(lines):
                if before is not after and after not in TRANSITIONS[before]:
                    yield f"order {order.key} went from {before} to {after}"
            if not lines or lines[0] is not OrderState.REGISTERED or lines[-1] is not order.state:
                yield f"order {order.key} is {order.state}, but its history says {lines}"

    def _proof(self, order: Order) -> Iterator[str]:
        """Done needs a reading that was made after the command was given, and that showed the wanted state."""
        log = self.bridge.head_end.log[self._given.get(str(order.correlation_id), 0) :]
        readings = [told for what, meter, told in log if what == "read" and meter == order.meter]
        shown = [r for r in readings if _is_of(r, order)]
        wanted = {OrderKind.DISCONNECT: "disconnected", OrderKind.RECONNECT: "connected"}[order.kind]
        if not any(getattr(reading, wanted) for reading in shown):
            yield f"order {order.key} is done, but no reading showed it"
        if order.outcome is None or _MOVED.get(order.outcome) != wanted:
            yield f"order {order.key} is done with the outcome {order.outcome}"
        if order.executed_at is None or order.submitted_at is None or order.verified_at is None:
            yield f"order {order.key} is done without its times"
        elif not order.submitted_at - CLOCK_TOLERANCE <= order.executed_at <= order.verified_at + CLOCK_TOLERANCE:
            yield f"order {order.key} was executed at {order.executed_at}, verified at {order.verified_at}"

    def _answered(self, known: list[Order], *, at_rest: bool) -> Iterator[str]:
        """One answer to each order, with one content, that says what its order says; none to an open one."""
        documents = self._stored().outbox
        for order in known:
            said = documents.get(order.key, [])
            ending = ".11" if order.state is OrderState.DONE else ".7"
            if is_operators_own(order):
                ending = _number(order)
            if len(said) > 1 or (at_rest and not said and order.state in FINAL_STATES and self._must_tell(order)):
                yield f"order {order.key} is {order.state} and has {len(said)} answers"
            for message_id, number, document in said:
                if is_operators_own(order) and not self._must_tell(order):
                    yield f"order {order.key} is {order.state}, and the hub was told of it"
                if order.state not in FINAL_STATES or not number.endswith(ending):
                    yield f"order {order.key} is {order.state}, but its answer is {number}"
                if self._answers.setdefault(message_id, document) != document:
                    yield f"the answer to order {order.key} has changed"
        for message_id, copies in self.bridge.mailbox.got.items():
            if set(copies) != {self._answers.get(message_id)}:
                yield f"the hub got something else than the stored answer {message_id}"

    def _must_tell(self, order: Order) -> bool:
        """Whether the hub is told how the order ended; of the operator's own, only what was done, and so undone."""
        if is_danger_end(order):
            with self.bridge.parts.database.read_transaction() as tx:
                cuts = tx.danger_cuts.ended_by([order.key]).get(order.key, [])
                ended = tx.orders.get_many([cut.order for cut in cuts]).values()
            return order.state is OrderState.DONE and any(cut.state is OrderState.DONE for cut in ended)
        return not is_danger_cut(order) or order.state is OrderState.DONE

    def _errors(self) -> Iterator[str]:
        for row in self._stored().work:
            if row.parked:
                yield f"{row.step} of {row.subject} is parked: {row.last_error}"

    # --- at rest

    def unrest(self) -> list[str]:
        """What is still to be done by the bridge itself; empty once only people are waited for."""
        return [f"order {o.key} is {o.state}, waits for {o.waits_for}" for o in self.unresting()]

    def unresting(self) -> list[Order]:
        """The orders with which the bridge itself has something to do."""
        known = self.orders()
        return [order for order in known if not self._rests(order, known)]

    def _rests(self, order: Order, known: list[Order]) -> bool:
        if order.state in FINAL_STATES or order.state in NEEDS_OPERATOR:
            return True
        if order.state is OrderState.REGISTERED and order.waits_for is WaitsFor.DANGER:
            return True  # until a named person lifts the danger
        # Someone has to end the older connection first.
        return order.waits_for is WaitsFor.RECONNECTION and any(
            other.metering_point == order.metering_point
            and other.kind is OrderKind.RECONNECT
            and (other.state in NEEDS_OPERATOR or other.waits_for is WaitsFor.DANGER)
            for other in known
        )

    def at_rest(self) -> None:
        """Raise AssertionError unless every message was taken once, answered once, and the contactors are right."""
        self.after_step()
        known = self.orders()
        found = [
            *self.unrest(),
            *self._answered(known, at_rest=True),
            *self._taken(known),
            *self.left_over(known),
            *self._contactors(known),
        ]
        assert not found, "\n".join(found)

    def _taken(self, known: list[Order]) -> Iterator[str]:
        with self.bridge.parts.database.reading() as connection:
            states = list(connection.execute(select(messages.c.state)).scalars())
            ids = set(connection.execute(select(accepted_ids.c.message_id)).scalars())
        sent = {str(u.header.message_id) for u in self.bridge.mail.values()}
        if ids != sent or states.count("accepted") != len(sent) or "received" in states:
            yield f"{len(sent)} messages were sent, {len(ids)} taken, and they are {states}"
        asked = {str(u.header.message_id) for u in self.bridge.mail.values() if u.header.number[0] == "8"}
        by_messages = [str(order.source_message) for order in known if not is_operators_own(order)]
        if set(by_messages) != asked or len(by_messages) != len(asked):
            yield "orders and messages are not one to one"
        stored = self._answer_ids()
        owed = [o for o in known if o.state in FINAL_STATES and self._must_tell(o)]
        answered = {stored.get((o.key, _number(o))) for o in owed}
        if answered != set(self.bridge.mailbox.got):
            yield "the hub has other answers than those that it is owed"

    def _answer_ids(self) -> dict[tuple[int, str], MessageId]:
        return {
            (order, number): MessageId(message_id)
            for order, answers in self._stored().outbox.items()
            for message_id, number, _ in answers
        }

    def left_over(self, known: list[Order]) -> Iterator[str]:
        """Work that is still there, but for that of orders that wait."""
        waiting = {order.key for order in known if order.state is OrderState.REGISTERED}
        for row in self._stored().work:
            if row.step != "execute" or row.subject not in waiting:
                yield f"work is left: {row.step} of {row.subject}, due {row.due_at}"

    def _contactors(self, known: list[Order]) -> Iterator[str]:
        """The last order that was verified has the last word, unless people at the meter had it."""
        log = self.bridge.head_end.log
        for number, meter in self.bridge.head_end.meters.items():
            done = [o for o in known if o.meter == number and o.state is OrderState.DONE and o.verified_at]
            if not done:
                continue
            last = max(done, key=self._verified)
            since = log[self._verified(last) :]
            by_hand = any(what == "hand" and where == number for what, where, _ in since)
            lied = any(held.told for held in self.bridge.head_end.live(number))
            if not by_hand and not lied and meter.on is not (last.kind is OrderKind.RECONNECT):
                yield f"order {last.key} ({last.kind}) was the last one done, but meter {number} is {meter.state!r}"

    def _verified(self, order: Order) -> int:
        """Where in the log the order's proof stands."""
        told = enumerate(self.bridge.head_end.log)
        return max(
            (i for i, (what, meter, reading) in told if what == "read" and meter == order.meter
             and _is_of(reading, order)),
            default=0,
        )  # fmt: skip


def _is_of(reading: object, order: Order) -> TypeGuard[ContactorReading]:
    """Whether the order was verified by that reading; times are put forward in floating seconds."""
    if not isinstance(reading, ContactorReading) or order.verified_at is None:
        return False
    return abs(reading.read_at - order.verified_at) < timedelta(milliseconds=1)


def _in_danger(order: Order) -> bool:
    return order.state is OrderState.REGISTERED and order.waits_for is WaitsFor.DANGER


def _number(order: Order) -> str:
    """The number of the one answer that the order is owed."""
    if is_operators_own(order):
        return "8.3.1.1" if is_danger_cut(order) else "8.4.1.1"
    assert order.source_number is not None
    process = order.source_number.rpartition(".")[0]
    return f"{process}.{'11' if order.state is OrderState.DONE else '7'}"
