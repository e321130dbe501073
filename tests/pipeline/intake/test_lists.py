"""A message that asks for several things becomes as many orders, each by the same rules as an order of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from csire_bridge.config.resources import folder
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import Order
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.lab.demo.stage import Stage, stage
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.queries.reports import message_lines, order_lines
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped
from tests.support.bridge import Play

pytestmark = pytest.mark.slow

STARTED = datetime.now(UTC)
OURS = "urn:example:disconnections:v1"
POINTS = [
    MeteringPointCode(f"5902438562878{n:04d}" + MeteringPointCode.check_digit(f"5902438562878{n:04d}"))
    for n in range(4)
]
METERS = [MeterNumber(f"LIST{n}") for n in range(4)]
XSD = f"""\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{OURS}" xmlns:t="urn:pl:oire:technical:v1"
  targetNamespace="{OURS}" elementFormDefault="qualified">
<xs:import namespace="urn:pl:oire:technical:v1" schemaLocation="technical.xsd"/>
<xs:element name="Disconnections"><xs:complexType><xs:sequence>
<xs:element name="Header" type="t:Header"/><xs:element name="ProcessEnergyContext" type="t:ProcessEnergyContext"/>
<xs:element name="Payload"><xs:complexType><xs:sequence>
<xs:element name="Day" type="xs:date" minOccurs="0"/>
<xs:element name="Item" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
<xs:element name="Process" type="xs:string"/>
<xs:element name="Point" type="xs:string" minOccurs="0"/><xs:element name="Meter" type="xs:string" minOccurs="0"/>
<xs:element name="Why"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="DEBT"/>
<xs:enumeration value="SHUT"/></xs:restriction></xs:simpleType></xs:element>
</xs:sequence></xs:complexType></xs:element>
</xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>"""
ITEM = "m:Payload/m:Item"
FILE = f"""\
message: 8.1.1.5
name: {{en: Disconnect several, pl: Wyłącz kilka}}
direction: inbound
namespace: {OURS}
root: Disconnections
type: 8.1_1
becomes: order
each: {ITEM}
partly: PARTLY
set: {{kind: disconnect}}
fields:
  process_instance: {{path: {ITEM}/m:Process, as: process-instance, required: true}}
  metering_point: {{path: {ITEM}/m:Point}}
  meter_number: {{path: {ITEM}/m:Meter, required: METER_NEEDED}}
  requested_date: {{path: m:Payload/m:Day}}
  disconnection_kind: {{path: {ITEM}/m:Why, table: {{DEBT: debt, SHUT: shut-down}}, required: true}}
rules:
  - {{when: "{ITEM}/m:Why = 'SHUT' and m:Payload/m:Day", refuse: a shut-down has no day, remedy: leave out the day}}
answers: {{done: 8.1.1.11, cannot: 8.1.1.7}}
"""


@dataclass(frozen=True)
class Item:
    point: str | None
    process: str = field(default_factory=ProcessInstanceId.new)
    meter: str = "-"
    why: str = "DEBT"

    def __str__(self) -> str:
        point = f"<Point>{self.point}</Point>" if self.point else ""
        return f"<Item><Process>{self.process}</Process>{point}<Meter>{self.meter}</Meter><Why>{self.why}</Why></Item>"


@dataclass(frozen=True)
class Place:
    """A bridge with four households, and the hub's key."""

    scene: Stage

    def send(self, items: Sequence[Item], message_id: str | None = None, day: str = "") -> None:
        text = (folder("samples") / "good" / "8.1.1.5-minimal.xml").read_text("utf-8")
        head = text[text.index("<Header>") : text.index("<Payload>")]
        body = "".join(map(str, items))
        xml = (
            f'<Disconnections xmlns="{OURS}" xmlns:t="urn:pl:oire:technical:v1">{head}<Payload>{day}{body}</Payload>'
            "</Disconnections>"
        )
        root = parse(xml.encode())
        new = {
            "MessageId": message_id or MessageId.new(),
            "MessageTimestamp": STARTED.isoformat(timespec="milliseconds"),
        }
        for name, value in new.items():
            for element in root.iter(f"{{*}}{name}"):
                element.text = value
        raw = sign_enveloped(root, self.scene.pki.hub.signing)
        self.scene.bridge.take_in(Channel.REPLAY, [Arrival("test", raw)])

    def orders(self) -> list[Order]:
        with self.scene.bridge.database.transaction() as tx:
            return list(tx.orders.get_many([line.key for line in order_lines(tx.connection)]).values())

    def last(self) -> tuple[MessageState, str | None]:
        with self.scene.bridge.database.reading() as connection:
            line = message_lines(connection)[-1]
        return line.state, line.code

    def told(self) -> str:
        """The receipt of the newest message."""
        with self.scene.bridge.database.transaction() as tx:
            key = message_lines(tx.connection)[-1].key
            return (tx.messages.ends([key])[key].receipt or b"").decode()


def place_of(folder_: Path, *, partly: bool, by_meter: bool = False) -> Iterator[Place]:
    (folder_ / "schemas").mkdir(parents=True)
    (folder_ / "mappings").mkdir()
    (folder_ / "schemas" / "list.xsd").write_text(XSD, "utf-8")
    text = FILE.replace("PARTLY", str(partly).lower()).replace("METER_NEEDED", str(by_meter).lower())
    if not by_meter:
        text = text.replace("m:Point}", "m:Point, required: true}")
    (folder_ / "mappings" / "list.yaml").write_text(text, "utf-8")
    settings = load_settings(
        environment=False,
        schemas=[folder_ / "schemas"],
        mappings=[folder_ / "mappings"],
        head_end={"poll_seconds": 0.05},
        execution={"meter_pause_seconds": 0, "again_seconds": 0.05, "recheck_seconds": 0.2},
    )
    points = [
        MeteringPoint(
            code=point,
            updated_at=system_clock(),
            meter=meter,
            has_contactor=True,
            protection=NOT_PROTECTED,
            connected=True,
        )
        for point, meter in zip(POINTS, METERS, strict=True)
    ]
    with stage(folder_, system_clock, points=points, delay=(0.0, 0.02), settings=settings) as scene:
        yield Place(scene)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    yield from place_of(tmp_path, partly=False)


@pytest.fixture
def generous(tmp_path: Path) -> Iterator[Place]:
    yield from place_of(tmp_path, partly=True)


def test_given_a_list_of_three_when_taken_then_each_is_carried_out_once_and_answered_by_itself(place: Place) -> None:
    items = [Item(point) for point in POINTS[:3]]
    same = MessageId.new()
    place.send(items, same)
    place.send(items, same)
    assert place.last()[0] is MessageState.DUPLICATE
    assert [(order.metering_point, order.source_item) for order in place.orders()] == [
        (point, place) for place, point in enumerate(POINTS[:3], 1)
    ]
    play = Play(place.scene)
    play.work_until(lambda: play.answers() == ["8.1.1.11"] * 3)
    assert {order.process_instance for order in place.orders()} == {item.process for item in items}
    place.send(items[:1])
    assert place.last() == (MessageState.REFUSED, "rule.process-answered"), "a process is carried out once"
    assert [place.scene.head_end.meter(meter).switches for meter in METERS] == [1, 1, 1, 0]


def test_given_one_bad_item_when_all_are_wanted_then_the_message_is_refused_and_nothing_is_ordered(
    place: Place,
) -> None:
    place.send([Item(POINTS[0]), Item(POINTS[1][:17] + str((int(POINTS[1][17]) + 1) % 10))])
    assert place.last() == (MessageState.REFUSED, "rule.point-check-digit")
    assert "item 2: " in place.told()
    twice = Item(POINTS[0])
    place.send([twice, Item(POINTS[1], twice.process)])
    assert place.last() == (MessageState.REFUSED, "rule.process-reused")
    assert "item 2: it has the process instance of item 1" in place.told()
    place.send([])
    assert place.last() == (MessageState.REFUSED, "rule.condition")
    place.send([Item(POINTS[0]), Item(POINTS[1], why="SHUT")], day=f"<Day>{datetime.now(UTC).date()}</Day>")
    assert place.last() == (MessageState.REFUSED, "rule.condition")
    assert "item 2: a shut-down has no day" in place.told()
    place.send([Item(POINTS[0])], day="<Day>2198-01-01</Day>")
    assert place.last() == (MessageState.REFUSED, "rule.date-horizon")
    assert place.orders() == []


def test_given_bad_items_when_the_good_ones_are_wanted_then_these_are_taken_and_the_receipt_tells_of_the_others(
    generous: Place,
) -> None:
    first = Item(POINTS[0])
    generous.send([first, Item("1" * 18)])
    assert generous.last()[0] is MessageState.ACCEPTED
    assert "item 2: metering point" in generous.told()
    generous.send([Item(POINTS[1], first.process), Item(POINTS[2])])
    assert generous.last()[0] is MessageState.ACCEPTED
    assert f"item 1: process {first.process} has asked for something else before" in generous.told()
    assert [order.metering_point for order in generous.orders()] == [POINTS[0], POINTS[2]]
    generous.send([Item("1" * 18)])
    assert generous.last() == (MessageState.REFUSED, "rule.point-check-digit"), "none of them is good"
    assert len(generous.orders()) == 2


def test_given_items_that_name_their_meter_only_when_taken_then_the_registry_tells_the_point(tmp_path: Path) -> None:
    for place in place_of(tmp_path, partly=False, by_meter=True):
        place.send([Item(None, meter=METERS[0].lower()), Item(None, meter=METERS[3])])
        assert [order.metering_point for order in place.orders()] == [POINTS[0], POINTS[3]]
        place.send([Item(None, meter="NOBODY-HAS-IT")])
        assert place.last() == (MessageState.REFUSED, "rule.unknown-point")
        assert "the meter NOBODY-HAS-IT is known at no point" in place.told()
        place.send([Item(POINTS[1], meter=METERS[0])])
        assert place.last() == (MessageState.REFUSED, "rule.meter-mismatch")
