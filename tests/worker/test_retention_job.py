"""A message whose content retention has taken is still known: by replay, by evidence, and by the intake."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import MessageState
from csire_bridge.domain.operations.retention import RetentionRules
from csire_bridge.domain.order.order import OrderState
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.queries.dossiers.evidence import exhibits
from csire_bridge.store.queries.reports import known_bytes
from csire_bridge.store.tables import messages, orders, outbox
from csire_bridge.worker.retention_job import Retention
from tests.support.bridge import POINT, play
from tests.support.defaults import RETENTION_BATCH

DAY = timedelta(days=1)


def test_given_a_done_disconnection_that_was_archived_when_the_hub_repeats_it_then_it_is_no_second_one(
    tmp_path: Path,
) -> None:
    with play(tmp_path) as playing:
        database, message_id = playing.scene.bridge.database, MessageId.new()
        raw = playing.message("disconnect", POINT, message_id)
        playing.take_in(raw)
        playing.work_until_state(OrderState.DONE)
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])
        playing.send("reconnect")  # the newest rows stay
        with database.transaction() as tx:
            tx.connection.execute(update(outbox).values(state=DocumentState.CONFIRMED.value))
            first = tx.connection.execute(select(messages).order_by(messages.c.key)).first()
        assert first is not None
        rules = RetentionRules(accepted=DAY, orders=DAY, events=DAY)
        archive = tmp_path / "archive"
        done = list(Retention(database, lambda: system_clock() + 2 * DAY, rules, archive, RETENTION_BATCH).run())
        assert [d.kind for d in done] == ["messages", "orders"]
        with database.read_transaction() as tx:
            noted = [one.entry for one in tx.audit.entries() if one.entry.act == "retention.run"]
        assert [(one.actor, one.subject) for one in noted] == [
            ("csire-bridge", f"archive {d.archive.name}") for d in done
        ]
        playing.take_in(raw)
        with database.reading() as connection:
            rows = connection.execute(select(messages).order_by(messages.c.key)).all()
            left = connection.execute(select(orders.c.source_message)).scalars().all()
            known = known_bytes(connection, first.sha256)
            files = dict(exhibits(connection, message_id))
        assert (rows[0].raw, rows[-1].state, rows[-1].receipt) == (b"", MessageState.DUPLICATE.value, first.receipt)
        assert message_id not in left, "no order came of the repeat"
        assert known is not None
        assert known.archive == done[0].archive.name
        told = files["1-message-1-archived.txt"]
        assert isinstance(told, bytes)
        assert done[0].archive.name in told.decode()
        with zipfile.ZipFile(done[0].archive) as opened:
            assert opened.read(f"messages/{first.key}/messages-{first.key}-raw.xml") == raw
