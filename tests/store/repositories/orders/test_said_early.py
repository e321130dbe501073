"""What was said about orders that have not come: it opens one alert, which ends when they come; on every database."""

from __future__ import annotations

from datetime import datetime, timedelta

from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.message.message import Channel, Form
from csire_bridge.domain.message.processes import Process
from csire_bridge.domain.message.sid import SidNumber, SidWithdrawal
from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.store.database import Database
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.store.queries.alerts.said_early import EarlyKind, said_early
from tests.support.defaults import PARTNER_WAIT
from tests.support.store import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
INSTANCE, NUMBER = ProcessInstanceId.new(), SidNumber("SID/2026/17")


def early(database: Database, now: datetime) -> list[Alert]:
    with database.reading() as connection:
        found = list(standing(connection, now, HOUR, DAY, PARTNER_WAIT))
    return [alert for alert in found if alert.kind is AlertKind.SAID_EARLY]


def say_both(database: Database) -> int:
    """The hub ends a process, and SID withdraws an order a minute later; neither has come."""
    with database.transaction() as tx:
        (key,) = tx.messages.add(Channel.SID, NOW, [("sid", b"<a/>", "0" * 64, Form.BARE)])
        tx.processes.lock([Process(process_instance=INSTANCE)])
        tx.processes.end(INSTANCE, MessageId.new(), NOW)
        tx.sid.keep_withdrawal(SidWithdrawal(NUMBER, "paid"), key, NOW + timedelta(minutes=1))
    return key


def test_given_what_was_said_early_when_its_orders_do_not_come_then_one_alert_says_so_for_a_day(
    database: Database,
) -> None:
    message = say_both(database)
    assert early(database, NOW + HOUR) == []
    (alert,) = early(database, NOW + 2 * HOUR)
    assert (alert.count, alert.oldest) == (2, NOW)
    assert "1 process-end, 1 withdrawal; see `messages early`" in alert.text(NOW)
    assert early(database, NOW + HOUR + 2 * DAY) == []
    with database.reading() as connection:
        found = said_early(connection, None, NOW + DAY)
    assert [(one.kind, one.about) for one in found] == [
        (EarlyKind.PROCESS_END, str(INSTANCE)),
        (EarlyKind.WITHDRAWAL, str(NUMBER)),
    ]
    assert [one.message for one in found] == [None, message]


def test_given_the_process_is_asked_for_after_its_end_then_it_is_not_early_any_more(database: Database) -> None:
    say_both(database)
    point = MeteringPointCode("590243891234567891")
    with database.transaction() as tx:
        tx.processes.ask(Process(process_instance=INSTANCE, kind=OrderKind.DISCONNECT, metering_point=point))
    (alert,) = early(database, NOW + 2 * HOUR)
    assert alert.count == 1


def test_given_an_end_that_came_after_its_order_then_nothing_is_early(database: Database) -> None:
    point = MeteringPointCode("590243891234567891")
    with database.transaction() as tx:
        tx.processes.lock([Process(process_instance=INSTANCE, kind=OrderKind.DISCONNECT, metering_point=point)])
        tx.processes.end(INSTANCE, MessageId.new(), NOW)
    assert early(database, NOW + 2 * HOUR) == []
