"""Each fault of the head-end system, as the bridge's side sees it: over real HTTP, with real meters behind it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from csire_bridge.domain.errors import (
    BridgeError,
    HeadEndBusy,
    HeadEndRefused,
    HeadEndScope,
    HeadEndUnreachable,
    OutcomeUnknown,
)
from csire_bridge.domain.meter.contactor import ControlState, HeadEndEventKind
from csire_bridge.lab.simulators.hes.outage import Outage
from csire_bridge.lab.simulators.hes.simulator import (
    ConfirmationStyle,
    Fault,
    HeadEndFaults,
    HeadEndSimulator,
    meter_number,
)
from tests.support.head_end import CONNECT, DISCONNECT, METER, Bridge, bridge_to, command, running, until

KIND = HeadEndEventKind


def refused_by(bridge: Bridge, simulator: HeadEndSimulator, fault: Fault) -> BridgeError:
    """What the connector raises when the fault strikes a disconnection."""
    simulator.faults.rule(fault).add(METER)
    with pytest.raises(BridgeError) as caught:
        bridge.connector.submit(command(DISCONNECT))
    simulator.faults.clear()
    return caught.value


def accepted(simulator: HeadEndSimulator) -> int:
    return simulator.ledger.account(METER).accepted


def test_given_a_lost_request_when_submitted_then_unknown_and_nothing_was_taken() -> None:
    with running() as (simulator, bridge):
        assert isinstance(refused_by(bridge, simulator, Fault.REQUEST_LOST), OutcomeUnknown)
        assert accepted(simulator) == 0
        assert bridge.connector.read_contactor(METER).connected


@pytest.mark.parametrize("fault", [Fault.REPLY_LOST, Fault.REPLY_ERROR])
def test_given_a_lost_reply_when_submitted_then_unknown_and_it_switched(fault: Fault) -> None:
    with running() as (simulator, bridge):
        assert isinstance(refused_by(bridge, simulator, fault), OutcomeUnknown)
        assert bridge.event().kind is KIND.DISCONNECTED
        assert accepted(simulator) == 1
        assert bridge.connector.read_contactor(METER).disconnected


def test_given_a_busy_system_when_submitted_then_its_word_is_no_proof_although_nothing_was_taken() -> None:
    with running() as (simulator, bridge):
        error = refused_by(bridge, simulator, Fault.BUSY)
        assert isinstance(error, HeadEndBusy)
        assert error.scope is HeadEndScope.METER
        assert accepted(simulator) == 0


def test_given_a_refusal_when_submitted_then_refused_for_good_and_nothing_was_taken() -> None:
    with running() as (simulator, bridge):
        error = refused_by(bridge, simulator, Fault.REFUSED)
        assert isinstance(error, HeadEndRefused)
        assert error.permanent
        assert accepted(simulator) == 0


def test_given_a_reply_that_lies_when_submitted_then_refused_but_not_for_good_and_it_switched() -> None:
    with running() as (simulator, bridge):
        error = refused_by(bridge, simulator, Fault.REPLY_LIES)
        assert isinstance(error, HeadEndRefused)
        assert not error.permanent
        assert bridge.event().kind is KIND.DISCONNECTED
        assert bridge.connector.read_contactor(METER).disconnected


@pytest.mark.parametrize("style", ConfirmationStyle)
def test_given_an_event_that_lies_when_switched_then_it_says_failed(style: ConfirmationStyle) -> None:
    with running(style=style) as (simulator, bridge):
        simulator.faults.event_lies.add(METER)
        event = bridge.order(DISCONNECT)
        assert event.kind.failure
        assert not event.permanent
        assert bridge.connector.read_contactor(METER).disconnected


@pytest.mark.parametrize("style", ConfirmationStyle)
def test_given_a_claim_when_nothing_moved_then_the_event_says_it_did(style: ConfirmationStyle) -> None:
    with running(style=style) as (simulator, bridge):
        simulator.faults.claimed.add(METER)
        assert bridge.order(DISCONNECT).kind in (KIND.DISCONNECTED, KIND.PROCESSED)
        assert bridge.connector.read_contactor(METER).connected
        assert simulator.meter(METER).switches == 0


@pytest.mark.parametrize(("fault", "switches"), [(Fault.IGNORED, 0), (Fault.SILENT, 1)])
def test_given_no_event_when_accepted_then_only_the_contactor_tells(fault: Fault, switches: int) -> None:
    with running() as (simulator, bridge):
        simulator.faults.rule(fault).add(METER)
        bridge.connector.submit(command(DISCONNECT))
        assert until(lambda: simulator.ledger.totals()["waiting"] == 0)
        assert bridge.connector.read_contactor(METER).disconnected is bool(switches)
        assert bridge.events.empty()


def test_given_a_duplicated_event_when_switched_then_the_same_comes_twice() -> None:
    with running() as (simulator, bridge):
        simulator.faults.duplicate.add(METER)
        assert bridge.order(DISCONNECT) == bridge.event()


def test_given_a_late_event_when_switched_then_it_comes_later_with_the_meters_own_time() -> None:
    with running() as (simulator, bridge):
        simulator.faults.change({"late": {"meters": [METER]}, "late_seconds": 0.3})
        begun = time.monotonic()
        event = bridge.order(DISCONNECT)
        # a meter's clock tells hundredths of a second
        assert time.monotonic() - begun >= 0.3
        assert abs(event.occurred_at - simulator.meter(METER).last_switch) <= timedelta(milliseconds=10), (
            "what a meter's clock can tell"
        )


def test_given_an_early_event_when_submitted_then_it_was_there_before_the_reply() -> None:
    with running() as (simulator, bridge):
        simulator.faults.early.add(METER)
        bridge.connector.submit(command(DISCONNECT))
        assert bridge.events.get_nowait().kind is KIND.DISCONNECTED


def test_given_a_stray_event_when_switched_then_nobody_knows_its_correlation() -> None:
    with running() as (simulator, bridge):
        simulator.faults.stray.add(METER)
        sent = command(DISCONNECT)
        bridge.connector.submit(sent)
        event = bridge.event()
        assert (event.kind, event.meter) == (KIND.DISCONNECTED, METER)
        assert event.correlation_id not in (None, sent.correlation_id)


@pytest.mark.parametrize("style", ConfirmationStyle)
def test_given_an_armed_meter_when_somebody_presses_the_button_then_an_unsolicited_event(
    style: ConfirmationStyle,
) -> None:
    with running(mode=1, style=style) as (simulator, bridge):
        simulator.faults.unsolicited.add(METER)
        bridge.order(DISCONNECT)
        bridge.order(CONNECT)
        event = bridge.event()
        assert (event.kind, event.correlation_id) == (KIND.CONNECTED, None)
        assert bridge.connector.read_contactor(METER).connected


def test_given_an_unreachable_meter_when_its_tries_are_over_then_it_comes_back() -> None:
    with running() as (simulator, bridge):
        simulator.faults.change({"unreachable": {"meters": [METER], "tries": 2}})
        assert bridge.order(DISCONNECT).kind is KIND.DISCONNECT_FAILED
        with pytest.raises(HeadEndUnreachable) as caught:
            bridge.connector.read_contactor(METER)
        assert caught.value.scope is HeadEndScope.METER
        assert bridge.order(DISCONNECT).kind is KIND.DISCONNECTED


def test_given_an_unreachable_meter_when_its_time_is_over_then_it_comes_back() -> None:
    with running() as (simulator, bridge):
        simulator.faults.change({"unreachable": {"meters": [METER], "seconds": 0.3}})
        with pytest.raises(HeadEndUnreachable):
            bridge.connector.read_contactor(METER)

        def back() -> bool:
            try:
                return bridge.connector.read_contactor(METER).connected
            except HeadEndUnreachable:
                return False

        assert until(back)


@pytest.mark.parametrize("style", ConfirmationStyle)
def test_given_mode_0_when_ordered_then_it_failed_for_good(style: ConfirmationStyle) -> None:
    with running(mode=0, style=style) as (_, bridge):
        event = bridge.order(DISCONNECT)
        assert event.kind.failure
        assert event.permanent


@pytest.mark.parametrize("mode", range(1, 7))
def test_given_a_mode_when_reconnected_then_its_own_outcome_in_the_event_with_a_status(mode: int) -> None:
    with running(mode=mode, style=ConfirmationStyle.COMMAND_CODES) as (_, bridge):
        bridge.order(DISCONNECT)
        closes = mode in (2, 4)
        wanted = ControlState.CONNECTED if closes else ControlState.READY_FOR_RECONNECTION
        assert bridge.order(CONNECT).contactor is wanted


def test_given_a_concentrator_that_fails_when_ordered_then_only_its_meters_are_gone_until_it_is_back() -> None:
    with running(per_concentrator=2) as (simulator, bridge):
        for index in range(1, 4):
            simulator.add_meter(meter_number(index))
        assert [simulator.concentrators.concentrator_of(meter_number(i)) for i in range(4)] == [0, 0, 1, 1]
        assert bridge.connector.read_contactor(meter_number(1)).connected
        simulator.concentrators.cut(0)
        for index in (0, 1):
            assert bridge.order(DISCONNECT, meter=meter_number(index)).kind is KIND.DISCONNECT_FAILED
            with pytest.raises(HeadEndUnreachable) as caught:
                bridge.connector.read_contactor(meter_number(index))
            assert caught.value.scope is HeadEndScope.METER
        assert bridge.order(DISCONNECT, meter=meter_number(2)).kind is KIND.DISCONNECTED
        simulator.concentrators.restore(0)
        assert bridge.order(DISCONNECT).kind is KIND.DISCONNECTED


def test_given_the_whole_system_down_when_ordered_then_refused_connections_and_it_goes_on_afterwards() -> None:
    with running(delay=0.2) as (simulator, bridge):
        before = command(DISCONNECT)
        bridge.connector.submit(before)
        simulator.outage.begin(Outage.REFUSED)
        with pytest.raises(HeadEndUnreachable) as caught:
            bridge.connector.submit(command(CONNECT))
        assert caught.value.scope is HeadEndScope.SYSTEM
        assert bridge.events.empty()
        simulator.outage.end()
        assert bridge.event().correlation_id == before.correlation_id
        assert bridge.order(CONNECT).kind is KIND.CONNECTED


def test_given_a_silent_outage_when_ordered_then_unknown_and_nothing_was_taken_and_it_ends_by_itself() -> None:
    with running() as (simulator, _), bridge_to(simulator.url, read_timeout=0.2) as bridge:
        simulator.outage.begin(Outage.SILENT, seconds=0.5)
        with pytest.raises(OutcomeUnknown):
            bridge.connector.submit(command(DISCONNECT))
        assert until(lambda: not simulator.outage.down)
        assert accepted(simulator) == 0
        assert bridge.order(DISCONNECT).kind is KIND.DISCONNECTED


def test_given_an_outage_longer_than_the_commands_life_when_it_ends_then_the_stale_command_is_not_run() -> None:
    with running(delay=0.05) as (simulator, bridge):
        bridge.connector.submit(command(DISCONNECT, lifetime=0.1))
        simulator.outage.begin(Outage.REFUSED, seconds=0.4)
        assert bridge.event().kind is KIND.CANCELLED
        assert simulator.meter(METER).switches == 0


def test_given_two_open_commands_when_counted_then_the_ledger_says_so() -> None:
    with running(delay=3600) as (simulator, bridge):
        first, second = command(DISCONNECT), command(CONNECT)
        for sent in (first, first, second):
            bridge.connector.submit(sent)
        account = simulator.ledger.account(METER)
        assert (account.accepted, account.repeated, account.most_open) == (2, 1, 2)
        assert simulator.ledger.of_command(first.correlation_id) == 1
        assert simulator.ledger.of_tracking("order-1") == 2
        bridge.connector.cancel(first)
        bridge.connector.cancel(second)
        assert simulator.ledger.totals()["waiting"] == 0
        assert simulator.ledger.account(METER).most_open == 2


def run_with(seed: int, threads: int) -> dict[str, object]:
    """What a hundred orders met, by meter, and what became of each contactor."""
    numbers = [meter_number(index) for index in range(100)]
    faults = HeadEndFaults.read({"busy": {"chance": 0.2}, "reply_lost": {"chance": 0.2}, "ignored": {"chance": 0.2}})

    def submit(number: str) -> str:
        try:
            bridge.connector.submit(command(DISCONNECT, number))
        except BridgeError as error:
            return type(error).__name__
        return "accepted"

    with running(seed=seed, faults=faults) as (simulator, bridge):
        for number in numbers[1:]:
            simulator.add_meter(number)
        with ThreadPoolExecutor(threads) as pool:
            told = list(pool.map(submit, numbers))
        assert until(lambda: simulator.ledger.totals()["waiting"] == 0)
        switched = [simulator.meter(number).switches for number in numbers]
        return {"told": told, "switched": switched, "struck": dict(simulator.fate.struck)}


def test_given_a_seed_when_run_again_with_other_threads_then_the_same_orders_fail_in_the_same_way() -> None:
    first = run_with(11, 1)
    assert first == run_with(11, 4)
    assert first != run_with(12, 1)
