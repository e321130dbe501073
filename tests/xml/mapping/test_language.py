"""What an XSD can say, a mapping file reads and writes: one row for each, with its own element, file and sample."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ProblemCode, RuleBroken
from csire_bridge.domain.identifiers import (
    Eic,
    MessageId,
    MessageNumber,
    MeteringPointCode,
    MeterNumber,
    ProcessInstanceId,
)
from csire_bridge.domain.message.answers import Answer, AnswerKind
from csire_bridge.domain.message.message import OrderRequest
from csire_bridge.domain.order.kept import Kept
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, Outcome
from csire_bridge.xml.mapping.book import MappingBook
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.security.signature import parse_back
from tests.xml.mapping.test_mapping_files import header

PROCESS, POINT = "40f29226-57d2-43d4-8ed1-b2b2a1e308b9", "590243856287817706"
OURS, OTHER = "urn:rows", "urn:other"


@dataclass(frozen=True)
class Read:
    """A row of reading: what the schema has, what the file says, what a message has, and what comes of it."""

    schema: str
    fields: str
    message: str
    due: Mapping[str, object] | ProblemCode
    more: str = ""
    beside: str = field(default="", kw_only=True)  # attributes of the payload in the schema


@dataclass(frozen=True)
class Write:
    """A row of writing: what the schema has, what the file says, what the answer tells, and what is written."""

    schema: str
    payload: str
    told: Mapping[str, Any]
    due: str
    prefixes: str = ""


def element(name: str, kind: str = "xs:string", more: str = 'minOccurs="0"') -> str:
    return f'<xs:element name="{name}" type="{kind}" {more}/>'


def block(name: str, content: str, more: str = 'minOccurs="0"') -> str:
    return f'<xs:element name="{name}" {more}><xs:complexType>{content}</xs:complexType></xs:element>'


def valued(name: str, kind: str, attributes: str, more: str = 'minOccurs="0"') -> str:
    inside = f'<xs:simpleContent><xs:extension base="{kind}">{attributes}</xs:extension></xs:simpleContent>'
    return block(name, inside, more)


def sequence(*elements: str) -> str:
    return f"<xs:sequence>{''.join(elements)}</xs:sequence>"


DATE = "requested_date: {path: m:P/m:Day}"
READS = {
    "an element of another namespace, by a prefix of the file": Read(
        '<xs:element ref="o:Day"/>', "requested_date: {path: m:P/o:Day}", "<o:Day>2026-11-23</o:Day>", {"d": 1}
    ),
    "elements of two more namespaces, and one without a namespace": Read(
        '<xs:element ref="o:Day"/><xs:element name="Note" type="xs:string" form="unqualified"/>',
        "requested_date: {path: m:P/o:Day}\n  description: {path: m:P/Note}",
        '<o:Day>2026-11-23</o:Day><Note xmlns="">so</Note>',
        {"d": 1, "description": "so"},
    ),
    "an attribute": Read(
        block("Ask", '<xs:attribute name="day" type="xs:date"/>'),
        "requested_date: {path: m:P/m:Ask/@day}",
        '<Ask day="2026-11-23"/>',
        {"d": 1},
    ),
    "an attribute of another namespace": Read(
        block("Ask", '<xs:attribute ref="o:day"/>'),
        "requested_date: {path: m:P/m:Ask/@o:day}",
        '<Ask o:day="2026-11-23"/>',
        {"d": 1},
    ),
    "a text beside its attribute": Read(
        valued("Day", "xs:date", '<xs:attribute name="by" type="xs:string"/>'),
        f"{DATE}\n  description: {{path: m:P/m:Day/@by}}",
        '<Day by="the bank">2026-11-23</Day>',
        {"d": 1, "description": "the bank"},
    ),
    "the first branch of a choice": Read(
        f"<xs:choice>{element('Day', 'xs:date', '')}{element('At', 'xs:dateTime', '')}</xs:choice>",
        "requested_date: {path: [m:P/m:Day, m:P/m:At]}",
        "<Day>2026-11-23</Day>",
        {"d": 1},
    ),
    "the second branch of a choice": Read(
        f"<xs:choice>{element('Day', 'xs:date', '')}{element('At', 'xs:dateTime', '')}</xs:choice>",
        "requested_date: {path: [m:P/m:Day, m:P/m:At]}",
        "<At>2026-11-22T23:30:00Z</At>",
        {"d": 1},
    ),
    "nil says that there is no value": Read(
        element("Day", "xs:date", 'nillable="true"'), DATE, '<Day xsi:nil="true"/>', {"requested_date": None}
    ),
    "a nillable element that has a value": Read(
        element("Day", "xs:date", 'nillable="true"'), DATE, "<Day>2026-11-23</Day>", {"d": 1}
    ),
    "nil where a value is needed": Read(
        element("Day", "xs:date", 'nillable="true"'),
        "requested_date: {path: m:P/m:Day, required: true}",
        '<Day xsi:nil="1"/>',
        ProblemCode.MISSING,
    ),
    "a condition about nil": Read(
        element("Day", "xs:date", 'nillable="true"'),
        DATE,
        '<Day xsi:nil="true"/>',
        ProblemCode.CONDITION,
        "rules:\n  - {when: m:P/m:Day/@xsi:nil = 'true', refuse: it has no day, remedy: send one}",
    ),
    "the default of an attribute that is not there": Read(
        block("Ask", '<xs:attribute name="day" type="xs:date" default="2026-11-23"/>'),
        "requested_date: {path: m:P/m:Ask/@day}",
        "<Ask/>",
        {"d": 1},
    ),
    "the default of an attribute of a block that is not there is none": Read(
        block("Ask", '<xs:attribute name="day" type="xs:date" default="2026-11-23"/>'),
        "requested_date: {path: m:P/m:Ask/@day}",
        "",
        {"requested_date": None},
    ),
    "the default of an empty element": Read(
        element("Day", "xs:date", 'minOccurs="0" default="2026-11-23"'), DATE, "<Day/>", {"d": 1}
    ),
    "an element with a default that is not there": Read(
        element("Day", "xs:date", 'minOccurs="0" default="2026-11-23"'), DATE, "", {"requested_date": None}
    ),
    "a fixed value": Read(
        block("Ask", '<xs:attribute name="unit" type="xs:string" fixed="kW"/>'),
        "description: {path: m:P/m:Ask/@unit}",
        "<Ask/>",
        {"description": "kW"},
    ),
    "a condition sees a default": Read(
        block("Ask", '<xs:attribute name="kind" type="xs:string" default="test"/>'),
        "description: {path: m:P/m:Ask/@kind}",
        "<Ask/>",
        ProblemCode.CONDITION,
        "rules:\n  - {when: m:P/m:Ask/@kind = 'test', refuse: a test, remedy: send no tests}",
    ),
    "typed by the schema: a date, a number and yes or no need no `as`": Read(
        element("Day", "xs:date") + element("Power", "xs:decimal") + element("Prepaid", "xs:boolean"),
        f"{DATE}\n  contracted_power: {{path: m:P/m:Power}}\n  prepaid: {{path: m:P/m:Prepaid}}",
        "<Day>2026-11-23</Day><Power>12.5</Power><Prepaid>1</Prepaid>",
        {"d": 1, "contracted_power": Decimal("12.5"), "prepaid": True},
    ),
    "a union of types": Read(
        '<xs:element name="Day"><xs:simpleType><xs:union memberTypes="xs:date xs:dateTime"/></xs:simpleType>'
        "</xs:element>",
        DATE,
        "<Day>2026-11-22T23:00:00Z</Day>",
        {"d": 1},
    ),
    "texts put together": Read(
        element("Street") + element("House"),
        "description: {value: \"concat(m:P/m:Street, ' ', m:P/m:House)\"}",
        "<Street>Długa</Street><House>3</House>",
        {"description": "Długa 3"},
    ),
    "a date put together": Read(
        element("Year") + element("Month") + element("DayOf"),
        "requested_date: {value: \"concat(m:P/m:Year, '-', m:P/m:Month, '-', m:P/m:DayOf)\"}",
        "<Year>2026</Year><Month>11</Month><DayOf>23</DayOf>",
        {"d": 1},
    ),
    "a part of a text": Read(
        element("Ref"),
        "tariff_group: {value: \"substring-after(m:P/m:Ref, '/')\"}",
        "<Ref>2026/G11</Ref>",
        {"tariff_group": "G11"},
    ),
    "watts to kilowatts": Read(
        element("Watt", "xs:integer"),
        "contracted_power: {value: m:P/m:Watt div 1000}",
        "<Watt>12500</Watt>",
        {"contracted_power": Decimal("12.5")},
    ),
    "arithmetic is decimal": Read(
        element("A", "xs:decimal") + element("B", "xs:decimal"),
        "contracted_power: {value: (m:P/m:A + m:P/m:B) * 3 - 0.1}",
        "<A>0.1</A><B>0.2</B>",
        {"contracted_power": Decimal("0.8")},
    ),
    "arithmetic with a part that is not there": Read(
        element("A", "xs:decimal") + element("B", "xs:decimal"),
        "contracted_power: {value: m:P/m:A + m:P/m:B}",
        "<A>0.1</A>",
        {"contracted_power": None},
    ),
    "a division by zero": Read(
        element("A", "xs:decimal") + element("B", "xs:decimal"),
        "contracted_power: {value: m:P/m:A div m:P/m:B}",
        "<A>1</A><B>0</B>",
        ProblemCode.VALUE,
    ),
    "a sum": Read(
        element("Phase", "xs:decimal", 'maxOccurs="3"'),
        "contracted_power: {value: sum(m:P/m:Phase)}",
        "<Phase>0.1</Phase><Phase>0.2</Phase><Phase>4</Phase>",
        {"contracted_power": Decimal("4.3")},
    ),
    "yes or no from a code": Read(
        element("Kind"), "prepaid: {value: \"m:P/m:Kind = 'PRE'\"}", "<Kind>PRE</Kind>", {"prepaid": True}
    ),
    "the first value that is not empty, of elements": Read(
        element("Long") + element("Short"),
        "description: {path: [m:P/m:Long, m:P/m:Short]}",
        "<Long/><Short>so</Short>",
        {"description": "so"},
    ),
    "the first value that is not empty, of values that are worked out": Read(
        element("Long") + element("Short"),
        "description: {value: [normalize-space(m:P/m:Long), \"concat('short: ', m:P/m:Short)\"]}",
        "<Long>  </Long><Short>so</Short>",
        {"description": "short: so"},
    ),
    "what the answers repeat": Read(
        block("Ask", '<xs:attribute name="no" type="xs:string"/>') + element("Clerk"),
        "description: {path: m:P/m:Clerk}",
        '<Ask no="2026/7"/><Clerk>Ewa</Clerk>',
        {"kept": Kept.of({"no": "2026/7", "clerk": "Ewa"})},
        "keep:\n  no: {path: m:P/m:Ask/@no}\n  clerk: {path: m:P/m:Clerk}",
    ),
}
MISSING_DAY = date(2026, 11, 23)
MOMENT = datetime(2026, 10, 25, 0, 30, 15, 999000, tzinfo=UTC)
WRITES = {
    "an attribute alone": Write(
        block("Ask", '<xs:attribute name="point" type="xs:string" use="required"/>'),
        "Ask: {'@point': {from: metering_point}}",
        {},
        f'<Ask point="{POINT}"/>',
    ),
    "an attribute beside a value": Write(
        valued("Power", "xs:decimal", '<xs:attribute name="unit" type="xs:string"/>'),
        "Power: {from: contracted_power, '@unit': {value: kW}}",
        {"contracted_power": Decimal("12.5")},
        '<Power unit="kW">12.5</Power>',
    ),
    "an attribute of the block that holds the others": Write(
        block("Set", sequence(element("Id")) + '<xs:attribute name="of" type="xs:string"/>'),
        "Set: {'@of': {value: one}, Id: {from: process_instance}}",
        {},
        f'<Set of="one"><Id>{PROCESS}</Id></Set>',
    ),
    "an attribute of another namespace, written": Write(
        block("Ask", '<xs:attribute ref="o:day"/>'),
        "Ask: {'@o:day': {from: requested_date}}",
        {"requested_date": MISSING_DAY},
        '<Ask o:day="2026-11-23"/>',
        "prefixes: {o: 'urn:other'}",
    ),
    "a constant": Write(element("Version"), "Version: {value: '2.0'}", {}, "<Version>2.0</Version>"),
    "an empty element as a sign": Write(
        block("Done", "") + element("Id"),
        "Done: {value: '', when: outcome}\nId: {from: process_instance}",
        {"outcome": Outcome.DISCONNECTED},
        f"<Done/><Id>{PROCESS}</Id>",
    ),
    "an optional block around optional leaves, with one of them": Write(
        block("Meter", sequence(element("Number"), element("Text"))),
        "Meter:\n  optional: 'true'\n  Number: {from: meter, optional: true}\n"
        "  Text: {from: description, optional: true}",
        {"meter": MeterNumber("77")},
        "<Meter><Number>77</Number></Meter>",
    ),
    "an optional block around optional leaves, without any": Write(
        block("Meter", sequence(element("Kind", more=""), element("Number"))),
        "Meter:\n  optional: 'true'\n  Kind: {value: electric}\n  Number: {from: meter, optional: true}",
        {},
        "",
    ),
    "an optional block with a leaf that it must have, and nothing to tell": Write(
        block("Meter", sequence(element("Number", more=""))),
        "Meter:\n  optional: 'true'\n  Number: {from: meter}",
        {},
        "",
    ),
    "the same element several times": Write(
        valued("Fact", "xs:string", '<xs:attribute name="is" type="xs:string"/>', 'maxOccurs="unbounded"'),
        "Fact: {from: meter, '@is': {value: meter}}\nFact#2: {from: outcome, '@is': {value: outcome}}",
        {"meter": MeterNumber("77"), "outcome": Outcome.CONNECTED},
        '<Fact is="meter">77</Fact><Fact is="outcome">connected</Fact>',
    ),
    "pairs of elements several times": Write(
        f'<xs:sequence maxOccurs="9">{element("Name", more="")}{element("Is", more="")}</xs:sequence>',
        "Name: {value: meter}\nIs: {from: meter}\nName#2: {value: point}\nIs#2: {from: metering_point}",
        {"meter": MeterNumber("77")},
        f"<Name>meter</Name><Is>77</Is><Name>point</Name><Is>{POINT}</Is>",
    ),
    "a list of at least one, with the one that there is": Write(
        block("Item", sequence(element("Id", more="")), 'maxOccurs="unbounded"'),
        "Item: {Id: {from: process_instance}}",
        {},
        f"<Item><Id>{PROCESS}</Id></Item>",
    ),
    "when a fact is told": Write(
        block("Try", sequence(element("At", "xs:dateTime", ""))) + element("Never"),
        "Try:\n  when: attempted_at\n  At: {from: attempted_at}\nNever: {value: never tried, when: not attempted_at}",
        {},
        "<Never>never tried</Never>",
    ),
    "when a fact has a value": Write(
        f"<xs:choice>{element('On', more='')}{element('Off', more='')}</xs:choice>",
        "On: {value: 'yes', when: outcome = connected}\nOff: {value: 'yes', when: outcome != connected and outcome}",
        {"outcome": Outcome.DISCONNECTED},
        "<Off>yes</Off>",
    ),
    "an element of another namespace": Write(
        '<xs:element ref="o:Day"/>',
        "o:Day: {from: requested_date}",
        {"requested_date": MISSING_DAY},
        "<o:Day>2026-11-23</o:Day>",
        "prefixes: {o: 'urn:other'}",
    ),
    "an element without a namespace": Write(
        '<xs:element name="Note" type="xs:string" form="unqualified"/>' + element("Id"),
        "Note: {value: so}\nId: {from: process_instance}",
        {},
        f'<Note xmlns="">so</Note><Id>{PROCESS}</Id>',
    ),
    "elements that are called like our keys": Write(
        element("from") + block("value", sequence(element("when"))),
        "from: {from: meter}\nvalue: {when: {from: outcome}}",
        {"meter": MeterNumber("77"), "outcome": Outcome.ARMED},
        "<from>77</from><value><when>armed</when></value>",
    ),
    "a moment by the Polish clock": Write(
        element("At", "xs:dateTime"),
        "At: {from: executed_at}",
        {"executed_at": MOMENT},
        "<At>2026-10-25T02:30:15.999+02:00</At>",
    ),
    "a moment in UTC, in whole seconds that are never later": Write(
        element("At", "xs:dateTime"),
        "At: {from: executed_at, zone: utc, seconds: whole}",
        {"executed_at": MOMENT},
        "<At>2026-10-25T00:30:15+00:00</At>",
    ),
    "the day and the time of a moment": Write(
        element("Day", "xs:date") + element("Time", "xs:time"),
        "Day: {from: executed_at}\nTime: {from: executed_at, seconds: whole}",
        {"executed_at": datetime(2026, 11, 22, 23, 30, tzinfo=UTC)},
        "<Day>2026-11-23</Day><Time>00:30:00+01:00</Time>",
    ),
    "facts of the request: its date, kind, supplier and ids": Write(
        element("Day", "xs:date") + element("Kind") + element("Supplier") + element("Answers") + element("Ref"),
        "Day: {from: requested_date}\nKind: {from: disconnection_kind, table: {debt: D, shut-down: S, prepaid: P}}\n"
        "Supplier: {from: supplier}\nAnswers: {from: request}\nRef: {from: kept.ref}",
        {
            "requested_date": MISSING_DAY,
            "disconnection_kind": DisconnectionKind.DEBT,
            "supplier": Eic("10XPL-TSO------P"),
            "request": MessageId(PROCESS),
            "kept": Kept.of({"ref": "2026/7"}),
        },
        "<Day>2026-11-23</Day><Kind>D</Kind><Supplier>10XPL-TSO------P</Supplier>"
        f"<Answers>{PROCESS}</Answers><Ref>2026/7</Ref>",
    ),
    "the kind of order": Write(
        element("Kind"), "Kind: {from: order_kind, table: {disconnect: OFF, reconnect: 'ON'}}", {}, "<Kind>OFF</Kind>"
    ),
}
XSD = f"""\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{OURS}" xmlns:o="{OTHER}"
  xmlns:t="urn:pl:oire:technical:v1" targetNamespace="{OURS}" elementFormDefault="qualified">
<xs:import namespace="{OTHER}" schemaLocation="other.xsd"/>
<xs:import namespace="urn:pl:oire:technical:v1" schemaLocation="technical.xsd"/>
{{roots}}
</xs:schema>"""
OTHER_XSD = f"""\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{OTHER}" elementFormDefault="qualified">
<xs:element name="Day" type="xs:date"/><xs:attribute name="day" type="xs:date"/>
</xs:schema>"""
READ_ROOT = """<xs:element name="R{n}"><xs:complexType><xs:sequence><xs:element name="P"><xs:complexType><xs:sequence>
<xs:element name="Process" type="xs:string"/><xs:element name="Point" type="xs:string"/>{schema}
</xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>"""
WRITE_ROOT = """<xs:element name="W{n}"><xs:complexType><xs:sequence><xs:element name="Header" type="t:Header"/>
<xs:element name="ProcessEnergyContext" type="t:ProcessEnergyContext"/><xs:element name="Payload"><xs:complexType>
<xs:sequence>{schema}</xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>"""
READ_FILE = f"""\
message: 9.{{n}}.1
name: {{{{en: a row, pl: wiersz}}}}
direction: inbound
namespace: {OURS}
root: R{{n}}
type: '9'
prefixes: {{{{o: '{OTHER}'}}}}
becomes: order
set: {{{{kind: disconnect}}}}
fields:
  process_instance: {{{{path: m:P/m:Process, required: true}}}}
  metering_point: {{{{path: m:P/m:Point, required: true}}}}
  {{fields}}
{{more}}
"""
WRITE_FILE = f"""\
message: 9.{{n}}.2
name: {{{{en: a row, pl: wiersz}}}}
direction: outbound
namespace: {OURS}
root: W{{n}}
type: '9'
{{prefixes}}
payload:
{{payload}}
"""
NAMES = (*READS, *WRITES)


@pytest.fixture(scope="module")
def standard(tmp_path_factory: pytest.TempPathFactory) -> tuple[SchemaCatalogue, MappingBook]:
    """All rows at once: one schema with a root element for each, and one file for each."""
    place = tmp_path_factory.mktemp("rows")
    schemas, mappings = place / "schemas", place / "mappings"
    schemas.mkdir()
    mappings.mkdir()
    roots = []
    for name, read in READS.items():
        n = NAMES.index(name) + 1
        roots.append(READ_ROOT.format(n=n, schema=read.schema))
        text = READ_FILE.format(n=n, fields=read.fields, more=read.more)
        (mappings / f"{n}.yaml").write_text(text, "utf-8")
    for name, write in WRITES.items():
        n = NAMES.index(name) + 1
        roots.append(WRITE_ROOT.format(n=n, schema=write.schema))
        payload = "\n".join(f"  {line}" for line in write.payload.splitlines())
        text = WRITE_FILE.format(n=n, prefixes=write.prefixes, payload=payload)
        (mappings / f"{n}.yaml").write_text(text, "utf-8")
    (schemas / "rows.xsd").write_text(XSD.format(roots="\n".join(roots)), "utf-8")
    (schemas / "other.xsd").write_text(OTHER_XSD, "utf-8")
    catalogue = SchemaCatalogue([schemas, folder("schemas")])
    return catalogue, MappingBook([mappings], catalogue)


def document(name: str) -> etree._Element:
    n = NAMES.index(name) + 1
    spaces = f'xmlns="{OURS}" xmlns:o="{OTHER}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ids = f"<Process>{PROCESS}</Process><Point>{POINT}</Point>"
    return parse(f"<R{n} {spaces}><P>{ids}{READS[name].message}</P></R{n}>".encode())


@pytest.mark.parametrize("name", READS)
def test_given_what_a_schema_can_say_when_a_message_says_it_then_the_file_reads_it(
    standard: tuple[SchemaCatalogue, MappingBook], name: str
) -> None:
    catalogue, book = standard
    tree, due = document(name), READS[name].due
    assert catalogue.decide(tree), catalogue.explain(tree)
    before = etree.tostring(tree)
    if isinstance(due, ProblemCode):
        with pytest.raises(RuleBroken) as caught:
            book.reader(str(tree.tag)).read(tree)
        assert caught.value.code is due
    else:
        found = book.reader(str(tree.tag)).read(tree)
        assert isinstance(found, OrderRequest)
        due = {"requested_date": MISSING_DAY, **due} if "d" in due else due
        assert {key: getattr(found, key) for key in due if key != "d"} == {k: v for k, v in due.items() if k != "d"}
    assert etree.tostring(tree) == before, "the signed tree stays as it is"


@pytest.mark.parametrize("name", WRITES)
def test_given_what_a_schema_wants_when_an_answer_is_written_then_its_schema_takes_it(
    standard: tuple[SchemaCatalogue, MappingBook], name: str
) -> None:
    catalogue, book = standard
    row = WRITES[name]
    number = MessageNumber(f"9.{NAMES.index(name) + 1}.2")
    answer = replace(ANSWER, **row.told)
    written = book.outbound[number].write(replace(header(number, "8.1_2"), number=MessageNumber("8.1.1.11")), answer)
    root = parse_back(written)
    assert catalogue.decide(root), catalogue.explain(root)
    payload = root.find(f"{{{OURS}}}Payload")
    assert payload is not None
    due = parse(f'<Payload xmlns="{OURS}" xmlns:o="{OTHER}">{row.due}</Payload>'.encode())
    assert plain(payload) == plain(due)


ANSWER = Answer(
    kind=AnswerKind.DONE,
    process_instance=ProcessInstanceId(PROCESS),
    metering_point=MeteringPointCode(POINT),
    order_kind=OrderKind.DISCONNECT,
)


def plain(element: etree._Element) -> list[Any]:
    """An element as a list that does not know prefixes."""
    text = re.sub(r"^\s+$", "", element.text or "")
    return [element.tag, text, dict(element.attrib.items()), [plain(child) for child in element]]


# --- pairs of answers by the kind of order


def test_given_one_message_for_both_directions_when_answered_then_each_kind_has_its_own_pair(tmp_path: Path) -> None:
    schemas, mappings = tmp_path / "schemas", tmp_path / "mappings"
    schemas.mkdir()
    mappings.mkdir()
    root = READ_ROOT.format(n=1, schema=element("What", more=""))
    (schemas / "rows.xsd").write_text(XSD.format(roots=root), "utf-8")
    (schemas / "other.xsd").write_text(OTHER_XSD, "utf-8")
    kind = "kind: {path: m:P/m:What, table: {'0': disconnect, '1': reconnect}, required: true}"
    pairs = "answers:\n  disconnect: {done: 8.1.1.11, cannot: 8.1.1.7}\n  reconnect: {done: 8.2.1.11, cannot: 8.2.1.7}"
    text = READ_FILE.format(n=1, fields=kind, more=pairs).replace("set: {kind: disconnect}\n", "")
    (mappings / "1.yaml").write_text(text, "utf-8")
    book = MappingBook([mappings, folder("mappings")], SchemaCatalogue([schemas, folder("schemas")]))
    number = MessageNumber("9.1.1")
    assert book.answers(number, OrderKind.DISCONNECT) == {"done": "8.1.1.11", "cannot": "8.1.1.7"}
    assert book.answers(number, OrderKind.RECONNECT) == {"done": "8.2.1.11", "cannot": "8.2.1.7"}
    assert book.answers(number, OrderKind.PARAMETRISATION) == {}
