"""The machine that hypothesis drives: everything that may happen to a bridge, in any order."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import and_, func, select

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.message.message import OrderRequest
from csire_bridge.domain.meter.contactor import ContactorCommand, ControlState
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.operator.orders import danger_actions
from csire_bridge.store.tables import work
from tests.support.model.bridge import ModelBridge, Parts, emptied
from tests.support.model.checks import Checks
from tests.support.model.head_end import Crash, Fault, Held, HeldState, ModelHeadEnd, ModelMeter, World

__all__ = ["POINTS", "OrdersMachine"]

POINTS = tuple(
    MeteringPointCode(stem + MeteringPointCode.check_digit(stem))
    for stem in ("59024385628781770", "59001571056381786", "59024385628781999")
)
_METERS = tuple(MeterNumber(f"MODEL{number}") for number in range(len(POINTS)))
_ANY = st.integers(0, 99)
_POINT = st.sampled_from(range(len(POINTS)))
_DAYS = st.sampled_from([None, None, None, 0, 1])
_AGO = st.sampled_from([0, 0, 0, 30, 600])
_WORKER = st.integers(0, 1)
_MAYBE = st.none() | st.sampled_from(Fault)
_HELD = [fault for fault in Fault if fault.held]
_JUMPS = st.sampled_from([1, 5, 31, 61, 121, 200, 301, 601, 3601, 15 * 3600])
_MEANWHILE = st.sampled_from(
    ["connect", "end", "stop", "worker", "event", "lease runs out", "it takes long", "command expires"]
)
_TURNS = st.integers(0, 2)
_MOMENT = timedelta(milliseconds=10)


class OrdersMachine(RuleBasedStateMachine):
    """One bridge with two workers, three households, and everything that can happen to them."""

    parts: ClassVar[Parts]

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        meters = {number: ModelMeter(number, arms=i == 2) for i, number in enumerate(_METERS)}
        self.head_end = ModelHeadEnd(self.world, meters)
        emptied(self.parts.database)
        with self.parts.database.transaction() as tx:
            for code, meter in zip(POINTS, _METERS, strict=True):
                known = {
                    "meter": meter,
                    "meter_kind": "CK0201",
                    "has_contactor": True,
                    "protection": NOT_PROTECTED,
                    "connected": True,
                }
                tx.points.put(MeteringPoint(code=code, updated_at=self.world.now, **known))  # type: ignore[arg-type]
        self.bridge = ModelBridge(self.parts, self.world, self.head_end)
        self.checks = Checks(self.bridge)
        self.stalled: list[tuple[int, Callable[[], None]]] = []
        self.at_work = 0

    # --- the hub

    @rule(at=_POINT, ago=_AGO, days=_DAYS, then=_TURNS)
    def asks_to_disconnect(self, at: int, ago: int, days: int | None, then: int) -> None:
        self.bridge.disconnect(POINTS[at], self.world.now - timedelta(seconds=ago), self._day(days))
        self._turns(then)

    @rule(at=_POINT, ago=_AGO, days=_DAYS, complaint=st.sampled_from([False] * 4 + [True]), then=_TURNS)
    def asks_to_connect(self, at: int, ago: int, days: int | None, complaint: bool, then: int) -> None:
        when = self.world.now - timedelta(seconds=ago)
        self.bridge.reconnect(POINTS[at], when, self._day(days), complaint=complaint)
        self._turns(then)

    def _day(self, days: int | None) -> date | None:
        return None if days is None else self.world.now.astimezone(WARSAW).date() + timedelta(days=days)

    @precondition(lambda self: self.bridge.mail)
    @rule(
        which=_ANY, what=st.sampled_from(["repeats", "ends the process", "danger", "no danger", "is deaf", "is mute"])
    )
    def hub_says(self, which: int, what: str) -> None:
        point = POINTS[which % len(POINTS)]
        match what:
            case "repeats":
                raws = list(self.bridge.mail)
                self.bridge.receive(raws[which % len(raws)])
            case "ends the process":
                self._end_a_process(which)
            case "danger" | "no danger":
                self.bridge.tell_danger(point, what == "danger")
            case _:
                self.bridge.mailbox.faults.append(what == "is mute")

    def _end_a_process(self, which: int) -> None:
        readings = [understood.request for understood in self.bridge.mail.values()]
        processes = [reading.process_instance for reading in readings if isinstance(reading, OrderRequest)]
        if processes:
            self.bridge.end_process(processes[which % len(processes)])

    # --- people at their desks

    @rule(at=_POINT, kind=st.sampled_from(HoldKind), minutes=st.sampled_from([None, 10, 300]))
    def hold_is_set(self, at: int, kind: HoldKind, minutes: int | None) -> None:
        now = self.world.bridge_clock()
        until = None if minutes is None else now + timedelta(minutes=minutes)
        hold = Hold(key=0, metering_point=POINTS[at], kind=kind, since=now, until=until, by="Anna", why="a model")
        with self.parts.database.transaction() as tx:
            tx.guards.add_hold(hold)

    @rule(scope=st.sampled_from(StopScope))
    def stop_switch_is_thrown(self, scope: StopScope) -> None:
        with self.parts.database.transaction() as tx:
            tx.guards.throw_stop(scope, "Anna", "a model", self.world.bridge_clock())

    @rule(at=_POINT, despite=st.booleans(), then=_TURNS)
    def there_is_danger(self, at: int, despite: bool, then: int) -> None:
        act = OperatorAction("Anna", self.world.bridge_clock(), "a model")
        with contextlib.suppress(ActionRefused), self.parts.database.transaction() as tx:
            danger_actions.cut(tx, POINTS[at], act, despite_stop=despite)
        self._turns(then)

    @rule(at=_POINT, then=_TURNS)
    def danger_is_gone(self, at: int, then: int) -> None:
        act = OperatorAction("Jan", self.world.bridge_clock(), "a model")
        with contextlib.suppress(ActionRefused), self.parts.database.transaction() as tx:
            danger_actions.lift(tx, POINTS[at], act)
        self._turns(then)

    @rule(more=st.sampled_from([0, 0, 3]))
    def everything_is_released(self, more: int) -> None:
        now = self.world.bridge_clock()
        with self.parts.database.transaction() as tx:
            for hold in tx.guards.holds():
                tx.guards.release_hold(hold.key, "Jan", now)
            tx.guards.lift_stops("Jan", now)
            if more:
                key = tx.guards.ask_allowance(more, "Anna", "a model", now)
                tx.guards.approve_allowance(key, "Jan", now, timedelta(minutes=30))
            tx.work.wake(WorkStep.EXECUTE, tx.neighbours.waiting_at(POINTS), now)

    # --- the bridge's processes

    @rule(which=_WORKER)
    def works(self, which: int) -> None:
        self._alive(which, self.bridge.workers[which].turn)

    @rule(which=_WORKER, pause=st.sampled_from([1, 31, 121]))
    def works_on(self, which: int, pause: int) -> None:
        for _ in range(3):
            self.works(which)
            self.world.now += timedelta(seconds=pause)

    def _turns(self, count: int) -> None:
        """What happened is looked at by a worker, perhaps."""
        for _ in range(count):
            self.world.now += _MOMENT
            self.works(0)

    def _alive(self, which: int, does: Callable[[], object]) -> None:
        self.at_work = which
        try:
            does()
        except Crash:
            self.bridge.restart(which)
            self.stalled = [(whose, goes_on) for whose, goes_on in self.stalled if whose != which]

    @rule(which=_WORKER)
    def hangs_or_goes_on(self, which: int) -> None:
        """A worker takes work and does nothing with it, until this rule is its turn again."""
        if self.stalled:
            whose, goes_on = self.stalled.pop(0)
            self._alive(whose, goes_on)
        else:
            self._alive(which, lambda: self.stalled.append((which, self.bridge.stall(which))))

    @rule(after=st.integers(0, 6), commit=st.booleans())
    def will_die_at_a_commit(self, after: int, commit: bool) -> None:
        self.bridge.store.crash_in, self.bridge.store.after_commit = after, commit

    @rule(seconds=_JUMPS, then=_TURNS)
    def time_passes(self, seconds: int, then: int) -> None:
        self.world.now += timedelta(seconds=seconds)
        self._turns(then)

    @rule(seconds=st.sampled_from([-2.0, -0.3, 0.0, 0.3, 2.0]))
    def clock_is_set(self, seconds: float) -> None:
        self.world.skew = timedelta(seconds=seconds)

    # --- the head-end system

    @initialize(ahead=st.sampled_from([0, 0, -240, -60, 60, 240]))
    def head_end_clock_is_off(self, ahead: int) -> None:
        self.world.head_end_skew = timedelta(seconds=ahead)

    @rule(fault=st.sampled_from(_HELD))
    def next_command_is_held_on_its_way(self, fault: Fault) -> None:
        self.head_end.submits.append(fault)

    @precondition(lambda self: self._those(HeldState.ON_ITS_WAY))
    @rule(which=_ANY, runs=st.booleans(), then=_TURNS)
    def held_command_arrives(self, which: int, runs: bool, then: int) -> None:
        on_their_way = self._those(HeldState.ON_ITS_WAY)
        held = on_their_way[which % len(on_their_way)]
        self.head_end.arrives(held)
        if runs and held.state is HeldState.QUEUED:
            self.head_end.run(held)
        self._turns(then)

    @precondition(lambda self: self._queued())
    @rule(which=_ANY, then=_TURNS)
    def head_end_gives_a_command_up_too_early(self, which: int, then: int) -> None:
        queued = self._queued()
        self.head_end.gives_up_too_early(queued[which % len(queued)])
        self.bridge.deliver(self.head_end.undelivered.pop())
        self._turns(then)

    @rule(submit=_MAYBE, read=_MAYBE, cancel=_MAYBE)
    def next_calls_go_wrong(self, submit: Fault | None, read: Fault | None, cancel: Fault | None) -> None:
        self.head_end.submits += [submit] if submit else []
        self.head_end.reads += [read] if read else []
        self.head_end.cancels += [cancel] if cancel else []

    @rule(down=st.sampled_from([False, False, True]), at_once=st.booleans())
    def head_end_is(self, down: bool, at_once: bool) -> None:
        self.head_end.down, self.head_end.at_once = down, at_once

    @rule(what=_MEANWHILE)
    def while_the_next_command_is_given(self, what: str) -> None:
        self.head_end.meanwhile = lambda command: self._meanwhile(what, command)

    def _meanwhile(self, what: str, command: ContactorCommand) -> None:
        """The world does not wait for a reply, and another worker works."""
        match what:
            case "connect":
                at = _METERS.index(command.meter)
                self.asks_to_connect(at, 0, None, complaint=False, then=0)
            case "end":
                (process,) = (o.process_instance for o in self.checks.orders() if str(o.key) == command.tracking_id)
                self.bridge.end_process(process)
            case "stop":
                self.stop_switch_is_thrown(StopScope.EVERYTHING)
            case "event":
                self.events_arrive(1, again=True, then=0)
            case "lease runs out":
                self.world.now += timedelta(seconds=61)
            case "it takes long":
                self.world.now += timedelta(seconds=200)
            case "command expires":  # by both clocks
                self.world.now += timedelta(seconds=601)
        self.works(1 - self.at_work)

    @precondition(lambda self: self._queued())
    @rule(which=_ANY, silent=st.booleans(), lie=st.sampled_from([False] * 4 + [True]), then=_TURNS)
    def command_is_run(self, which: int, silent: bool, lie: bool, then: int) -> None:
        queued = self._queued()
        self.head_end.run(queued[which % len(queued)], silent=silent, lie=lie)
        self._turns(then)

    @precondition(lambda self: self._queued())
    @rule(which=_ANY)
    def head_end_claims_too_much(self, which: int) -> None:
        queued = self._queued()
        self.head_end.claim(queued[which % len(queued)])

    def _queued(self) -> list[Held]:
        return self._those(HeldState.QUEUED)

    def _those(self, state: HeldState) -> list[Held]:
        return [held for held in self.head_end.held if held.state is state]

    @precondition(lambda self: self.head_end.undelivered)
    @rule(count=st.integers(1, 3), again=st.booleans(), then=_TURNS)
    def events_arrive(self, count: int, again: bool, then: int) -> None:
        """The newest first; ``again``: they will come once more."""
        events = self.head_end.undelivered
        for event in reversed(events[-count:]):
            self.bridge.deliver(event)
        if not again:
            del events[-count:]
        self._turns(then)

    # --- people at the meters

    @rule(at=_POINT, what=st.sampled_from(["button", "on", "off", "sticks", "is mended"]))
    def at_the_meter(self, at: int, what: str) -> None:
        meter = self.head_end.meters[_METERS[at]]
        match what:
            case "button":
                if meter.state is ControlState.READY_FOR_RECONNECTION:
                    self.head_end.by_hand(meter.number, ControlState.CONNECTED)
            case "on" | "off":
                by_hand = ControlState.CONNECTED if what == "on" else ControlState.DISCONNECTED
                self.head_end.by_hand(meter.number, by_hand)
            case _:
                meter.stuck = what == "sticks"

    # --- what must be true

    @invariant()
    def rules_hold(self) -> None:
        self.checks.after_step()

    def teardown(self) -> None:
        if self.checks.broken:
            return  # told already
        self._all_is_well_again()
        for turn in range(400):
            if turn % 20 == 0:
                self.everything_is_released(50)
            self._one_quiet_turn()
            if not self.checks.unrest() and not self._busy():
                break
        self.checks.at_rest()

    def _all_is_well_again(self) -> None:
        self.head_end.down, self.head_end.at_once, self.head_end.meanwhile = False, True, None
        self.bridge.store.crash_in = None
        for faults in (self.head_end.submits, self.head_end.reads, self.head_end.cancels):
            faults.clear()
        self.bridge.mailbox.faults.clear()
        self.world.skew = timedelta()
        for meter in self.head_end.meters.values():
            meter.stuck = False
        self.stalled.clear()

    def _one_quiet_turn(self) -> None:
        """Whatever can happen by itself happens; then the clock goes on to what is due next."""
        for held in self._those(HeldState.ON_ITS_WAY):
            self.head_end.arrives(held)
        for held in self._queued():
            self.head_end.run(held)
        while self.head_end.undelivered:
            self.bridge.deliver(self.head_end.undelivered.pop(0))
        for at in range(len(POINTS)):
            self.at_the_meter(at, "button")
        self.bridge.workers[0].turn()
        self.checks.after_step()
        unresting = self.checks.unresting()
        resting = {order.key for order in self.checks.orders()} - {order.key for order in unresting}
        for_people = and_(work.c.step == WorkStep.EXECUTE.value, work.c.subject.in_(resting))
        with self.parts.database.reading() as connection:
            due = connection.execute(select(func.min(work.c.due_at)).where(~work.c.parked, ~for_people)).scalar()
        dates = [order.not_before for order in unresting]
        due = min(dates) if dates and min(dates) > self.world.now else due  # orders that wait for people aside
        ahead = due - self.world.now if due else timedelta()
        self.world.now += max(ahead, timedelta(seconds=5))

    def _busy(self) -> bool:
        return any(self.checks.left_over(self.checks.orders()))
