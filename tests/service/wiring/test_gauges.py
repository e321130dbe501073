"""``/metrics`` in a bridge at work: what happened is counted, and what waits is read from the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from csire_bridge.domain.errors import StoreFailure
from csire_bridge.service.wiring.gauges import Gauges
from csire_bridge.store.database import Database
from csire_bridge.store.queries.gauges import GaugeValue, read_gauges
from csire_bridge.telemetry.metric_names import METRICS, MetricKind
from csire_bridge.telemetry.metrics import set_up_metrics, turn_off_metrics
from tests.support.bridge import play
from tests.support.store import NOW
from tests.telemetry.test_metrics import samples

pytestmark = pytest.mark.every_database


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    turn_off_metrics()


def test_given_a_message_from_receipt_to_delivery_then_every_stage_is_counted_once(tmp_path: Path) -> None:
    page = set_up_metrics()
    before = samples(page)  # tests before this one may have counted in the same process
    with play(tmp_path) as playing:
        page.add(Gauges(playing.scene.bridge, hold=0))
        playing.send("disconnect")
        waiting = samples(page)
        assert waiting["csire_bridge_work_due", "execute"] + waiting["csire_bridge_work_later", "execute"] == 1
        assert sum(value for key, value in waiting.items() if key[0] == "csire_bridge_orders_open") == 1
        playing.work_until(lambda: playing.answers() == ["8.1.1.11"])
        found = {key: value - before.get(key, 0) for key, value in samples(page).items()}
    assert [v for k, v in found.items() if k[0] == "csire_bridge_messages_received_total" and v] == [1]
    assert found["csire_bridge_orders_total", "disconnect", "done"] == 1
    assert found["csire_bridge_order_seconds_count", "disconnect"] == 1
    assert found["csire_bridge_deliveries_total", "8.1.1.11", "hub", "delivered"] == 1
    assert found["csire_bridge_partner_seconds_count", "create", "head-end", "answered"] >= 1
    assert found["csire_bridge_step_seconds_count", "perform", "intake"] == 1
    assert found["csire_bridge_work_due", "execute"] == 0
    assert found["csire_bridge_database_up",] == 1
    assert found["csire_bridge_database_bytes",] > 0
    assert found["csire_bridge_cap_used",] == 1
    assert any(key[0] == "csire_bridge_certificate_days" for key in found)
    told = {key[0].removesuffix("_count").removesuffix("_bucket").removesuffix("_sum") for key in found}
    gauges = {name for name, metric in METRICS.items() if metric.kind is MetricKind.GAUGE}
    assert gauges - told <= {"csire_bridge_orders_open"}, "there is none any more"


def test_given_a_database_that_is_away_then_the_page_says_so_and_keeps_its_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = set_up_metrics()
    with play(tmp_path) as playing:
        bridge = playing.scene.bridge
        page.add(Gauges(bridge, hold=0))
        playing.send("disconnect")

        def away() -> None:
            raise StoreFailure("the database is away", "look at it")

        with monkeypatch.context() as patch:
            patch.setattr(bridge.database, "reading", away)
            found = samples(page)
    assert found["csire_bridge_database_up",] == 0
    assert not [key for key in found if key[0] == "csire_bridge_work_due"]
    assert [v for k, v in found.items() if k[0] == "csire_bridge_messages_received_total"] == [1]


def test_given_many_who_ask_then_the_database_is_read_once_in_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with play(tmp_path) as playing:
        seconds, reads = [0.0], list[float]()
        gauges = Gauges(playing.scene.bridge, hold=10, ticks=lambda: seconds[0])

        def read() -> list[GaugeValue]:
            reads.append(seconds[0])
            return []

        monkeypatch.setattr(gauges, "_of_the_database", read)
        for moment in (0.0, 9.9, 10.0, 11.0):
            seconds[0] = moment
            list(gauges.collect())
    assert reads == [0.0, 10.0]


def test_given_an_empty_database_of_any_kind_then_every_gauge_has_its_value(database: Database) -> None:
    with database.reading() as connection:
        found = list(read_gauges(connection, NOW + timedelta(hours=1), 100))
    assert GaugeValue("csire_bridge_cap_limit", 100) in found
    assert GaugeValue("csire_bridge_work_due", 0, ("deliver",)) in found
    assert {value.name for value in found} <= set(METRICS)
    assert all(len(value.labels) == len(METRICS[value.name].labels) for value in found)
