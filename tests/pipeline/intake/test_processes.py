"""Messages of one market process that come early, late, twice, or at once: nothing is switched that must not be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import update

from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.operations.retention import RetentionRules
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.batch_runner import BatchRunner
from csire_bridge.pipeline.intake.receive import Arrival, receive
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.store.queries.reports import message_lines, order_lines
from csire_bridge.store.tables import outbox
from csire_bridge.worker.retention_job import Retention
from tests.support.defaults import PARTNER_WAIT, RETENTION_BATCH
from tests.support.household import Place, Town, town

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
KINDS = {
    "disconnect": OrderKind.DISCONNECT,
    "reconnect": OrderKind.RECONNECT,
    "start": OrderKind.AGREEMENT_START,
    "end": OrderKind.AGREEMENT_END,
    "tariff": OrderKind.PARAMETRISATION,
}


def switches(here: Town) -> int:
    return here.meter.switches


def last_message(here: Town) -> tuple[MessageState, str | None]:
    with here.scene.bridge.database.reading() as connection:
        line = message_lines(connection)[-1]
    return line.state, line.code


def alerts(here: Town) -> set[AlertKind]:
    with here.scene.bridge.database.reading() as connection:
        found = standing(connection, here.clock(), timedelta(hours=1), timedelta(days=1), PARTNER_WAIT)
        return {alert.kind for alert in found}


def answers(here: Town) -> list[str]:
    with here.scene.bridge.database.reading() as connection:
        return sorted(line.answer_number for line in order_lines(connection) if line.answer_number)


def request(here: Town, what: str, day: date | None = None) -> bytes:
    """A message that asks for something that may be done today, or on another ``day``."""
    dates = {} if what in ("disconnect", "reconnect") else {"EffectiveDate": day or here.day()}
    return here.message(what, "one", **dates)


def ended_before_it_came(here: Town, what: str) -> Order:
    order = here.of(KINDS[what])
    here.until(lambda: here.of(KINDS[what]).state is OrderState.WITHDRAWN)
    here.rest()
    assert switches(here) == 0
    assert "the hub ended the process by force" in here.texts(order)
    return here.of(KINDS[what])


def judge_at_once(here: Town, raws: list[bytes]) -> None:
    """Have each message judged by a worker of its own, all of them at the same time."""
    bridge, start = here.scene.bridge, Barrier(len(raws))
    items = receive(bridge.database, Channel.REPLAY, [Arrival("test", raw) for raw in raws], here.clock)

    def judge(item: WorkItem) -> None:
        start.wait()
        BatchRunner(bridge.database, bridge.clock).run(bridge.intake, [item])

    with ThreadPoolExecutor(len(raws)) as workers:
        list(workers.map(judge, items))


# --- what is said of a process before its order comes


@pytest.mark.every_database
@pytest.mark.parametrize("what", KINDS)
def test_given_the_end_of_a_process_when_its_order_comes_later_then_nothing_is_done_and_the_order_says_why(
    place: Place, what: str
) -> None:
    with town(place, connected=what != "reconnect") as here:
        if what == "reconnect":
            here.meter.remote_disconnect()
        before = switches(here)
        here.send("ended", "one")
        here.take_in(request(here, what))
        order = here.until_state(KINDS[what], OrderState.WITHDRAWN)
        here.rest()
        assert switches(here) == before
        assert "before the order came" in (order.detail or "")
        if order.kind.contactor_action is not None:
            here.until(lambda: answers(here) == ["8.1.1.7" if what == "disconnect" else "8.2.1.7"])


@pytest.mark.parametrize("end_first", [True, False])
def test_given_an_order_and_the_end_of_its_process_in_one_batch_then_nothing_is_switched(
    place: Place, end_first: bool
) -> None:
    with town(place) as here:
        pair = [here.message("disconnect", "one"), here.message("ended", "one")]
        here.take_in(*(reversed(pair) if end_first else pair))
        ended_before_it_came(here, "disconnect")


def test_given_the_end_of_a_process_of_which_no_order_has_come_then_its_message_says_that_it_is_kept(
    place: Place,
) -> None:
    with town(place) as here:
        here.send("ended", "one")
        with here.scene.bridge.database.reading() as connection:
            text = "\n".join(connection.exec_driver_sql("select text from message_events").scalars())
        assert "its end is kept, and counts when one comes" in text


def test_given_two_workers_when_an_order_and_the_end_of_its_process_are_judged_at_once_then_no_command_is_given(
    place: Place,
) -> None:
    with town(place) as here:
        for number in range(12):
            name = f"race {number}"
            judge_at_once(here, [here.message("disconnect", name), here.message("ended", name)])
        here.rest()
        assert switches(here) == 0
        assert {order.state for order in here.orders()} == {OrderState.WITHDRAWN}


# --- a process that was answered


def test_given_a_disconnection_and_a_connection_that_were_done_when_the_first_comes_again_then_it_is_refused_and_told(
    place: Place,
) -> None:
    with town(place) as here:
        here.send("disconnect", "off")
        here.until_state(OrderKind.DISCONNECT, OrderState.DONE)
        here.send("reconnect", "on")
        here.until_state(OrderKind.RECONNECT, OrderState.DONE)
        here.clock.more += timedelta(hours=1)
        here.send("disconnect", "off")
        here.rest()
        assert last_message(here) == (MessageState.REFUSED, "rule.process-answered")
        assert (switches(here), here.meter.output_state) == (2, True)
        assert len(here.orders()) == 2
        assert AlertKind.PROCESSES_REPEATED in alerts(here)


def test_given_a_process_that_could_not_be_carried_out_when_it_comes_again_then_it_is_refused(place: Place) -> None:
    with town(place, point={"meter": None}) as here:
        here.send("disconnect", "off")
        here.until_state(OrderKind.DISCONNECT, OrderState.REJECTED)
        here.send("disconnect", "off")
        assert last_message(here) == (MessageState.REFUSED, "rule.process-answered")
        assert len(here.orders()) == 1


def test_given_an_order_that_is_open_when_its_process_comes_again_then_there_is_one_order_and_one_movement(
    place: Place,
) -> None:
    with town(place) as here:
        here.take_in(here.message("disconnect", "off"), here.message("disconnect", "off"))
        assert last_message(here) == (MessageState.ACCEPTED, None)
        here.until_state(OrderKind.DISCONNECT, OrderState.DONE)
        here.rest()
        assert (len(here.orders()), switches(here), answers(here)) == (1, 1, ["8.1.1.11"])


@pytest.mark.parametrize("what", ["end", "start", "tariff"])
def test_given_an_agreement_or_tariff_that_has_ended_when_its_process_comes_again_then_it_is_not_done_twice(
    place: Place, what: str
) -> None:
    with town(place, connected=True) as here:
        day = here.day()
        here.take_in(request(here, what, day))
        here.until(lambda: here.of(KINDS[what]).state in (OrderState.DONE, OrderState.PARKED))
        done = here.of(KINDS[what])
        before, count = switches(here), len(here.orders())
        here.clock.more += timedelta(hours=1)
        here.take_in(request(here, what, day))
        here.rest()
        assert (switches(here), len(here.orders())) == (before, count)
        expected = "rule.process-answered" if done.state is OrderState.DONE else None
        assert last_message(here)[1] == expected


@pytest.mark.parametrize("other", [{"MeteringPointCode": "590015710563817868"}, {"what": "reconnect"}])
@pytest.mark.parametrize("answered", [True, False])
def test_given_a_process_that_asks_for_something_else_then_it_is_refused_aloud_and_nothing_changes(
    place: Place, other: dict[str, str], answered: bool
) -> None:
    with town(place) as here:
        here.send("disconnect", "off", RequestedExecutionDate=None)
        if answered:
            here.until_state(OrderKind.DISCONNECT, OrderState.DONE)
        values = dict(other)
        here.send(values.pop("what", "disconnect"), "off", **values)
        assert last_message(here) == (MessageState.REFUSED, "rule.process-reused")
        assert len(here.orders()) == 1
        assert AlertKind.PROCESSES_REPEATED in alerts(here)


def test_given_an_answered_process_whose_order_was_archived_when_it_comes_again_then_it_is_still_refused(
    place: Place, tmp_path: Path
) -> None:
    with town(place) as here:
        here.send("disconnect", "off")
        here.until_state(OrderKind.DISCONNECT, OrderState.DONE)
        here.until(lambda: answers(here) == ["8.1.1.11"])
        here.send("reconnect", "on")  # the newest rows stay
        here.until_state(OrderKind.RECONNECT, OrderState.DONE)
        here.rest()
        with here.scene.bridge.database.transaction() as tx:
            tx.connection.execute(update(outbox).values(state=DocumentState.CONFIRMED.value))
        rules = RetentionRules(accepted=DAY, orders=DAY, events=DAY)
        list(
            Retention(
                here.scene.bridge.database, lambda: system_clock() + 2 * DAY, rules, tmp_path / "kept", RETENTION_BATCH
            ).run()
        )
        assert [order.kind for order in here.orders()] == [OrderKind.RECONNECT]
        here.send("disconnect", "off")
        here.rest()
        assert last_message(here) == (MessageState.REFUSED, "rule.process-answered")
        assert here.meter.output_state is True


# --- dates that moved


def test_given_the_newer_date_of_an_agreement_came_first_when_the_older_message_comes_then_the_newer_date_stays(
    place: Place,
) -> None:
    with town(place) as here:
        older = here.clock() - timedelta(hours=2)
        here.end(here.day(5))
        here.send("end", "end", EffectiveDate=here.day(), MessageTimestamp=older.isoformat(timespec="milliseconds"))
        here.rest()
        assert here.of(OrderKind.AGREEMENT_END).effective_date == here.day(5)
        assert (switches(here), len(here.orders())) == (0, 1)


def test_given_a_disconnection_that_waits_when_its_date_is_moved_then_the_newest_message_counts(place: Place) -> None:
    with town(place) as here:
        here.send("scheduled", "off", RequestedExecutionDate=here.day(1))
        here.clock.more += timedelta(seconds=1)
        here.send("scheduled", "off", RequestedExecutionDate=here.day(3))
        here.forward_to(here.day(1))
        here.rest()
        assert (switches(here), here.of(OrderKind.DISCONNECT).state) == (0, OrderState.REGISTERED)
        here.forward_to(here.day(2))
        here.until_state(OrderKind.DISCONNECT, OrderState.DONE)
        assert len(here.orders()) == 1


def test_given_messages_of_one_process_when_one_id_is_sent_again_then_it_gets_its_receipt_and_nothing_else(
    place: Place,
) -> None:
    with town(place) as here:
        raw = here.message("disconnect", "off", MessageId=MessageId.new())
        here.take_in(raw)
        here.until_state(OrderKind.DISCONNECT, OrderState.DONE)
        here.take_in(raw)
        assert last_message(here) == (MessageState.DUPLICATE, None)
