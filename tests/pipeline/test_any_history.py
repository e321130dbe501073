"""Orders under everything that can happen to them, driven by hypothesis against a model of the world."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, nullcontext
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from _pytest.mark import ParameterSet
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text

from csire_bridge.domain.errors import HeadEndUnreachable, OutcomeUnknown
from csire_bridge.domain.meter.contactor import ContactorReading, HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.order.order import OrderKind, OrderState, Outcome
from csire_bridge.domain.order.outcome.conclusion import Conclusion, conclude
from csire_bridge.domain.order.outcome.next_step import Ending
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.pipeline.execute import handler, read_back, read_back_decision
from csire_bridge.pipeline.execute.dispatch import Dispatch, DispatchOutcome, dispatch
from csire_bridge.pipeline.execute.gates.gates import Gates
from csire_bridge.pipeline.orders import create
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.repositories.orders.related_orders import Neighbours
from tests.support.model.bridge import CountingDatabase, Parts
from tests.support.model.head_end import Fault
from tests.support.model.machine import OrdersMachine

pytestmark = pytest.mark.slow

LONG = int(os.environ.get("CSIRE_MODEL_EXAMPLES", "0"))
"""So many examples instead of the usual few, with other seeds at each run, and the slow mutations too."""
STEPS = 50
_MEMORY = Path("/dev/shm")  # noqa: S108 - what dies here is a process, not the machine: a file in memory will do


@pytest.fixture(params=["sqlite", "postgresql"])
def parts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Parts]:
    with ExitStack() as stack:
        if request.param == "postgresql":
            address = request.getfixturevalue("postgresql")
        else:
            place = _MEMORY if _MEMORY.is_dir() else tmp_path
            address = f"sqlite:///{stack.enter_context(TemporaryDirectory(dir=place))}/bridge.db"
        database = stack.enter_context(closing(CountingDatabase(address)))
        database.upgrade()
        stack.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.CRITICAL)
        yield Parts.made(database, make_demo_pki(tmp_path, system_clock()))


sqlite = pytest.mark.parametrize("parts", ["sqlite"], indirect=True)


def machine(parts: Parts) -> type[OrdersMachine]:
    return type("Orders", (OrdersMachine,), {"parts": parts})


def chosen(examples: int, *, shrink: bool = True) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not LONG,
        database=None,
        print_blob=True,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


def test_given_everything_that_can_happen_then_orders_keep_their_rules(parts: Parts) -> None:
    normal = 40 if parts.database.url.startswith("sqlite") else 5
    run_state_machine_as_test(machine(parts), settings=chosen(LONG or normal))


# --- what the machine is worth: it finds a bridge that is wrong

Mutation = Callable[[pytest.MonkeyPatch, Parts], None]


def no_turns_at_a_meter(patch: pytest.MonkeyPatch, parts: Parts) -> None:
    patch.setattr(Gates, "_alone", lambda _self, _there, new: list(new))
    with parts.database.transaction() as tx:
        tx.connection.execute(text("DROP INDEX uq_orders_open_command"))


def a_lost_reply_is_taken_for_a_lost_request(patch: pytest.MonkeyPatch, _parts: Parts) -> None:
    def guesses(head_end: HeadEnd, giving: Dispatch, now: datetime) -> DispatchOutcome:
        given = dispatch(head_end, giving, now)
        return HeadEndUnreachable(given.text) if isinstance(given, OutcomeUnknown) else given

    patch.setattr(handler, "dispatch", guesses)


def an_event_is_believed_without_a_reading(patch: pytest.MonkeyPatch, _parts: Parts) -> None:
    def believes(
        kind: OrderKind,
        event: HeadEndEvent | None,
        reading: ContactorReading,
        submitted_at: datetime,
        *,
        armed_counts: bool = False,
    ) -> Conclusion:
        told = {HeadEndEventKind.DISCONNECTED: Outcome.DISCONNECTED, HeadEndEventKind.CONNECTED: Outcome.CONNECTED}
        if event is not None and event.kind in told:
            return Conclusion(OrderState.DONE, told[event.kind], "the event says so", event.occurred_at)
        return conclude(kind, event, reading, submitted_at, armed_counts=armed_counts)

    patch.setattr(read_back_decision, "conclude", believes)


def a_recall_while_a_command_is_given_is_missed(patch: pytest.MonkeyPatch, _parts: Parts) -> None:
    patch.setattr(handler, "_look_at_recalled", lambda *_: None)


def a_command_that_may_still_run_is_forgotten(patch: pytest.MonkeyPatch, _parts: Parts) -> None:
    patch.setattr(read_back, "_as_wanted", lambda *_: False)
    patch.setattr(read_back_decision, "_ending", lambda *_: Ending.PASSED)


def the_stop_switch_is_not_looked_at(patch: pytest.MonkeyPatch, _parts: Parts) -> None:
    patch.setattr(Gates, "_not_stopped", lambda _self, _there, new: list(new))


def a_newer_connection_is_not_looked_at(patch: pytest.MonkeyPatch, _parts: Parts) -> None:
    patch.setattr(Neighbours, "reconnections", lambda *_: {})
    patch.setattr(create, "_supersede", lambda *_: None)


def slow(*values: object) -> ParameterSet:
    return pytest.param(*values, marks=pytest.mark.skipif(not LONG, reason="set CSIRE_MODEL_EXAMPLES to 1000"))


@sqlite
@pytest.mark.parametrize(
    ("mutation", "finding"),
    [
        (no_turns_at_a_meter, "may still run|are open at meter"),
        slow(a_lost_reply_is_taken_for_a_lost_request, "may still run|cut the household off|are allowed"),
        slow(an_event_is_believed_without_a_reading, "no reading showed it"),
        slow(a_recall_while_a_command_is_given_is_missed, "not looked at soon"),
        slow(a_command_that_may_still_run_is_forgotten, "may still run|cut the household off"),
        (the_stop_switch_is_not_looked_at, "the stop switch is thrown"),
        (a_newer_connection_is_not_looked_at, "was asked for after it|has not ended"),
    ],
)
def test_given_a_bridge_that_is_wrong_then_the_machine_finds_it(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, mutation: Mutation, finding: str
) -> None:
    mutation(monkeypatch, parts)
    with pytest.raises(AssertionError, match=finding):
        run_state_machine_as_test(machine(parts), settings=chosen(LONG or 400, shrink=False))


@sqlite
def test_given_a_lost_reply_that_is_taken_for_a_lost_request_then_the_checks_find_the_second_command(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chance needs hundreds of examples to come to it, so this history is told."""
    for wrong in (False, True):
        if wrong:
            a_lost_reply_is_taken_for_a_lost_request(monkeypatch, parts)
        history = machine(parts)()
        history.next_calls_go_wrong(submit=Fault.LOST_AFTER, read=None, cancel=None)
        history.asks_to_disconnect(at=0, ago=0, days=None, then=1)
        history.works_on(which=0, pause=31)
        with pytest.raises(AssertionError, match="may still run") if wrong else nullcontext():
            history.rules_hold()
