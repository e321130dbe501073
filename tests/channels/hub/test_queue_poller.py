"""The queue is emptied in its order: stored, then dequeued; nothing stands in the way, and nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from csire_bridge.channels.hub.client import BLOCKED, HubClient
from csire_bridge.channels.hub.faults import Operation
from csire_bridge.channels.hub.payload_bytes import bare
from csire_bridge.channels.hub.profile import HubSecurity
from csire_bridge.channels.hub.queue_poller import QueuePoller, document_if_readable
from csire_bridge.channels.hub.responses import Peeked
from csire_bridge.channels.transport.outbound.failures import Later
from csire_bridge.channels.transport.outbound.poll_interval import PollInterval
from csire_bridge.domain.errors import OutcomeUnknown, PartnerRefused, PartnerUnreachable, StoreFailure
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.lab.simulators.faults.hub import Trouble
from csire_bridge.lab.simulators.hub.simulator import HubSimulator
from csire_bridge.lab.simulators.hub.soap import container_response
from tests.support.hub import answering, client_at, hub_document, now, plain_document, running

ID = MessageId("0e7397e7-a2cc-45cf-8ea1-5554fc18c029")


class Journal:
    """Keeps what is taken, as the journal does, and fails when told."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, str]] = []
        self.failures = 0

    def __call__(self, raw: bytes, origin: str) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreFailure("the disk is full", "make room")
        self.taken.append((raw, origin))

    @property
    def origins(self) -> list[str]:
        return [origin for _, origin in self.taken]


def poller(client: Any, journal: Callable[[bytes, str], None], **options: Any) -> QueuePoller:
    return QueuePoller(client, journal, now, jitter=random.Random(1), **options)  # noqa: S311


def fill(hub: HubSimulator, count: int) -> list[str]:
    return [hub.enqueue(hub_document(), f"DOC-{n}") for n in range(count)]


@pytest.mark.parametrize("security", list(HubSecurity))
def test_given_a_full_queue_when_drained_then_all_is_taken_in_order_and_it_is_empty(security: HubSecurity) -> None:
    journal = Journal()
    with running(security) as (hub, client):
        for n in range(5):
            enveloped = security is HubSecurity.ENVELOPED
            hub.enqueue(hub_document() if enveloped else plain_document("8.1.1.5-debt"), f"DOC-{n}")
        polling = poller(client, journal)
        assert polling.drain() == 5
        assert journal.origins == [f"hub queue: DOC-{n}" for n in range(5)]
        assert hub.waiting == 0
        assert polling.emptied_at is not None
        assert all(raw.endswith(b"Envelope>") for raw, _ in journal.taken)
        assert hub.asked == [Operation.PEEK, Operation.DEQUEUE] * 5 + [Operation.PEEK]


def test_given_an_empty_queue_when_drained_then_nothing_is_taken() -> None:
    journal = Journal()
    with running() as (_, client):
        assert poller(client, journal).drain() == 0
    assert journal.taken == []


def test_given_documents_are_to_be_kept_when_drained_then_their_own_bytes_are_taken() -> None:
    journal, document = Journal(), hub_document()
    with running() as (hub, client):
        hub.enqueue(document)
        hub.enqueue(b"<not xml", "P")
        poller(client, journal, keep=document_if_readable).drain()
    assert journal.taken[0][0] == bare(document)
    assert b"<not xml" in journal.taken[1][0]
    assert journal.taken[1][0].endswith(b"Envelope>")


def test_given_the_journal_fails_when_drained_then_the_message_stays_in_the_queue() -> None:
    journal = Journal()
    journal.failures = 1
    with running() as (hub, client):
        fill(hub, 2)
        polling = poller(client, journal)
        with pytest.raises(StoreFailure):
            polling.drain()
        assert hub.waiting == 2
        assert Operation.DEQUEUE not in hub.asked
        assert polling.drain() == 2


# --- a dequeue that fails


@pytest.mark.parametrize("trouble", ["hang", "html", "truncate"])
def test_given_a_dequeue_that_fails_when_drained_again_then_the_message_is_handed_in_again_or_gone(
    trouble: str,
) -> None:
    journal = Journal()
    with running() as (hub, client):
        fill(hub, 3)
        hub.faults.operations = frozenset({"dequeueMessage"})
        setattr(hub.faults, trouble, Trouble(1))
        polling = poller(client, journal)
        with pytest.raises(OutcomeUnknown):
            polling.drain()
        polling.drain()
        assert hub.waiting == 0
        again = ["hub queue: DOC-0"] if trouble == "html" else []  # a gateway's page: the hub never heard of it
        assert journal.origins == ["hub queue: DOC-0", *again, "hub queue: DOC-1", "hub queue: DOC-2"]


def test_given_a_message_that_is_gone_already_when_dequeued_then_the_drain_goes_on() -> None:
    journal = Journal()
    with running() as (hub, client):
        fill(hub, 2)

        def meanwhile(raw: bytes, origin: str) -> None:
            journal(raw, origin)
            if len(journal.taken) == 1:
                client.dequeue("DOC-0")

        poller(client, meanwhile).drain()
        assert journal.origins == ["hub queue: DOC-0", "hub queue: DOC-1"]
        assert hub.waiting == 0


def test_given_a_message_twice_in_the_queue_when_drained_then_both_are_handed_in() -> None:
    journal = Journal()
    with running() as (hub, client):
        hub.faults.duplicates = Trouble(1)
        fill(hub, 2)
        assert poller(client, journal).drain() == 3
        assert journal.origins == ["hub queue: DOC-0", "hub queue: DOC-0", "hub queue: DOC-1"]


class Stubborn:
    """A hub whose dequeue says yes and does nothing."""

    def __init__(self) -> None:
        self.peeks = 0

    def peek(self) -> Peeked:
        self.peeks += 1
        return Peeked("DOC-0", b"<raw/>", b"<raw/>")

    def dequeue(self, reference: str) -> bool:
        return bool(reference)


def test_given_a_dequeue_without_effect_when_drained_then_it_stops_with_one_clear_error() -> None:
    hub, journal = Stubborn(), Journal()
    with pytest.raises(PartnerRefused, match="again and again") as caught:
        poller(hub, journal).drain()
    assert caught.value.code == BLOCKED
    assert hub.peeks < 10


# --- poison

POISON = {
    "no XML": b"<not xml",
    "no document": b"",
    "text": b"just text",
    "two documents": b"<a/><b/>",
    "zero bytes": b"<a>\x00</a>",
    "Latin-1": "<a>\xf3</a>".encode("latin-1"),
    "an unknown entity": b"<a>&nope;</a>",
    "too deep": b"<a>" * 300 + b"</a>" * 300,
    "an instruction": b"<a><?php x?></a>",
    "a second container": b"</c:Payload></c:MessageContainer><c:MessageContainer><c:Payload>",
}


@pytest.mark.parametrize("what", POISON)
def test_given_poison_at_the_head_when_drained_then_it_is_kept_and_what_follows_comes(what: str) -> None:
    journal = Journal()
    with running() as (hub, client):
        hub.enqueue(POISON[what], "POISON")
        fill(hub, 1)
        assert poller(client, journal).drain() == 2
        assert journal.origins == ["hub queue: POISON", "hub queue: DOC-0"]
        assert POISON[what] in journal.taken[0][0]
        assert hub.waiting == 0


def test_given_unreadable_poison_with_ws_security_when_drained_then_it_is_kept_and_dequeued_too() -> None:
    journal = Journal()
    with running(HubSecurity.WSS) as (hub, client):
        hub.enqueue(b"<not xml", "POISON")
        assert poller(client, journal).drain() == 1
        assert journal.origins == ["hub queue: POISON"]


def test_given_poison_without_reference_when_drained_then_its_message_id_dequeues_it() -> None:
    journal = Journal()
    with running() as (hub, client):
        hub.enqueue(f"<t:MessageId>{ID}</t:MessageId><not xml".encode(), ID, told=False)
        assert poller(client, journal).drain() == 1
        assert hub.waiting == 0


@pytest.mark.parametrize("document", [b"<not xml", b"<a/>", b"<a><b>1</b></a>"])
def test_given_no_reference_at_all_when_drained_then_one_clear_error_and_one_copy_of_the_bytes(document: bytes) -> None:
    journal = Journal()
    with running() as (hub, client):
        hub.enqueue(document, told=False)
        polling = poller(client, journal)
        for _ in range(3):
            with pytest.raises(PartnerRefused, match="journal") as caught:
                polling.drain()
            assert caught.value.code == BLOCKED
        assert journal.origins == ["hub queue: no reference"]
        assert hub.waiting == 1
        assert hub.asked == [Operation.PEEK] * 3


def test_given_a_head_above_the_limit_when_drained_then_it_is_an_error_and_nothing_is_dequeued() -> None:
    journal = Journal()
    with running(profile_max_bytes=2000) as (hub, client):
        hub.enqueue(hub_document())
        with pytest.raises(PartnerRefused) as caught:
            poller(client, journal).drain()
        assert caught.value.code == BLOCKED
        assert (hub.waiting, journal.taken) == (1, [])


def test_given_an_answer_cut_off_when_drained_then_nothing_is_taken_or_dequeued() -> None:
    journal = Journal()
    with running() as (hub, client):
        fill(hub, 1)
        hub.faults.truncate = Trouble(1)
        polling = poller(client, journal)
        with pytest.raises(PartnerUnreachable):
            polling.drain()
        assert (hub.waiting, journal.taken) == (1, [])
        assert polling.drain() == 1


def test_given_an_answer_cut_off_without_any_sign_in_http_when_drained_then_nothing_is_dequeued() -> None:
    whole = container_response(Operation.PEEK, "DOC-0", hub_document())
    journal = Journal()
    with client_at(answering("200 OK", whole[:-40])) as client, pytest.raises(PartnerUnreachable):
        poller(client, journal).drain()
    assert journal.taken == []


def test_given_a_bad_envelope_signature_when_drained_then_nothing_is_taken_until_it_is_good() -> None:
    journal = Journal()
    with running(HubSecurity.WSS) as (hub, client):
        hub.enqueue(plain_document("8.1.1.5-debt"), "DOC-0")
        hub.faults.bad_signature = Trouble(1)
        polling = poller(client, journal)
        with pytest.raises(PartnerUnreachable):
            polling.drain()
        assert (hub.waiting, journal.taken) == (1, [])
        assert polling.drain() == 1


def test_given_a_bad_document_signature_when_drained_then_it_is_taken_for_the_pipeline_to_judge() -> None:
    journal, altered = Journal(), hub_document().replace(b"CK0", b"CK1")
    with running() as (hub, client):
        hub.enqueue(altered)
        assert poller(client, journal).drain() == 1
    assert bare(altered) in journal.taken[0][0]


# --- pauses and the lease


def test_given_the_lease_is_lost_when_draining_then_it_stops_before_the_next_peek() -> None:
    journal = Journal()
    answers = iter([True, True, False])
    with running() as (hub, client):
        fill(hub, 5)
        assert poller(client, journal, may_go_on=lambda: next(answers)).drain() == 2
        assert hub.asked == [Operation.PEEK, Operation.DEQUEUE] * 2


class Failing:
    """A client that fails with one error after another, and then has an empty queue."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def peek(self) -> None:
        if self.errors:
            raise self.errors.pop(0)

    def dequeue(self, reference: str) -> bool:
        raise AssertionError(reference)


def test_given_an_empty_queue_when_idle_then_pauses_are_between_20_and_60_seconds_and_differ() -> None:
    polling = poller(Failing(), Journal())
    polling.drain()
    pauses = [polling.next_wait().total_seconds() for _ in range(50)]
    assert all(20 <= pause <= 60 for pause in pauses)
    assert max(pauses) - min(pauses) > 20


def test_given_failures_when_they_go_on_then_pauses_grow_to_ten_minutes_and_fall_back_after_success() -> None:
    polling = poller(Failing(*[PartnerUnreachable("no", "wait")] * 12), Journal(), idle=(10, 10))
    pauses = []
    for _ in range(12):
        with pytest.raises(PartnerUnreachable):
            polling.drain()
        pauses.append(polling.next_wait().total_seconds())
    assert pauses[:6] == [10, 20, 40, 80, 160, 320]
    assert all(450 <= pause <= 600 for pause in pauses[6:])
    polling.drain()
    assert polling.next_wait() == timedelta(seconds=10)


def test_given_errors_now_and_then_while_messages_wait_then_each_costs_a_second_or_so() -> None:
    rhythm, pauses = PollInterval((20, 60)), []
    for _ in range(20):
        rhythm.moved()
        rhythm.failed(PartnerUnreachable("no", "wait"))
        pauses.append(rhythm.next_wait().total_seconds())
    assert max(pauses) < 2
    rhythm.went_well()
    assert rhythm.next_wait() >= timedelta(seconds=20)


def test_given_the_hub_asks_for_a_pause_when_it_ends_then_polling_goes_on() -> None:
    polling = poller(Failing(Later("no", "wait", timedelta(minutes=30))), Journal())
    with pytest.raises(Later):
        polling.drain()
    assert polling.next_wait() == timedelta(minutes=30)
    polling.drain()
    assert polling.next_wait() <= timedelta(minutes=1)


def test_given_a_hub_that_misbehaves_at_random_when_polled_on_then_every_message_arrives_in_order() -> None:
    journal = Journal()
    with running(seed=7, profile_send_seconds=5) as (hub, client):
        references = fill(hub, 60)
        faults = hub.faults
        faults.hang, faults.html, faults.truncate = Trouble(chance=0.1), Trouble(chance=0.1), Trouble(chance=0.1)
        faults.codes = {f"MHB.MHD.{code}": Trouble(chance=0.03) for code in ("000", "002", "005")}
        drain_on(client, hub, journal)
        seen = list(dict.fromkeys(origin.removeprefix("hub queue: ") for origin in journal.origins))
        assert seen == references


def drain_on(client: HubClient, hub: HubSimulator, journal: Journal) -> None:
    polling = poller(client, journal)
    for _ in range(1000):
        try:
            polling.drain()
        except (PartnerUnreachable, OutcomeUnknown):
            continue
        if not hub.waiting:
            return
    raise AssertionError("the queue never became empty")
