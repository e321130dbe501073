"""Whatever SID hands out ends in an answer, and what waits behind it is fetched all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from csire_bridge.channels.sid.client import FetchedOrder, PickUp, SidClient
from csire_bridge.channels.sid.contract import SID, SOAP11, Operation, element
from csire_bridge.channels.sid.order_fetcher import OrderFetcher, Orders
from csire_bridge.channels.sid.profile import SidProfile, SidSecurity
from csire_bridge.channels.sid.response_writer import SidResponseWriter
from csire_bridge.channels.sid.soap_client import EnvelopeSecurity
from csire_bridge.channels.transport.outbound.http_exchange import HttpAnswer
from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import OurFault, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.identifiers import MeteringPointCode, MeterNumber
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.message.sid import SidNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.intake.point_finder import PointFinder
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.pipeline.intake.request_reply import Reply, RequestReply
from csire_bridge.pipeline.intake.sid_handler import SidIntake
from csire_bridge.pipeline.orders.merge_sources import accept_sid_order
from csire_bridge.store.database import Database
from csire_bridge.store.queries.reports import MessageLine, message_lines, order_lines
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from tests.support.defaults import LIMITS as DEFAULT_LIMITS
from tests.support.defaults import ORDERS

pytestmark = pytest.mark.every_database

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POINT = MeteringPointCode("590243856287817706")
GOOD: dict[str, Any] = {
    "Number": "good",
    "Kind": "disconnect",
    "MeteringPointCode": POINT,
    "RegisteredAt": "2026-11-23T09:55:00+01:00",
    "RequestedDate": None,
    "DisconnectionKind": "debt",
    "ReconnectionReason": None,
    "Supplier": None,
    "Text": None,
    "MeterNumber": None,
    "EffectiveDate": None,
    "TariffGroup": None,
    "ContractedPower": None,
    "Prepaid": None,
    "EndReason": None,
    "ProcessInstanceId": None,
}
AGREEMENT = {"Kind": "agreement-start", "DisconnectionKind": None}
CHANGE = {"Kind": "parametrisation", "DisconnectionKind": None, "EffectiveDate": "2026-12-01"}
NASTY: list[dict[str, Any]] = [
    {"RegisteredAt": "0001-01-01T00:00:00+01:00"},
    {"RegisteredAt": "0001-01-01T00:00:00Z"},
    {"RegisteredAt": "9999-12-31T23:59:59-01:00"},
    {"RegisteredAt": "9999-12-31T23:59:59Z"},
    {"RegisteredAt": "2026-11-23T24:00:00+14:00"},
    {"RegisteredAt": "2026-11-23T08:00:00." + "9" * 300 + "Z"},
    {"RequestedDate": "0001-01-01"},
    {"RequestedDate": "1900-01-01"},
    {"RequestedDate": "9999-12-31"},
    {"EffectiveDate": "0001-01-01", **AGREEMENT},
    {"EffectiveDate": "1900-01-01", **AGREEMENT},
    {"EffectiveDate": "9999-12-31", **AGREEMENT},
    {"EffectiveDate": "0001-01-01"},
    {"EffectiveDate": "0001-01-01", "Kind": "agreement-end", "DisconnectionKind": None},
    {"Text": "x" * 250},
    {"Text": "\U0001f4a1" * 250},
    {"Text": "x" * 251},
    {"Text": "\ufffd\u202e\u2028"},
    {"TariffGroup": "G" * 10, **CHANGE},
    {"TariffGroup": "\U0001f4a1" * 10, **CHANGE},
    {"TariffGroup": "G" * 11, **CHANGE},
    {"ContractedPower": "9999999.9999", **CHANGE},
    {"ContractedPower": "99999999999", **CHANGE},
    {"ContractedPower": "0.00001", **CHANGE},
    {"ContractedPower": "-1", **CHANGE},
    {"ContractedPower": "0" * 5000 + "1", **CHANGE},
    {"ContractedPower": "NaN", **CHANGE},
    {"EndReason": "x" * 17},
    {"MeterNumber": "9" * 21},
    {"Supplier": "1" * 16},
    {"ProcessInstanceId": "x" * 36},
    {"MeteringPointCode": "٥" * 18},
    {"Kind": "explode"},
    {"Prepaid": "maybe"},
]


class Sid:
    """Hands its orders out, the oldest first, until they are confirmed."""

    def __init__(self, orders: Sequence[dict[str, Any]], refuses: frozenset[str] = frozenset()) -> None:
        self.waiting = {o["Number"]: etree.tostring(element("Order", o)) for o in orders}
        self.nameless: list[bytes] = []
        self.refuses = refuses
        self.confirmed: dict[str, PickUp] = {}

    def fetch(self, most: int) -> list[FetchedOrder]:
        named = [FetchedOrder(SidNumber(number), raw) for number, raw in self.waiting.items()]
        return [*(FetchedOrder(None, raw) for raw in self.nameless), *named][:most]

    def confirm(self, pick_ups: Sequence[PickUp]) -> None:
        if refused := self.refuses & {p.number for p in pick_ups}:
            raise PartnerRefused("invalid", f"these are not known: {refused}")
        for pick_up in pick_ups:
            self.confirmed[pick_up.number] = pick_up
            self.waiting.pop(pick_up.number, None)


@contextmanager
def fetching(database: Database, sid: Orders, most: int = 2) -> Iterator[OrderFetcher]:
    writer = SidResponseWriter(SchemaCatalogue([folder("schemas")]), DEFAULT_LIMITS, 100_000)
    intake = SidIntake(database, writer, PointFinder(database, None, lambda: NOW), lambda: NOW, ORDERS)
    lease = timedelta(minutes=1)
    reception = RequestReply(database, intake, lambda: NOW, lease, Channel.SID, WorkStep.SID_INTAKE)

    def take(orders: Sequence[tuple[str, bytes]]) -> list[Reply]:
        return reception.answer([Arrival(origin, raw) for origin, raw in orders])

    with database.transaction() as tx:
        tx.points.put(
            MeteringPoint(
                code=POINT,
                updated_at=NOW,
                meter=MeterNumber("PROBE0000001"),
                has_contactor=True,
                protection=NOT_PROTECTED,
            )
        )
    yield OrderFetcher(sid, take, most=most)


def journal(database: Database) -> list[MessageLine]:
    with database.reading() as connection:
        return message_lines(connection)


def parked(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM work WHERE parked").scalar_one())


@pytest.mark.parametrize("first", range(0, len(NASTY), 17))
def test_given_nasty_orders_with_a_good_one_behind_each_when_fetched_then_all_are_answered_and_the_good_ones_taken(
    database: Database, first: int
) -> None:
    orders: list[dict[str, Any]] = []
    for index, nasty in enumerate(NASTY[first : first + 17]):
        orders.append({**GOOD, **nasty, "Number": f"nasty/{index}"})
        orders.append({**GOOD, "Number": f"good/{index}"})
    sid = Sid(orders)
    with fetching(database, sid) as fetcher:
        assert fetcher.drain() == len(orders)
        assert fetcher.drain() == 0
    assert sid.waiting == {}
    assert all(p.taken for number, p in sid.confirmed.items() if number.startswith("good/"))
    assert all(p.taken or p.text for p in sid.confirmed.values())
    assert len(journal(database)) == len(orders)
    assert parked(database) == 0


@pytest.mark.parametrize("error", [OverflowError("date value out of range"), OurFault("the database refuses a row")])
def test_given_the_bridge_itself_fails_at_one_order_when_fetched_then_sid_is_told_no_and_the_next_ones_are_taken(
    database: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    real = accept_sid_order

    def fails(tx: Any, request: Any, *rest: Any) -> Any:
        taken = real(tx, request, *rest)
        if request.number == "bad":
            raise error
        return taken

    monkeypatch.setattr("csire_bridge.pipeline.intake.sid_handler.accept_sid_order", fails)
    sid = Sid([{**GOOD, "Number": number} for number in ("a", "bad", "b", "c")])
    with fetching(database, sid, most=4) as fetcher:
        assert fetcher.drain() == 4
    assert {number: p.taken for number, p in sid.confirmed.items()} == {"a": True, "bad": False, "b": True, "c": True}
    assert "bridge.failed" in (sid.confirmed["bad"].text or "")
    assert [line.code for line in journal(database) if line.state is MessageState.REFUSED] == ["bridge.failed"]
    with database.reading() as connection:
        assert len(list(order_lines(connection))) == 1, "three joined one order, and nothing of the bad one is kept"
    assert parked(database) == 0


class Broken:
    """SID over HTTP, whose orders are bytes: one of them may break the whole answer."""

    def __init__(self, orders: Mapping[str, bytes], around: bytes = b"%s", *, passes_over: bool = True) -> None:
        self.waiting, self.asked = dict(orders), 0
        self._passes_over = passes_over
        self.confirmed: dict[str, bool] = {}
        self._around = around

    def write(self, operation: Operation, **values: Any) -> bytes:
        self._values = values
        return b""

    def ask(self, operation: Operation, body: bytes) -> HttpAnswer:
        if operation is Operation.CONFIRM:
            for told in self._values["PickUp"]:
                self.confirmed[told["Number"]] = told["Taken"]
                self.waiting.pop(told["Number"])
            return self._answer(b"<c:ConfirmPickUpResponse/>")
        self.asked += 1
        passed_over = self._values.get("PassOver", 0)
        if passed_over and not self._passes_over:
            raise PartnerRefused("invalid", "PassOver is not known here")
        orders = list(self.waiting.values())[passed_over:][: self._values["MostOrders"]]
        return self._answer(b"<c:FetchOrdersResponse>%s</c:FetchOrdersResponse>" % b"".join(orders))

    def _answer(self, body: bytes) -> HttpAnswer:
        envelope = b'<s:Envelope xmlns:s="%s" xmlns:c="%s"><s:Body>%s</s:Body></s:Envelope>'
        return HttpAnswer(200, {}, self._around % (envelope % (SOAP11.encode(), SID[1:-1].encode(), body)))

    def client(self, max_bytes: int = 100_000, wsse: EnvelopeSecurity | None = None) -> SidClient:
        security = SidSecurity.WSS if wsse else SidSecurity.BASIC
        profile = SidProfile(url="http://127.0.0.1:1", max_bytes=max_bytes, security=security)
        client = SidClient(profile, SchemaCatalogue([folder("schemas")]), wsse)
        client._caller = self  # type: ignore[assignment]
        return client


def raw_order(number: str, inside: bytes = b"") -> bytes:
    """A good order, or one with something in it; each declares its namespaces itself."""
    raw = etree.tostring(element("Order", {**GOOD, "Number": number}))
    end = raw.rindex(b"</")
    return raw[:end] + inside + raw[end:]


BREAKING = {
    "an instruction": b"<?php die() ?>",
    "a character that XML does not have": b"\x01",
    "an entity that nobody knows": b"<x>&nbsp;</x>",
    "not UTF-8": b"<x>\xa3\xf3d\xbc</x>",
    "a tag without an end": b"<x>",
    "a hundred levels": b"<x>" * 100 + b"</x>" * 100,
    "elements without end": b"<x/>" * 5000,
    "what is too large": b"<x>" + b"x" * 100_000 + b"</x>",
}


@pytest.mark.parametrize("what", BREAKING)
def test_given_an_order_that_breaks_the_whole_answer_when_fetched_then_it_is_refused_and_those_around_it_are_taken(
    database: Database, what: str
) -> None:
    names = ["a", "b", "bad", "c", "d"]
    sid = Broken({n: raw_order(n, BREAKING[what] if n == "bad" else b"") for n in names})
    with fetching(database, sid.client(), most=50) as fetcher:
        assert fetcher.drain() == len(names)
        assert fetcher.drain() == 0
    assert sid.confirmed == {name: name != "bad" for name in names}
    refused = [line for line in journal(database) if line.state is MessageState.REFUSED]
    assert len(refused) == 1, "its bytes are kept, once"
    assert sid.asked < 30


class Signing:
    """Every answer that can be read is signed by SID."""

    def apply(self, envelope: etree._Element, headers: dict[str, str]) -> tuple[etree._Element, dict[str, str]]:
        return envelope, headers

    def verify(self, envelope: etree._Element) -> object:
        return None


@pytest.mark.parametrize("what", BREAKING)
def test_given_sid_signs_its_answers_when_one_order_breaks_them_then_it_is_kept_and_told_and_the_others_are_taken(
    database: Database, what: str
) -> None:
    names = ["bad", "a", "b", "worse", "c"]
    sid = Broken({n: raw_order(n, BREAKING[what] if n in ("bad", "worse") else b"") for n in names})
    with fetching(database, sid.client(wsse=Signing()), most=4) as fetcher:
        for _ in range(2):
            with pytest.raises(PartnerRefused, match="passed over"):
                fetcher.drain()
    assert sid.confirmed == dict.fromkeys("abc", True), "nothing is confirmed on an unproven word"
    assert list(sid.waiting) == ["bad", "worse"]
    refused = [line for line in journal(database) if line.state is MessageState.REFUSED]
    assert len(refused) == 2, "the bytes of both are kept, once"


def test_given_a_sid_that_leaves_nothing_out_when_an_order_breaks_its_signed_answers_then_it_is_said_why_all_wait(
    database: Database,
) -> None:
    orders = {"bad": raw_order("bad", b"\x01"), "good": raw_order("good")}
    sid = Broken(orders, passes_over=False)
    with fetching(database, sid.client(wsse=Signing())) as fetcher, pytest.raises(PartnerUnreachable) as told:
        fetcher.drain()
    assert "does not leave it out (PassOver)" in str(told.value)
    assert sid.confirmed == {}


@pytest.mark.parametrize("around", [b"<!DOCTYPE a>%s", b"<!-- %s", b"\xff%s"])
def test_given_an_answer_that_is_broken_around_the_orders_when_fetched_then_no_order_is_refused_for_it(
    database: Database, around: bytes
) -> None:
    sid = Broken({"good": raw_order("good")}, around)
    with fetching(database, sid.client(), most=50) as fetcher, pytest.raises(PartnerUnreachable):
        fetcher.drain()
    assert sid.confirmed == {}
    assert journal(database) == []


def test_given_more_orders_without_a_number_than_are_fetched_at_once_then_those_behind_them_are_taken(
    database: Database,
) -> None:
    sid = Sid([{**GOOD, "Number": "good"}])
    sid.nameless = [f"<Order>{index}</Order>".encode() for index in range(5)]
    with fetching(database, sid) as fetcher:
        for _ in range(2):  # told for as long as SID hands them out
            with pytest.raises(PartnerRefused, match="5 of SID's new orders have no number"):
                fetcher.drain()
            assert list(sid.confirmed) == ["good"]
    assert len(journal(database)) == 6, "each is kept once"


def test_given_confirmations_that_sid_refuses_then_those_behind_are_taken_the_fault_is_told_and_no_row_is_added(
    database: Database,
) -> None:
    sid = Sid([{**GOOD, "Number": number} for number in "abcdef"], refuses=frozenset("abc"))
    with fetching(database, sid) as fetcher:
        for _ in range(3):
            with pytest.raises(PartnerRefused, match="not known"):
                fetcher.drain()
            assert set(sid.confirmed) == set("def")
        assert len(journal(database)) == 6
        sid.refuses = frozenset()
        assert fetcher.drain() == 3
    assert sid.waiting == {}
