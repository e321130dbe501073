"""The hub's R_1 on real parts: from whom it counts, for which answer, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from threading import Thread

import pytest
from sqlalchemy import text

from csire_bridge.domain.errors import ActionRefused, OutcomeUnknown, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.identifiers import Eic, MessageId, ProcessInstanceId
from csire_bridge.domain.message.documents import Delivery, DocumentState, OutgoingDocument
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import OrderKind, OrderState
from csire_bridge.domain.work import WorkStep
from csire_bridge.lab.simulators.hub.results import build_result
from csire_bridge.lab.simulators.pki import DemoParty
from csire_bridge.pipeline.answer.deliver import Deliverer
from csire_bridge.pipeline.batch_runner import BatchRunner
from csire_bridge.pipeline.intake.receive import Arrival, receive
from csire_bridge.pipeline.operator.orders import danger_actions
from csire_bridge.pipeline.operator.orders.order_actions import settle_contested
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.store.queries.reports import message_lines
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped, without_signature
from tests.support.bridge import POINT
from tests.support.defaults import PARTNER_WAIT
from tests.support.household import Place, Town, town

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)


@dataclass
class Deliveries:
    """The way out: what becomes of the next deliveries. ``meanwhile`` is what the hub does before it replies."""

    here: Town
    faults: list[Exception] = field(default_factory=list)
    meanwhile: list[str] = field(default_factory=list)
    got: list[OutgoingDocument] = field(default_factory=list)

    def deliver(self, document: OutgoingDocument) -> Delivery:
        self.got.append(document)
        for code in self.meanwhile:
            intake(self.here, result(self.here, document, code))
        self.meanwhile.clear()
        if self.faults:
            raise self.faults.pop(0)
        return Delivery("the hub")


def result(
    here: Town,
    document: OutgoingDocument,
    code: str = "CA001",
    *,
    by: DemoParty | None = None,
    answers: MessageId | None = None,
    texts: Mapping[str, str] | None = None,
) -> bytes:
    """An R_1 to a document of ours; ``by`` signs it in the hub's place, and says that it is the sender."""
    pki = here.scene.pki
    sender = by or pki.hub
    built = build_result(without_signature(parse(document.document)), code, Eic(sender.eic), here.clock, answers)
    assert built is not None
    for name, value in {"MessageId": MessageId.new(), **(texts or {})}.items():
        for element in built.iter(f"{{*}}{name}"):
            element.text = str(value)
    return sign_enveloped(built, sender.signing)


def intake(here: Town, raw: bytes) -> tuple[MessageState, str | None]:
    """Have a message judged while the worker is busy with something else."""
    bridge = here.scene.bridge
    items = receive(bridge.database, Channel.REPLAY, [Arrival("test", raw)], here.clock)
    BatchRunner(bridge.database, bridge.clock).run(bridge.intake, items)
    return last_message(here)


def last_message(here: Town) -> tuple[MessageState, str | None]:
    with here.scene.bridge.database.reading() as connection:
        line = message_lines(connection)[-1]
    return line.state, line.code


def answer(here: Town) -> OutgoingDocument:
    with here.scene.bridge.database.read_transaction() as tx:
        return tx.outbox.many([1])[1]


def state(here: Town) -> DocumentState:
    return answer(here).state


def alerts(here: Town, ahead: timedelta = timedelta()) -> set[AlertKind]:
    with here.scene.bridge.database.reading() as connection:
        found = standing(connection, here.clock() + ahead, HOUR, 24 * HOUR, PARTNER_WAIT)
        return {alert.kind for alert in found}


def opened(here: Town, *faults: Exception) -> Deliveries:
    """Send answers by a deliveries that the test holds in its hands."""
    deliveries = Deliveries(here, list(faults))
    deliverer = here.scene.bridge.worker._handlers[WorkStep.DELIVER]
    assert isinstance(deliverer, Deliverer)
    deliverer._channel = deliveries
    return deliveries


def answered(here: Town) -> OutgoingDocument:
    """A disconnection that was done and whose answer was delivered."""
    here.send("disconnect")
    here.until_state(OrderKind.DISCONNECT, OrderState.DONE)
    here.until(lambda: state(here) is DocumentState.DELIVERED)
    return answer(here)


# --- from whom, and for what


@pytest.mark.every_database
def test_given_a_delivered_answer_when_the_hub_accepts_it_then_it_is_confirmed(place: Place) -> None:
    with town(place) as here:
        assert intake(here, result(here, answered(here))) == (MessageState.ACCEPTED, None)
        assert state(here) is DocumentState.CONFIRMED


def test_given_a_partner_that_is_not_the_hub_then_its_result_is_refused_and_changes_nothing(place: Place) -> None:
    with town(place) as here:
        raw = result(here, answered(here), by=here.scene.pki.supplier)
        verdict, code = intake(here, raw)
        assert verdict is MessageState.REFUSED
        assert code in ("rule.result-sender", "trust.number-not-allowed", "trust.unknown-signer")
        assert state(here) is DocumentState.DELIVERED


def test_given_a_result_in_the_name_of_somebody_else_then_it_is_refused(place: Place) -> None:
    with town(place) as here:
        supplier = str(here.scene.pki.supplier.eic)
        assert (
            intake(here, result(here, answered(here), texts={"JuridicalSenderId": supplier}))[0] is MessageState.REFUSED
        )
        assert state(here) is DocumentState.DELIVERED


@pytest.mark.parametrize(
    "other", [{"ProcessInstanceId": ProcessInstanceId.new()}, {"MeteringPointCode": "590015710563817868"}]
)
def test_given_a_result_of_another_process_or_point_then_it_is_refused(place: Place, other: dict[str, str]) -> None:
    with town(place) as here:
        document = answered(here)
        assert intake(here, result(here, document, texts=other)) == (MessageState.REFUSED, "rule.result-mismatch")
        assert state(here) is DocumentState.DELIVERED


def test_given_two_answers_then_their_ids_follow_from_nothing_that_the_hub_has_told(place: Place) -> None:
    with town(place) as here:
        document, order = answered(here), here.of(OrderKind.DISCONNECT)
        assert order.source_message is not None
        assert order.process_instance is not None
        derived = {
            MessageId(str(known)).derive(str(name))
            for known in (order.source_message, order.process_instance)
            for name in (document.number, order.key, order.metering_point)
        }
        assert document.message_id not in derived
        assert document.message_id[14] == "4", "a random UUID"


@pytest.mark.parametrize("code", ["CA001", "CE104", "CE105", "CE108", "CE127", "CE186"])
def test_given_what_the_operator_starts_when_the_hub_answers_then_it_counts_as_for_any_answer(
    place: Place, code: str
) -> None:
    with town(place) as here:
        counts = DocumentState.CONFIRMED if code == "CA001" else DocumentState.CONTESTED
        for key, kind, does in (
            (1, OrderKind.DISCONNECT, danger_actions.cut),
            (2, OrderKind.RECONNECT, danger_actions.lift),
        ):
            with here.scene.bridge.database.transaction() as tx:
                does(tx, POINT, OperatorAction("Anna Nowak", here.clock(), "flooded cellar"))
            here.until_state(kind, OrderState.DONE)
            here.until(partial(_is_delivered, here, key))
            document = _document(here, key)
            assert document.number == ("8.3.1.1" if key == 1 else "8.4.1.1")
            assert intake(here, result(here, document, code)) == (MessageState.ACCEPTED, None)
            assert _document(here, key).state is counts
        assert (AlertKind.ANSWERS_CONTESTED in alerts(here)) is (counts is DocumentState.CONTESTED)
        assert here.meter.switches == 2


def _is_delivered(here: Town, key: int) -> bool:
    with here.scene.bridge.database.read_transaction() as tx:
        found = tx.outbox.many([key])
    return key in found and found[key].state is DocumentState.DELIVERED


def _document(here: Town, key: int) -> OutgoingDocument:
    with here.scene.bridge.database.read_transaction() as tx:
        found = tx.outbox.many([key])
    return found[key]


# --- what comes before the answer has left


@pytest.mark.parametrize(("code", "after"), [("CA001", DocumentState.CONFIRMED), ("CE104", DocumentState.CONTESTED)])
def test_given_a_result_that_is_faster_than_the_reply_to_the_delivery_then_it_is_kept_and_counts(
    place: Place, code: str, after: DocumentState
) -> None:
    with town(place) as here:
        deliveries = opened(here)
        deliveries.meanwhile.append(code)
        here.send("disconnect")
        here.until(lambda: bool(deliveries.got) and state(here) is not DocumentState.PENDING)
        assert state(here) is after
        assert len(deliveries.got) == 1


@pytest.mark.parametrize("fault", [OutcomeUnknown("no reply"), PartnerRefused("x", "known already")])
def test_given_a_delivery_without_a_clear_reply_when_its_result_comes_then_it_counts_and_nothing_is_sent_again(
    place: Place, fault: Exception
) -> None:
    with town(place) as here:
        deliveries = opened(here, fault)
        deliveries.meanwhile.append("CA001")
        here.send("disconnect")
        here.until(lambda: bool(deliveries.got))
        here.rest()
        assert state(here) is DocumentState.CONFIRMED
        assert len(deliveries.got) == 1
        with here.scene.bridge.database.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM work WHERE step = 'deliver'")).scalar() == 0


def test_given_an_unclear_delivery_when_the_result_comes_before_the_next_try_then_it_counts(place: Place) -> None:
    with town(place) as here:
        deliveries = opened(here, OutcomeUnknown("no reply"))
        here.send("disconnect")
        here.until(lambda: bool(deliveries.got) and answer(here).sent_at is not None)
        assert state(here) is DocumentState.PENDING
        intake(here, result(here, deliveries.got[0]))
        assert state(here) is DocumentState.CONFIRMED


def test_given_an_answer_that_never_left_when_a_result_names_it_then_it_stays_and_leaves_all_the_same(
    place: Place,
) -> None:
    with town(place) as here:
        deliveries = opened(here, PartnerUnreachable("down"))
        here.send("disconnect")
        here.until(lambda: bool(deliveries.got))
        assert intake(here, result(here, deliveries.got[0])) == (MessageState.ACCEPTED, None)
        assert state(here) is DocumentState.PENDING
        assert AlertKind.RESULTS_EARLY in alerts(here, 2 * HOUR)
        here.clock.more += HOUR
        here.until(lambda: state(here) is DocumentState.CONFIRMED)
        assert len(deliveries.got) == 2
        assert AlertKind.RESULTS_EARLY not in alerts(here, 2 * HOUR)


def test_given_a_result_to_an_id_that_is_none_of_ours_then_it_is_kept_and_told(place: Place) -> None:
    with town(place) as here:
        raw = result(here, answered(here), answers=MessageId.new())
        assert intake(here, raw) == (MessageState.ACCEPTED, None)
        assert state(here) is DocumentState.DELIVERED
        assert AlertKind.RESULTS_EARLY not in alerts(here)
        assert AlertKind.RESULTS_EARLY in alerts(here, 2 * HOUR)


# --- contested


def test_given_a_contested_answer_when_the_hub_accepts_it_later_then_only_a_person_lifts_it(place: Place) -> None:
    with town(place) as here:
        document = answered(here)
        intake(here, result(here, document, "CE104"))
        assert state(here) is DocumentState.CONTESTED
        assert intake(here, result(here, document)) == (MessageState.ACCEPTED, None)
        assert state(here) is DocumentState.CONTESTED
        order = here.of(OrderKind.DISCONNECT)
        assert "it was contested before, so a person must look" in here.texts(order)
        assert AlertKind.ANSWERS_CONTESTED in alerts(here)
        with here.scene.bridge.database.transaction() as tx:
            settle_contested(tx, order.key, OperatorAction("Anna Nowak", here.clock(), "the hub's desk corrected it"))
        assert state(here) is DocumentState.CONFIRMED
        assert "was settled by Anna Nowak: the hub's desk corrected it" in here.texts(order)
        assert AlertKind.ANSWERS_CONTESTED not in alerts(here)
        with pytest.raises(ActionRefused), here.scene.bridge.database.transaction() as tx:
            settle_contested(tx, order.key, OperatorAction("Anna Nowak", here.clock(), "again"))


def test_given_a_confirmed_answer_when_the_hub_refuses_it_later_then_it_is_contested(place: Place) -> None:
    with town(place) as here:
        document = answered(here)
        intake(here, result(here, document))
        intake(here, result(here, document, "CE104"))
        assert state(here) is DocumentState.CONTESTED


# --- one answer


def test_given_two_workers_that_make_the_same_answer_then_one_is_stored_and_that_one_leaves(place: Place) -> None:
    with town(place) as here:
        document = answered(here)
        bridge, order = here.scene.bridge, here.of(OrderKind.DISCONNECT)
        acknowledger = bridge.worker._handlers[WorkStep.ACKNOWLEDGE]
        with bridge.database.transaction() as tx:
            items = tx.work.add(WorkStep.ACKNOWLEDGE, [order.key], here.clock())
        prepared = acknowledger.prepare(items, None)
        again = acknowledger.perform(prepared.tasks[0])
        assert isinstance(again, OutgoingDocument)
        assert again.message_id != document.message_id
        here.rest()
        with bridge.database.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM outbox")).scalar() == 1


def test_given_a_result_and_the_end_of_its_delivery_at_once_then_they_never_miss_each_other(place: Place) -> None:
    with town(place) as here:
        for _ in range(5):
            deliveries = opened(here)
            threads: list[Thread] = []

            def reply(document: OutgoingDocument, threads: list[Thread] = threads) -> Delivery:
                raw = result(here, document)
                threads.append(Thread(target=intake, args=(here, raw)))
                threads[-1].start()
                return Delivery("the hub")

            deliveries.deliver = reply  # type: ignore[method-assign]
            here.send("disconnect", str(ProcessInstanceId.new()))
            here.rest()
            for thread in threads:
                thread.join()
        with here.scene.bridge.database.reading() as connection:
            states = connection.execute(text("SELECT DISTINCT state FROM outbox")).scalars().all()
        assert states == [DocumentState.CONFIRMED.value]
