"""Alerts go out: written with the alert, sent by a job of its own, at least once and by one node."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from csire_bridge.config.sections.alerts import AlertSettings
from csire_bridge.domain.errors import ActionRefused, PartnerUnreachable
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.operations.alert_records import NotificationState, SendingChannel
from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.work import Lease
from csire_bridge.pipeline.operator.alert_actions import acknowledge
from csire_bridge.store.database import Database, make_current
from csire_bridge.store.queries.alerts.alert_list import alert_history, alert_list
from csire_bridge.worker.alert_job import Watch
from csire_bridge.worker.notifications.notice import Notice
from csire_bridge.worker.notifications.sender import AlertSender, Outlet
from csire_bridge.worker.notifications.settings_to_routes import composer_of, routes_of
from csire_bridge.worker.scheduler import LEASE_NAME, LedStore
from tests.support.defaults import PARTNER_WAIT, RESULT_WAIT

MORNING = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)  # 10:00 in Poland, a Wednesday
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DUTY = {"name": "duty", "mail": ["duty@example.org"], "repeat_hours": 4}


@dataclass
class Box:
    """An outlet that keeps what it is given, and fails when it is told to."""

    down: bool = False
    sent: list[tuple[str, tuple[str, ...], Notice]] = field(default_factory=list)

    def send(self, delivery: str, recipients: tuple[str, ...], notice: Notice, now: datetime) -> None:
        if self.down:
            raise PartnerUnreachable("the mail server can't be used: no route", "look at it")
        self.sent.append((delivery, recipients, notice))

    @property
    def subjects(self) -> list[str]:
        return [notice.subject for _, _, notice in self.sent]


class Desk:
    """A bridge's alerts on a clock of its own: conditions that hold, a watch, and a sender."""

    def __init__(self, address: str, routes: list[Mapping[str, object]], **more: object) -> None:
        self.database = Database(address)
        self.now = MORNING
        self.conditions: list[Alert] = []
        self.mail, self.webhook = Box(), Box()
        hook = {"url": "http://127.0.0.1:9/", "key_file": "key"}
        mail = {"host": "localhost", "sender": "bridge@example.org"}
        self.settings = AlertSettings.model_validate({"route": routes, "mail": mail, "webhook": hook, **more})
        outlets: dict[SendingChannel, Outlet] = {
            SendingChannel.MAIL: self.mail,
            SendingChannel.WEBHOOK: self.webhook,
        }
        self.sender = AlertSender(outlets, lambda: routes_of(self.settings), self.clock, random.Random(1))  # noqa: S311
        self.watch = Watch(
            self.database,
            self.clock,
            result_wait=RESULT_WAIT,
            partner_wait=PARTNER_WAIT,
            further=lambda _: list(self.conditions),
            composer=lambda: composer_of(self.settings),
        )

    def clock(self) -> datetime:
        return self.now

    def led(self, owner: str = "node") -> LedStore:
        with self.database.transaction() as tx:
            term = tx.leases.acquire(LEASE_NAME, Lease.starting(owner, self.now, HOUR), self.now)
        assert term is not None
        return LedStore(self.database, owner, term)

    def look(self, *conditions: Alert, after: timedelta = MINUTE) -> None:
        """These conditions hold some time later; they are noticed, and what is due is sent."""
        self.now += after
        self.conditions = list(conditions)
        self.watch.look()
        self.send()

    def send(self, after: timedelta = timedelta(0)) -> int:
        self.now += after
        return self.sender.run(self.led(), threading.Event())

    def acknowledge(self, kind: AlertKind, lasts: timedelta, subject: str | None = None) -> None:
        act = OperatorAction("Anna", self.now, "crew on its way")
        with self.database.transaction() as tx:
            acknowledge(tx, kind, subject, self.now + lasts, act)


@pytest.fixture
def address(tmp_path: Path) -> str:
    made = f"sqlite:///{tmp_path / 'bridge.db'}"
    make_current(made)
    return made


@pytest.fixture
def desk(address: str) -> Iterator[Desk]:
    made = Desk(address, [DUTY])
    with closing(made.database):
        yield made


FIELD = Alert(AlertKind.FIELD_WORK, 2)


def test_opening_worsening_repeating_and_closing_are_each_sent_once(desk: Desk) -> None:
    desk.look(FIELD)
    desk.look(FIELD)
    assert desk.mail.subjects == ["[csire-bridge] opened: field-work"]
    desk.look(Alert(AlertKind.FIELD_WORK, 4))
    desk.look(Alert(AlertKind.FIELD_WORK, 5))
    desk.look(Alert(AlertKind.FIELD_WORK, 5), after=4 * HOUR)
    desk.look()
    desk.look()
    told = [subject.partition("] ")[2].partition(":")[0] for subject in desk.mail.subjects]
    assert told == ["opened", "worsened", "repeated", "closed"]
    assert "2 orders wait for people on site" in desk.mail.sent[0][2].text
    assert desk.mail.sent[0][1] == ("duty@example.org",)


def test_what_opens_at_once_is_one_mail_and_an_urgent_one_says_so(desk: Desk) -> None:
    off = Alert(AlertKind.SUPPLY_OFF_UNEXPLAINED, 1, subject="7", words="meter X1234567: supply is OFF")
    desk.look(off, FIELD)
    assert desk.mail.subjects == ["[csire-bridge] URGENT opened: supply-off-unexplained and 1 more"]


def test_codes_of_points_and_meters_are_masked_unless_a_setting_says_otherwise(address: str) -> None:
    words = "meter PROBE0000001 at 590243856287817706: supply is OFF"
    off = Alert(AlertKind.SUPPLY_OFF_UNEXPLAINED, 1, subject="7", words=words)
    for whole in (False, True):
        desk = Desk(address, [{**DUTY, "name": f"route {whole}"}], whole_codes=whole)
        with closing(desk.database):
            desk.look(off)
            text = desk.mail.sent[0][2].text
        assert ("590243856287817706" in text, "PROBE0000001" in text) == (whole, whole)
        assert "7706" in text


def test_in_a_quiet_time_only_what_is_urgent_is_sent_and_the_rest_in_the_morning(address: str) -> None:
    desk = Desk(address, [{**DUTY, "hours": {"monday-friday": ["07:00-19:00"]}, "always": ["stop-switch"]}])
    with closing(desk.database):
        desk.now += 12 * HOUR
        danger = Alert(AlertKind.DANGER_NOT_CUT, 1)
        desk.look(FIELD, danger, Alert(AlertKind.STOP_SWITCH, 1))
        assert desk.mail.subjects == ["[csire-bridge] URGENT opened: danger-not-cut and 1 more"]
        assert desk.send(after=8 * HOUR) == 0
        assert desk.send(after=HOUR) == 1
        assert desk.mail.subjects[1:] == ["[csire-bridge] opened: field-work"]


def test_routes_get_their_kinds_and_areas_only(address: str) -> None:
    routes: list[Mapping[str, object]] = [
        {"name": "office", "areas": ["orders"], "mail": ["office@example.org"]},
        {"name": "administrators", "areas": ["system"], "kinds": ["head-end-down"], "webhook": True},
    ]
    desk = Desk(address, routes)
    with closing(desk.database):
        desk.look(FIELD, Alert(AlertKind.HEAD_END_DOWN, 1), Alert(AlertKind.STOP_SWITCH, 1))
        assert [recipients for _, recipients, _ in desk.mail.sent] == [("office@example.org",)]
        assert "field-work" in desk.mail.sent[0][2].body
        assert ["head-end-down" in notice.body for _, _, notice in desk.webhook.sent] == [True]
        assert "stop-switch" not in desk.webhook.sent[0][2].body + desk.mail.sent[0][2].body


def test_an_acknowledged_alert_is_silent_until_it_becomes_worse_and_then_needs_a_person_again(desk: Desk) -> None:
    desk.look(FIELD)
    desk.acknowledge(AlertKind.FIELD_WORK, 48 * HOUR)
    desk.look(FIELD, after=5 * HOUR)
    assert len(desk.mail.sent) == 1, "not repeated"
    with desk.database.reading() as connection:
        [listed] = alert_list(connection, [FIELD], desk.now)
    assert not listed.needs_a_person
    assert listed.acknowledgement is not None
    assert listed.acknowledgement.by == "Anna"
    worse = Alert(AlertKind.FIELD_WORK, 4)
    desk.look(worse)
    assert desk.mail.subjects[-1] == "[csire-bridge] worsened: field-work"
    with desk.database.reading() as connection:
        [listed] = alert_list(connection, [FIELD], desk.now)
        [past] = alert_history(connection, 10)
    assert listed.needs_a_person, "an acknowledgement that has ended does not come back when it gets better"
    assert past.acknowledgements[0].over_at() == desk.now


def test_when_the_acknowledgement_is_over_it_is_told_again(desk: Desk) -> None:
    desk.look(FIELD)
    desk.acknowledge(AlertKind.FIELD_WORK, HOUR)
    desk.look(FIELD, after=HOUR)
    assert desk.mail.subjects[-1] == "[csire-bridge] repeated: field-work"


def test_a_condition_that_ended_and_comes_again_is_told_although_it_was_acknowledged(desk: Desk) -> None:
    desk.look(FIELD)
    desk.acknowledge(AlertKind.FIELD_WORK, 48 * HOUR)
    desk.look()
    desk.look(FIELD)
    assert desk.mail.subjects[-1] == "[csire-bridge] opened: field-work"


def test_an_early_withdrawal_whose_order_never_comes_can_be_acknowledged(desk: Desk) -> None:
    early = Alert(AlertKind.SAID_EARLY, 1, MORNING, "1 withdrawal")
    desk.look(early)
    desk.acknowledge(AlertKind.SAID_EARLY, 48 * HOUR)
    desk.look(early, after=12 * HOUR)
    assert len(desk.mail.sent) == 1


def test_of_several_of_a_kind_one_can_be_acknowledged_by_its_subject_and_what_is_not_open_is_refused(
    desk: Desk,
) -> None:
    one, other = (Alert(AlertKind.CERTIFICATES, 1, subject=s, words=f"certificate {s}", level=1) for s in ("aa", "bb"))
    desk.look(one, other)
    desk.acknowledge(AlertKind.CERTIFICATES, 48 * HOUR, "aa")
    with desk.database.reading() as connection:
        assert [one.needs_a_person for one in alert_list(connection, [one, other], desk.now)] == [False, True]
    with pytest.raises(ActionRefused, match="no alert certificates cc"):
        desk.acknowledge(AlertKind.CERTIFICATES, 48 * HOUR, "cc")
    with pytest.raises(ActionRefused, match="past"):
        desk.acknowledge(AlertKind.CERTIFICATES, timedelta(0), "bb")
    with desk.database.read_transaction() as tx:
        assert [entry.entry.act for entry in tx.audit.entries()] == ["alert.acknowledge"]


def test_a_channel_that_fails_is_tried_again_more_and_more_rarely_and_holds_up_no_other_channel(
    address: str,
) -> None:
    desk = Desk(address, [{**DUTY, "webhook": True}])
    with closing(desk.database):
        desk.mail.down = True
        desk.look(FIELD)
        assert len(desk.webhook.sent) == 1
        for _ in range(8):
            desk.send(after=5 * MINUTE)
        desk.look(FIELD)
        assert [subject for subject in desk.webhook.subjects if "alerts-unsent" in subject] == [
            "[csire-bridge] opened: alerts-unsent"
        ]
        with desk.database.read_transaction() as tx:
            waiting = [one for one in tx.notifications.last(10) if one.state is NotificationState.PENDING]
        assert len(waiting) == 1, "that mail does not work is not told by mail: no loop"
        assert "no route" in (waiting[0].last_error or "")
        desk.mail.down = False
        desk.send(after=10 * MINUTE)
        desk.look(FIELD)
        assert desk.mail.subjects == ["[csire-bridge] opened: field-work"]
        assert desk.webhook.subjects[-1] == "[csire-bridge] closed: alerts-unsent"


def test_what_can_not_be_sent_for_three_days_is_given_up(desk: Desk) -> None:
    desk.mail.down = True
    desk.look(FIELD)
    state = NotificationState.PENDING
    for _ in range(2000):
        desk.send(after=10 * MINUTE)
        with desk.database.read_transaction() as tx:
            state = tx.notifications.last(1)[0].state
        if state is not NotificationState.PENDING:
            break
    assert state is NotificationState.GIVEN_UP
    assert desk.now - MORNING > timedelta(days=3)


def test_given_a_crash_between_sending_and_commit_then_it_is_sent_again_with_the_same_id(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process is gone."""

    def dies(*_: object) -> None:
        raise Killed

    led = desk.led()
    desk.conditions = [FIELD]
    desk.watch.look()
    with monkeypatch.context() as patched:
        patched.setattr("csire_bridge.store.repositories.alerts.notifications.Notifications.settle", dies)
        with pytest.raises(Killed):
            desk.sender.run(led, threading.Event())
    assert desk.send() == 1
    assert desk.send() == 0
    assert len({delivery for delivery, _, _ in desk.mail.sent}) == 1
    assert len(desk.mail.sent) == 2


def test_given_a_route_that_was_taken_out_then_what_waited_for_it_is_given_up(desk: Desk) -> None:
    desk.mail.down = True
    desk.look(FIELD)
    desk.settings = AlertSettings()
    desk.send(after=HOUR)
    with desk.database.read_transaction() as tx:
        assert [one.state for one in tx.notifications.last(5)] == [NotificationState.GIVEN_UP]


def test_given_two_nodes_on_postgresql_when_both_look_and_send_then_there_is_one_mail(postgresql: str) -> None:
    nodes = [Desk(postgresql, [DUTY]) for _ in range(2)]
    both = threading.Barrier(2)

    def work(desk: Desk) -> None:
        both.wait()
        desk.watch.look()

    with closing(nodes[0].database), closing(nodes[1].database):
        with nodes[0].database.transaction() as tx:
            tx.guards.throw_stop(StopScope.EVERYTHING, "Anna", "a drill", MORNING)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, nodes))
        led = nodes[0].led("first")
        with nodes[1].database.transaction() as tx:
            held = tx.leases.acquire(LEASE_NAME, Lease.starting("second", MORNING, HOUR), MORNING)
        assert held is None, "one node leads"
        assert nodes[0].sender.run(led, threading.Event()) == 1
    assert [len(node.mail.sent) for node in nodes] == [1, 0]
