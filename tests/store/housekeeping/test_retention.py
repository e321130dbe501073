"""Retention over every database: only what has ended goes, it is archived first, and a crash loses nothing."""

from __future__ import annotations

import hashlib
import itertools
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import insert, select, update

from csire_bridge.domain.errors import ActionRefused, StaleWrite, StoreFailure
from csire_bridge.domain.identifiers import MessageId, MessageNumber
from csire_bridge.domain.jobs.job import Job, JobItem, JobState, digest_of
from csire_bridge.domain.jobs.kinds import JobDetails, JobKind
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import Channel, Form, MessageState, SettledMessage
from csire_bridge.domain.operations.retention import Kept, RetentionRules
from csire_bridge.domain.order.order import OrderState, Outcome
from csire_bridge.domain.pasted_key import recognise
from csire_bridge.domain.work import Lease, WorkStep
from csire_bridge.store import tables
from csire_bridge.store.database import Database
from csire_bridge.store.queries.find.archived import archived_order
from csire_bridge.store.queries.find.hits import HitKind, hits_of
from csire_bridge.store.unit_of_work import UnitOfWork
from csire_bridge.worker.retention_job import Retention, Retired
from tests.support.defaults import RETENTION_BATCH
from tests.support.store import HUB, MINUTE, NOW, SECOND, count, document, order

DAY = timedelta(days=1)
RULES = RetentionRules(
    accepted=30 * DAY, refused=10 * DAY, duplicate=10 * DAY, orders=30 * DAY, events=20 * DAY, jobs=30 * DAY
)
LATER = NOW + 100 * DAY
_LITTLE = itertools.count()
_IN_ORDER = select(tables.messages.c.raw, tables.messages.c.receipt).order_by(tables.messages.c.key)
EVENT = {"raw": b"<event/>", "meter": "M1", "kind": "disconnected", "code": "3.31.0.68", "text": "", "permanent": False}


@dataclass(frozen=True)
class Story:
    """A message, its order, and what the head-end system and the hub said."""

    message: int
    message_id: MessageId
    order: int
    raw: bytes


def arrive(tx: UnitOfWork, raw: bytes, at: datetime, form: Form = Form.BARE) -> int:
    (key,) = tx.messages.add(Channel.WEBHOOK, at, [("hub", raw, hashlib.sha256(raw).hexdigest(), form)])
    return key


def settle(tx: UnitOfWork, key: int, state: MessageState, message_id: MessageId | None, receipt: bytes) -> None:
    number = MessageNumber("8.1.1.5")
    one = SettledMessage(
        key=key,
        state=state,
        receipt=receipt,
        message_id=message_id,
        number=number,
        sender=str(HUB) if message_id else None,
    )
    tx.messages.settle([one])


def tell(database: Database, at: datetime = NOW, *, answer: DocumentState = DocumentState.CONFIRMED) -> Story:
    """A disconnection that was done, answered, and confirmed by the hub."""
    message_id = MessageId.new()
    raw = f"<order>{message_id}</order>".encode()
    new = order(
        source_message=message_id, state=OrderState.DONE, registered_at=at, outcome=Outcome.DISCONNECTED, executed_at=at
    )
    with database.transaction() as tx:
        message = arrive(tx, raw, at)
        settle(tx, message, MessageState.ACCEPTED, message_id, b"<receipt/>")
        tx.messages.take([((HUB, message_id), message, "c" * 64)])
        (key,) = tx.orders.add([new], at)
        signed = document(key)
        signed = replace(signed, sha256=hashlib.sha256(signed.document).hexdigest())
        tx.outbox.add_all([signed])
        tx.connection.execute(update(tables.outbox).values(state=answer.value).where(tables.outbox.c.order == key))
        tx.connection.execute(insert(tables.head_end_events).values(**EVENT, received_at=at, occurred_at=at, order=key))
    return Story(message, message_id, key, raw)


def newest(database: Database) -> None:
    """What stays because it has the highest keys."""
    tell(database, LATER - DAY)


def retention(database: Database, folder: Path, at: datetime = LATER, **options: object) -> Retention:
    """Its clock goes a little further each time that it is looked at."""
    return Retention(
        database,
        lambda: at + next(_LITTLE) * timedelta.resolution,
        RULES,
        folder,
        **{"batch": RETENTION_BATCH, **options},  # type: ignore[arg-type]
    )


def retire(database: Database, folder: Path, at: datetime = LATER) -> list[Retired]:
    return list(retention(database, folder, at, batch=3).run())


def archived(folder: Path) -> Counter[tuple[str, int]]:
    """What stands in the archives of a folder: (kind, key) with how often; every hash holds."""
    found: Counter[tuple[str, int]] = Counter()
    for file in folder.glob("*.zip"):
        with zipfile.ZipFile(file) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            assert set(archive.namelist()) == {"manifest.json", *manifest["sha256"]}
            for name, digest in manifest["sha256"].items():
                assert hashlib.sha256(archive.read(name)).hexdigest() == digest
        found.update((manifest["kind"], key) for key in manifest["keys"])
    return found


def bytes_in(folder: Path) -> set[bytes]:
    found = set()
    for file in folder.glob("*.zip"):
        with zipfile.ZipFile(file) as archive:
            found |= {archive.read(name) for name in archive.namelist() if name.endswith(".xml")}
    return found


def test_given_what_has_ended_when_its_days_are_over_then_it_is_in_the_archive_and_its_id_stays_taken(
    database: Database, tmp_path: Path
) -> None:
    story = tell(database)
    newest(database)
    done = retire(database, tmp_path)
    assert [(d.kind, d.count) for d in done] == [(Kept.MESSAGES, 1), (Kept.ORDERS, 1)]
    assert archived(tmp_path) == {("messages", story.message): 1, ("orders", story.order): 1}
    assert {story.raw, b"<event/>", b"<receipt/>", b"<signed/>\x00\xff"} <= bytes_in(tmp_path)
    with database.transaction() as tx:
        taken = tx.messages.taken([(HUB, story.message_id)])[HUB, story.message_id]
        assert (taken.message, taken.content, taken.receipts) == (story.message, "c" * 64, {Form.BARE: b"<receipt/>"})
        row = tx.connection.execute(select(tables.messages).where(tables.messages.c.key == story.message)).one()
        assert (row.raw, row.archive) == (b"", done[0].archive.name)
    for table in (tables.orders, tables.outbox, tables.head_end_events):
        assert count(database, table) == 1, "the newest one's"
    assert database.check() == []
    assert retire(database, tmp_path) == []


def test_given_an_archived_order_when_it_is_looked_for_then_its_archive_is_told(
    database: Database, tmp_path: Path
) -> None:
    story = tell(database)
    newest(database)
    name = next(done.archive.name for done in retire(database, tmp_path) if done.kind is Kept.ORDERS)
    with database.reading() as connection:
        found = archived_order(connection, story.order)
        (hit,) = hits_of(connection, recognise(str(story.order))).hits
    assert found is not None
    assert (found.state, found.archive, found.sha256 is not None) == (OrderState.DONE, name, True)
    assert (hit.kind, hit.archived) == (HitKind.ARCHIVED, found)


@pytest.mark.parametrize(("age", "gone"), [(30 * DAY - SECOND, 0), (30 * DAY + SECOND, 1)])
def test_given_a_message_when_its_days_are_not_over_by_a_moment_then_it_stays(
    database: Database, tmp_path: Path, age: timedelta, gone: int
) -> None:
    tell(database)
    newest(database)
    assert sum(d.count for d in retire(database, tmp_path, NOW + age) if d.kind is Kept.MESSAGES) == gone


Change = Callable[[UnitOfWork, Story], object]


def moved(state: OrderState) -> Change:
    return lambda tx, story: tx.connection.execute(
        update(tables.orders).where(tables.orders.c.key == story.order).values(state=state.value)
    )


def answered(state: DocumentState) -> Change:
    return lambda tx, story: tx.connection.execute(
        update(tables.outbox).where(tables.outbox.c.order == story.order).values(state=state.value)
    )


def reported(tx: UnitOfWork, story: Story) -> None:
    values = {"report_id": "r", "kind": "status", "sequence": 1, "status": "done", "state": "pending"}
    tx.connection.execute(insert(tables.sid_reports).values(**values, order=story.order, at=NOW, registered_at=NOW))


def asks_for_nothing_but_waits(tx: UnitOfWork, story: Story) -> None:
    tx.work.add(WorkStep.ACKNOWLEDGE, [story.order], NOW)


STAYING: dict[str, Change] = {
    **{f"order {s}": moved(s) for s in OrderState if s.value in ("registered", "unknown", "parked", "field-work")},
    **{f"answer {s}": answered(s) for s in DocumentState if s is not DocumentState.CONFIRMED},
    "work left": asks_for_nothing_but_waits,
    "report to SID not delivered": reported,
}


@pytest.mark.parametrize("what", STAYING)
def test_given_what_is_not_over_then_message_order_and_events_stay_however_old(
    database: Database, tmp_path: Path, what: str
) -> None:
    story = tell(database)
    newest(database)
    with database.transaction() as tx:
        STAYING[what](tx, story)
    assert retire(database, tmp_path, NOW + 5000 * DAY) == [] or archived(tmp_path).keys().isdisjoint(
        {("messages", story.message), ("orders", story.order)}
    )
    assert count(database, tables.head_end_events) == 2
    assert story.raw not in bytes_in(tmp_path)


def test_given_an_order_of_sid_then_its_number_and_the_order_stay_and_its_events_go(
    database: Database, tmp_path: Path
) -> None:
    story = tell(database)
    newest(database)
    with database.transaction() as tx:
        values = {"number": "SID-1", "content": "c" * 64, "registered_at": NOW, "taken_at": NOW}
        tx.connection.execute(insert(tables.sid_orders).values(**values, order=story.order, message=story.message))
    assert {(d.kind, d.count) for d in retire(database, tmp_path)} == {(Kept.MESSAGES, 1), (Kept.EVENTS, 1)}
    assert count(database, tables.sid_orders) == 1
    assert count(database, tables.orders) == 2


def test_given_an_order_of_steps_then_it_goes_with_its_steps_and_not_while_one_of_them_is_open(
    database: Database, tmp_path: Path
) -> None:
    story = tell(database)
    with database.transaction() as tx:
        step = order(source_message=None, source_number=None, process_instance=None, parent=story.order)
        (key,) = tx.orders.add([step], NOW)
        steps = {"order": story.order, "position": 1, "kind": "connect", "state": "done", "not_before": NOW}
        tx.connection.execute(insert(tables.order_steps).values(**steps, child=key))
    newest(database)
    assert [d.kind for d in retire(database, tmp_path)] == [Kept.MESSAGES, Kept.EVENTS]
    with database.transaction() as tx:
        moved(OrderState.DONE)(tx, replace(story, order=key))
    assert [(d.kind, d.count) for d in retire(database, tmp_path, LATER + DAY)] == [(Kept.ORDERS, 1)]
    assert count(database, tables.orders) == 1
    assert count(database, tables.order_steps) == 0


def test_given_refused_messages_and_repeats_then_they_go_but_a_repeat_with_a_first_receipt_keeps_it(
    database: Database, tmp_path: Path
) -> None:
    story = tell(database)
    with database.transaction() as tx:
        for form, receipt in ((Form.BARE, b"<receipt/>"), (Form.SOAP, b"<soap/>"), (Form.SOAP, b"<soap/>")):
            settle(tx, arrive(tx, story.raw, NOW, form), MessageState.DUPLICATE, story.message_id, receipt)
        settle(tx, arrive(tx, b"forged", NOW), MessageState.REFUSED, None, b"<no/>")
        waiting = arrive(tx, b"never looked into", NOW)
        tx.work.add(WorkStep.INTAKE, [waiting], NOW)
    newest(database)
    retire(database, tmp_path)
    with database.transaction() as tx:
        rows = tx.connection.execute(_IN_ORDER).all()
        assert tx.messages.taken([(HUB, story.message_id)])[HUB, story.message_id].receipts == {
            Form.BARE: b"<receipt/>",
            Form.SOAP: b"<soap/>",
        }
    assert [row.receipt for row in rows[:2]] == [b"<receipt/>", b"<soap/>"]
    assert [row.raw for row in rows[:3]] == [b"", b"", b"never looked into"]
    assert len(rows) == 4
    assert b"forged" in bytes_in(tmp_path)


class Dying:
    """A database whose ``nth`` transaction ends the process, before or after its commit."""

    def __init__(self, database: Database, nth: int, *, after: bool) -> None:
        self._database = database
        self._left = nth
        self._after = after

    @contextmanager
    def transaction(self) -> Iterator[UnitOfWork]:
        self._left -= 1
        with self._database.transaction() as tx:
            yield tx
            if self._left == 0 and not self._after:
                raise KeyboardInterrupt
        if self._left <= 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("nth", [1, 2, 3, 4, 6, 8, 11])
def test_given_a_death_in_any_transaction_when_run_again_then_nothing_is_lost_or_archived_twice(
    database: Database, tmp_path: Path, nth: int, after: bool
) -> None:
    stories = [tell(database, NOW + minute * MINUTE) for minute in range(8)]
    newest(database)
    died = retention(database, tmp_path, batch=3)
    with pytest.raises(KeyboardInterrupt):
        list(died.run(Dying(database, nth, after=after)))  # type: ignore[arg-type]
    here = kept_here(database)
    assert {s.raw for s in stories} <= here | bytes_in(tmp_path), "all of it is here or there"
    with suppress(StoreFailure):  # a machine that is too busy to answer in time
        retire(database, tmp_path, LATER + timedelta(hours=1))
    retire(database, tmp_path, LATER + timedelta(hours=2))
    expected = [("messages", s.message) for s in stories] + [("orders", s.order) for s in stories]
    assert archived(tmp_path) == Counter(expected)
    assert {s.raw for s in stories} <= bytes_in(tmp_path)
    assert (count(database, tables.orders), count(database, tables.accepted_ids)) == (1, 9)
    assert database.check() == []
    assert list(tmp_path.glob("*.part")) == []


def kept_here(database: Database) -> set[bytes]:
    with database.reading() as connection:
        return set(connection.execute(select(tables.messages.c.raw)).scalars())


def test_given_another_process_that_runs_it_then_it_is_refused_and_one_that_was_overtaken_stops(
    database: Database, tmp_path: Path
) -> None:
    for minute in range(8):
        tell(database, NOW + minute * MINUTE)
    newest(database)
    running = retention(database, tmp_path, most=2).run()
    next(running)
    with pytest.raises(ActionRefused, match="another process"):
        retire(database, tmp_path)
    before = kept_here(database)
    with database.transaction() as tx:
        now = LATER + timedelta(hours=1)
        assert tx.leases.acquire("retention", Lease.starting("heir", now, DAY), now)
    with pytest.raises(StaleWrite, match="another process has taken over retention"):
        next(running)
    assert kept_here(database) == before


def test_given_an_archive_that_was_changed_or_lost_then_nothing_is_deleted(database: Database, tmp_path: Path) -> None:
    tell(database)
    newest(database)
    with pytest.raises(KeyboardInterrupt):
        list(retention(database, tmp_path).run(Dying(database, 4, after=True)))  # type: ignore[arg-type]
    (file,) = tmp_path.glob("*.zip")
    good = file.read_bytes()
    file.write_bytes(good[:-1])
    with pytest.raises(StoreFailure, match="not the one that was written"):
        retire(database, tmp_path, LATER + timedelta(hours=1))
    file.unlink()
    with pytest.raises(StoreFailure, match="can't be read"):
        retire(database, tmp_path, LATER + timedelta(hours=2))
    assert count(database, tables.orders) == 2
    file.write_bytes(good)
    retire(database, tmp_path, LATER + timedelta(hours=3))
    assert count(database, tables.orders) == 1


def test_given_a_stop_in_the_middle_then_the_next_run_goes_on(database: Database, tmp_path: Path) -> None:
    for minute in range(8):
        tell(database, NOW + minute * MINUTE)
    newest(database)
    stop = Event()
    for _ in retention(database, tmp_path, most=3).run(None, stop):
        stop.set()
    assert count(database, tables.orders) == 9
    retire(database, tmp_path)
    assert count(database, tables.orders) == 1
    assert set(archived(tmp_path).values()) == {1}


def test_given_much_that_went_from_sqlite_then_the_file_is_smaller_than_before(tmp_path: Path) -> None:
    file = tmp_path / "bridge.db"
    database = Database(f"sqlite:///{file}")
    database.upgrade()
    with database.transaction() as tx:
        for _ in range(200):
            settle(tx, arrive(tx, b"x" * 50_000, NOW), MessageState.REFUSED, None, b"<no/>")
    newest(database)
    database.close()
    before = file.stat().st_size
    database = Database(f"sqlite:///{file}")
    retire(database, tmp_path / "archive")
    database.close()
    assert file.stat().st_size < before / 4


def job_that_ended(database: Database, at: datetime | None) -> int:
    """A job with two items; None: it has not ended."""
    items = [JobItem(number=number, item=item) for number, item in enumerate(("17", "18"), 1)]
    state = JobState.DONE if at else JobState.RUNNING
    new = Job(
        key=0,
        kind=JobKind.RETRY,
        details=JobDetails(),
        chosen="a list",
        count=2,
        sha256=digest_of(items),
        state=state,
        asked_at=NOW,
        asked_by="anna",
        asked_kind="person",
        why="signal",
        ended_at=at,
    )
    with database.transaction() as tx:
        return tx.jobs.add(new, items)


def test_given_jobs_of_people_when_their_days_are_over_then_those_that_ended_go_with_their_items(
    database: Database, tmp_path: Path
) -> None:
    old, running = job_that_ended(database, NOW), job_that_ended(database, None)
    young, newest = job_that_ended(database, LATER - DAY), job_that_ended(database, NOW)
    assert [(d.kind, d.count) for d in retire(database, tmp_path)] == [(Kept.JOBS, 1)]
    assert archived(tmp_path) == {("jobs", old): 1}
    [file] = tmp_path.glob("*.zip")
    with zipfile.ZipFile(file) as archive:
        rows = json.loads(archive.read(f"jobs/{old}.json"))
    assert ([row["why"] for row in rows["jobs"]], [row["item"] for row in rows["job_items"]]) == (
        ["signal"],
        ["17", "18"],
    )
    with database.read_transaction() as tx:
        assert [tx.jobs.get(key) is not None for key in (old, running, young, newest)] == [False, True, True, True]
        assert list(tx.jobs.all_items(old)) == []
        assert len(list(tx.jobs.all_items(running))) == 2
