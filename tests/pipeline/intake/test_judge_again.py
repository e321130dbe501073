"""What was refused for a cause of our own is judged again once the cause is gone, and is then carried out once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from typer.testing import CliRunner

from csire_bridge.cli.main import app
from csire_bridge.config.resources import folder
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ProblemCode
from csire_bridge.domain.identifiers import MessageId, ProcessInstanceId
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.message.partner_entries import PartnerEntry
from csire_bridge.domain.message.refusals import JudgingAgain
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.operations.retention import Kept, RetentionRules
from csire_bridge.domain.order.order import Order, OrderKind, OrderState
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.pipeline.intake.judge_again import JudgeAgain
from csire_bridge.pipeline.intake.receive import Arrival, receive
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import Database, make_current
from csire_bridge.store.housekeeping.retention import RetentionBook
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.store.queries.lists.message_pages import find_messages
from csire_bridge.store.queries.lists.order_pages import find_orders
from csire_bridge.store.queries.search.message_search import FoundMessage, MessageSearch, message_file
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.worker.partners.entry import enter_partner
from csire_bridge.worker.partners.roster import FilePartners
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.certificates.keys import SigningKey
from csire_bridge.xml.security.signature import sign_enveloped, without_signature
from tests.support.defaults import INTAKE, PARTNER_WAIT

pytestmark = pytest.mark.slow

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
DISCONNECT, RECONNECT = "8.1.1.5-minimal", "8.2.1.6-minimal"
WEBHOOK, QUEUE = Channel.WEBHOOK, Channel.QUEUE
REFUSED, ACCEPTED, DUPLICATE = MessageState.REFUSED, MessageState.ACCEPTED, MessageState.DUPLICATE


@cache
def pki() -> DemoPki:
    return make_demo_pki(Path(mkdtemp()), START)


@dataclass
class House:
    """A bridge without a head-end system, whose clock a test sets."""

    bridge: Bridge
    now: list[datetime]
    policy: JudgingAgain = INTAKE.judging_again
    judge: JudgeAgain | None = None

    def comes(self, raw: bytes, channel: Channel = WEBHOOK) -> int:
        """Take a message in and judge it; its key."""
        (item,) = receive(self.bridge.database, channel, [Arrival("a test", raw)], self.bridge.clock)
        self.work()
        return item.subject

    def work(self) -> None:
        while self.bridge.worker.turn():
            pass

    def look(self) -> int:
        """Judge again what is due, and go on with it."""
        if self.judge is None:
            self.start()
        assert self.judge is not None
        found = self.judge.look()
        self.work()
        return found

    def start(self) -> None:
        """A bridge that has just been started."""
        bridge = self.bridge
        self.judge = JudgeAgain(bridge.database, bridge.intake, bridge.clock, self.policy, bridge._partners.version)

    def message(self, key: int) -> FoundMessage:
        with self.bridge.database.reading() as connection:
            return next(one for one in find_messages(connection, MessageSearch(), 100) if one.key == key)

    def tries(self, key: int) -> int:
        with self.bridge.database.transaction() as tx:
            return tx.messages.refused([key])[0].tries

    def orders(self) -> list[Order]:
        with self.bridge.database.reading() as connection:
            return find_orders(connection, OrderSearch(), 100)

    def alerts(self) -> dict[AlertKind, str]:
        with self.bridge.database.reading() as connection:
            return {a.kind: a.detail for a in standing(connection, self.now[0], DAY, DAY, PARTNER_WAIT)}

    def enter(self, certificate: SigningKey, place: Path) -> None:
        """Enter a certificate of the hub, as a person does."""
        from cryptography.hazmat.primitives.serialization import Encoding

        file = place / "new.pem"
        file.write_bytes(certificate.certificate.public_bytes(Encoding.PEM))
        settings = self.bridge.settings
        with self.bridge.database.transaction() as tx:
            entry = PartnerEntry(pki().hub.eic, self.now[0], "Anna")
            enter_partner(tx.partners, FilePartners.load(settings), entry, [file])
        self.bridge._partners._look_again = 0


@pytest.fixture
def house(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if database_kind == "sqlite":
        address = f"sqlite:///{tmp_path / 'bridge.db'}"
    else:
        address = request.getfixturevalue("postgresql")
    make_current(address)
    now = [START]
    settings = load_settings(
        environment=False,
        database=address,
        signing_key=pki().operator.key_file,
        signing_certificate=pki().operator.certificate_file,
        partners=[{"eic": pki().hub.eic, "certificates": [pki().hub.certificate_file]}],
        delivery_folder=tmp_path / "answers",
    )
    with closing(Bridge(settings, lambda: now[0])) as bridge:
        yield House(bridge, now)


def message(
    name: str = DISCONNECT, *, at: datetime = START, key: SigningKey | None = None, ident: MessageId | None = None
) -> bytes:
    root = parse((folder("samples") / "good" / f"{name}.xml").read_bytes())
    changes = {
        "MessageId": ident or MessageId.new(),
        "MessageTimestamp": at.isoformat(timespec="milliseconds"),
        "ProcessInstanceId": ProcessInstanceId.new(),
    }
    for element, text in changes.items():
        for found in root.iter(f"{{*}}{element}"):
            found.text = str(text)
    return sign_enveloped(root, key or pki().hub.signing)


def new_certificate() -> SigningKey:
    authority = pki().authority
    assert authority is not None
    return authority.issue(pki().hub.eic, START)


@pytest.mark.parametrize("channel", [WEBHOOK, QUEUE])
@pytest.mark.every_database
def test_given_a_new_certificate_of_the_hub_that_is_not_entered_yet_when_it_is_then_the_message_is_carried_out(
    house: House, tmp_path: Path, channel: Channel
) -> None:
    new = new_certificate()
    key = house.comes(message(RECONNECT, key=new), channel)
    refusal = house.message(key)
    assert (refusal.state, refusal.code) == (REFUSED, ProblemCode.UNKNOWN_SIGNER.value)
    assert (refusal.sender, refusal.proven) == (pki().hub.eic, False)
    assert AlertKind.REFUSED_FOR_NOW in house.alerts()
    house.now[0] += MINUTE
    assert house.look() == 0
    assert house.message(key).state is REFUSED
    house.enter(new, tmp_path)
    house.now[0] += 10 * MINUTE
    assert house.look() == 1
    assert (house.message(key).state, house.message(key).proven) == (ACCEPTED, True)
    assert [(order.kind, order.state) for order in house.orders()] == [(OrderKind.RECONNECT, OrderState.REGISTERED)]
    assert AlertKind.REFUSED_FOR_NOW not in house.alerts()
    with house.bridge.database.reading() as connection:
        file = message_file(connection, key)
    assert file is not None
    assert [(v["state"], v["code"]) for v in file["verdicts"]] == [("refused", "trust.unknown-signer")]
    assert any(line["step"] == "again" for line in file["history"])
    assert house.look() == 0, "once"


def test_given_a_refusal_that_was_judged_often_when_the_certificate_is_entered_then_nobody_waits_for_the_long_pause(
    house: House, tmp_path: Path
) -> None:
    new = new_certificate()
    key = house.comes(message(RECONNECT, key=new), QUEUE)
    for _ in range(9):
        house.now[0] += HOUR
        assert house.look() == 0
    house.enter(new, tmp_path)
    house.now[0] += SECOND
    assert house.look() == 1
    assert house.message(key).state is ACCEPTED


def test_given_a_refusal_that_was_judged_often_when_the_bridge_is_started_then_it_is_judged_at_once(
    house: House,
) -> None:
    key = house.comes(message(at=START + 5 * DAY, ident=MessageId.new()), QUEUE)
    for _ in range(9):
        house.now[0] += HOUR
        assert house.look() == 0
    tries = house.tries(key)
    house.now[0] += SECOND
    assert house.look() == 0
    assert house.tries(key) == tries, "it waits"
    house.start()
    house.look()
    assert house.tries(key) == tries + 1


def test_given_a_sender_that_sends_again_meanwhile_when_judged_again_then_there_is_one_order(
    house: House, tmp_path: Path
) -> None:
    new = new_certificate()
    raw = message(RECONNECT, key=new)
    first = house.comes(raw)
    house.enter(new, tmp_path)
    second = house.comes(raw)
    assert house.message(second).state is ACCEPTED
    house.now[0] += MINUTE
    house.look()
    assert house.message(first).state is DUPLICATE
    assert len(house.orders()) == 1


def test_given_a_message_of_the_queue_that_is_four_days_old_then_it_is_not_too_old_because_we_were_away(
    house: House,
) -> None:
    old = START - 4 * DAY
    house.comes(message(RECONNECT, at=old), QUEUE)
    house.comes(message(DISCONNECT, at=old), QUEUE)
    assert {(order.kind, order.state) for order in house.orders()} == {
        (OrderKind.RECONNECT, OrderState.REGISTERED),
        (OrderKind.DISCONNECT, OrderState.PARKED),
    }, "nobody is cut off on the strength of an old request"
    key = house.comes(message(RECONNECT, at=old), WEBHOOK)
    assert house.message(key).code == ProblemCode.STALE_TIMESTAMP.value


def test_given_our_clock_is_slow_when_it_is_set_right_then_what_seemed_to_come_from_the_future_is_carried_out(
    house: House,
) -> None:
    key = house.comes(message(RECONNECT, at=START + 7 * MINUTE), QUEUE)
    assert house.message(key).code == ProblemCode.FUTURE_TIMESTAMP.value
    assert house.message(key).proven
    house.now[0] = START + 7 * MINUTE
    assert house.look() == 1
    assert house.message(key).state is ACCEPTED


def test_given_our_clock_is_days_ahead_when_it_is_set_right_then_what_seemed_stale_is_carried_out(house: House) -> None:
    house.now[0] = START + 5 * DAY
    key = house.comes(message(RECONNECT, at=START), WEBHOOK)
    assert house.message(key).code == ProblemCode.STALE_TIMESTAMP.value
    house.now[0] = START + MINUTE
    with house.bridge.database.transaction() as tx:
        tx.messages.still_refused([(key, house.now[0])])
    assert house.look() == 1
    assert house.message(key).state is ACCEPTED


def test_given_strangers_who_name_the_hub_then_a_bounded_number_is_judged_again_and_the_hubs_queue_comes_first(
    house: House, tmp_path: Path
) -> None:
    few = replace(INTAKE.judging_again, most_unproven=3)
    house.bridge.intake._policy = replace(INTAKE, judging_again=few)
    strangers = [house.comes(message(key=pki().stranger.signing)) for _ in range(5)]
    assert [house.message(key).again_at is not None for key in strangers] == [True, True, True, False, False]
    new = new_certificate()
    mine = house.comes(message(RECONNECT, key=new), QUEUE)
    assert house.message(mine).again_at is not None
    house.enter(new, tmp_path)
    house.now[0] += DAY
    with house.bridge.database.transaction() as tx:
        assert tx.messages.due_again(house.now[0], 1) == [mine]
    assert house.look() == 1
    assert all(house.message(key).state is REFUSED for key in strangers)


def test_given_a_message_that_stays_wrong_then_it_is_tried_for_days_and_then_left_to_people(house: House) -> None:
    key = house.comes(message(RECONNECT, key=new_certificate()), QUEUE)
    for _ in range(5):
        house.now[0] += 2 * DAY
        house.look()
    found = house.message(key)
    assert (found.state, found.again_at) == (REFUSED, None)


def test_given_unsigned_altered_and_foreign_messages_then_one_alert_counts_them_by_cause_and_door(
    house: House,
) -> None:
    good = message()
    for other in (b"CK0341", b"CK0342"):
        altered = re.sub(rb"CK034\d", other, good)
        assert altered != good
        house.comes(altered)
    house.comes(message(key=pki().stranger.signing), QUEUE)
    detail = house.alerts()[AlertKind.REFUSALS_OF_TRUST]
    hub = pki().hub.eic
    assert detail == (
        f"2 trust.bad-signature by webhook from a test naming {hub}, "
        f"1 trust.unknown-signer by queue from a test naming {hub}"
    )
    house.now[0] += 2 * DAY
    assert AlertKind.REFUSALS_OF_TRUST not in house.alerts()


def test_given_a_partner_that_may_not_send_it_when_it_may_later_then_its_refused_order_does_not_come_back_by_itself(
    house: House,
) -> None:
    supplier = pki().supplier
    settings, database = house.bridge.settings, house.bridge.database
    house.bridge._partners._look_again = 0

    def says(numbers: str) -> None:
        with database.transaction() as tx:
            said = PartnerEntry(supplier.eic, house.now[0], "Anna", may_send_as_the_hub=numbers)
            enter_partner(tx.partners, FilePartners.load(settings), said, [supplier.certificate_file])

    def order() -> bytes:
        root = parse(message())
        for place in ("PhysicalSenderId", "JuridicalSenderId"):
            for found in root.iter(f"{{*}}{place}"):
                found.text = supplier.eic
        return sign_enveloped(without_signature(root), supplier.signing)

    says("")
    nothing = house.comes(order())
    says("8.2.1.6")
    another = house.comes(order())
    found = [house.message(key) for key in (nothing, another)]
    assert [(one.code, one.again_at) for one in found] == [("trust.number-not-allowed", None)] * 2
    says("8.1.1.5")
    house.now[0] += DAY
    assert house.look() == 0
    assert house.orders() == []


def test_given_a_refusal_that_is_judged_again_then_retention_leaves_it(house: House) -> None:
    key = house.comes(message(key=new_certificate()), QUEUE)
    other = house.comes(b"<a/>")
    house.comes(b"<b/>")
    rules = RetentionRules(refused=DAY)
    with house.bridge.database.transaction() as tx:
        due = RetentionBook(tx.connection, rules, START + 30 * DAY).due(Kept.MESSAGES, 10)
    assert other in due
    assert key not in due


# --- what people see and do


def run(database: Database, *words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["messages", *map(str, words), "--database", database.url])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result.output


def test_given_refused_messages_when_listed_then_they_are_found_by_what_they_are_and_claim(house: House) -> None:
    database = house.bridge.database
    good = house.comes(message(RECONNECT))
    forged = house.comes(message(key=pki().stranger.signing), QUEUE)

    def found(*words: object) -> list[int]:
        return [one["key"] for one in json.loads(run(database, "list", "--json", *words))["messages"]]

    assert found() == [forged, good]
    assert found("--state", "refused") == [forged]
    assert found("--code", "trust") == found("--code", "trust.unknown-signer") == [forged]
    assert found("--code", "schema") == []
    assert found("--channel", "queue") == [forged]
    assert found("--number", "8.2.1.6") == [good]
    assert found("--sender", pki().hub.eic) == [forged, good]
    assert found("--point", house.message(good).metering_point) == [good]
    assert found("--message", str(house.message(forged).message_id).upper()) == [forged]
    assert found("--since", "2026-11-23 10:00+01:00") == [forged, good]
    assert found("--until", "2026-11-23 09:59+01:00") == []
    assert found("--again") == [forged]
    assert found("--limit", 1) == [forged]
    told = run(database, "list")
    assert f"{pki().hub.eic} ?" in told, "nothing proves the sender"
    shown = run(database, "show", good)
    assert "order 1" in shown
    assert "accepted" in shown
    assert "there is no message 99" in str(CliRunner().invoke(
        app, ["messages", "show", "99", "--database", database.url]).exception)  # fmt: skip


def test_given_a_refused_message_when_a_person_has_it_judged_again_then_the_bridge_does_so_and_keeps_the_name(
    house: House, tmp_path: Path
) -> None:
    database, new = house.bridge.database, new_certificate()
    key = house.comes(message(RECONNECT, key=new))
    house.enter(new, tmp_path)
    assert f"message {key} would be judged again" in run(database, "judge-again", "--code", "trust", "--dry-run")
    assert house.message(key).state is REFUSED
    by = ("--by", "Anna Nowak", "--why", "the certificate was entered")
    assert f"message {key} is judged again" in run(database, "judge-again", key, *by)
    house.now[0] = datetime.now(UTC)
    house.work()
    assert house.message(key).state is ACCEPTED
    assert "Anna Nowak" in run(database, "show", key)
    assert "is not refused" in str(CliRunner().invoke(
        app, ["messages", "judge-again", str(key), *by, "--database", database.url]).exception)  # fmt: skip


def test_given_a_message_that_is_still_wrong_when_a_person_has_it_judged_again_then_it_is_refused_again(
    house: House,
) -> None:
    key = house.comes(message(key=pki().stranger.signing))
    by = ("--by", "Anna", "--why", "to see")
    run(house.bridge.database, "judge-again", key, *by)
    house.now[0] = datetime.now(UTC)
    house.work()
    assert (house.message(key).state, house.message(key).code) == (REFUSED, "trust.unknown-signer")
    assert house.orders() == []
