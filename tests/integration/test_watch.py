"""Alerts: each condition is told once when it opens and once when it closes."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from csire_bridge.bootstrap import system_clock
from csire_bridge.domain.alerts import AlertKind
from csire_bridge.domain.documents import DocumentState
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.store.watch import open_alerts
from csire_bridge.worker.watch import Watch
from tests.integration.bridge_support import Play, play


def told(playing: Play) -> set[AlertKind]:
    with playing.scene.bridge.database.reading() as connection:
        return set(open_alerts(connection))


def watch_at(playing: Play, hours: float) -> Watch:
    """A watch whose clock is some hours ahead."""
    return Watch(playing.scene.bridge.database, lambda: system_clock() + timedelta(hours=hours))


def test_given_a_delivered_answer_without_result_then_one_alert_opens_and_closes_with_the_result(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with play(tmp_path) as playing, caplog.at_level(logging.WARNING):
        sent = playing.send("disconnect")
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])
        assert watch_at(playing, 0.9).look() == []
        [alert] = watch_at(playing, 1.1).look()
        assert (alert.kind, alert.count) == (AlertKind.RESULTS_MISSING, 1)
        assert watch_at(playing, 2).look() == [], "told once"
        assert told(playing) == {AlertKind.RESULTS_MISSING}
        with playing.scene.bridge.database.transaction() as tx:
            document = tx.outbox.by_message_id(sent.derive("8.1.1.11"))
            assert document is not None
            tx.outbox.result(document.key, system_clock(), DocumentState.CONFIRMED, "CA001", None)
        watch_at(playing, 3).look()
        assert told(playing) == set()
        lines = [record.getMessage() for record in caplog.records if "results-missing" in record.getMessage()]
        assert len(lines) == 2


def test_given_a_used_id_with_other_content_then_an_alert_opens(tmp_path: Path) -> None:
    with play(tmp_path) as playing:
        used = playing.send("disconnect", message_id=MessageId.new())
        playing.send("reconnect", message_id=used)
        assert [alert.kind for alert in watch_at(playing, 0).look()] == [AlertKind.IDS_REUSED]
        assert told(playing) == {AlertKind.IDS_REUSED}
