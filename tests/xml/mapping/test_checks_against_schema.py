"""A mapping file is checked against the schema that counts: nothing is lost or misread in silence."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from csire_bridge.config.resources import folder
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError, ProblemCode, RuleBroken
from csire_bridge.domain.message.message import OrderRequest, Request
from csire_bridge.service.wiring.standard import Standard
from csire_bridge.xml.mapping.book import MappingBook
from csire_bridge.xml.parser import parse
from tests.support.schemas import catalogue_with

pytestmark = pytest.mark.slow  # each builds a book of mapping files from a release of its own

SCHEMAS, MAPPINGS, SAMPLES = folder("schemas"), folder("mappings"), folder("samples")
XSD = "process_8_1/8_1_1_5.xsd"
REQUESTED = '<xs:element name="RequestedExecutionDate" type="xs:date" minOccurs="0"/>'
DATA = "m:Payload/m:DisconnectionRequestData"
DATE = f"{DATA}/m:RequestedExecutionDate"
SAMPLE = (SAMPLES / "good" / "8.1.1.5-debt.xml").read_text("utf-8")


class Laid:
    """A release of the hub's standard and mapping files of the operator, laid over ours."""

    def __init__(self, place: Path) -> None:
        self.schemas, self.mappings = place / "schemas", place / "mappings"
        self.ours = place / "ours"
        for made in (self.schemas, self.mappings, self.ours):
            made.mkdir()
        for number in ("8.1.1.5", "8.1.1.7", "8.1.1.11", "8.2.1.6", "8.2.1.7", "8.2.1.11"):
            shutil.copy(MAPPINGS / f"{number}.yaml", self.ours)

    def schema(self, old: str, new: str, name: str = XSD) -> Laid:
        """Lay a schema over ours, or change the one that was laid over it."""
        target = self.schemas / name
        text = (target if target.exists() else SCHEMAS / name).read_text("utf-8")
        assert text.count(old) == 1
        target.parent.mkdir(exist_ok=True)
        target.write_text(text.replace(old, new), "utf-8")
        return self

    def mapping(self, old: str, new: str, name: str = "8.1.1.5.yaml") -> Laid:
        target = self.mappings / name
        text = (target if target.exists() else MAPPINGS / name).read_text("utf-8")
        assert text.count(old) >= 1, old
        target.write_text(text.replace(old, new, 1), "utf-8")
        return self

    def book(self) -> MappingBook:
        return MappingBook([self.mappings, self.ours], catalogue_with(self.schemas))

    def refused(self) -> str:
        with pytest.raises(ConfigurationError) as caught:
            self.book()
        assert caught.value.remedy
        return caught.value.text.replace(f"{self.mappings}/", "").replace(f"{self.ours}/", "")

    def line(self, marker: str, name: str = "8.1.1.5.yaml") -> int:
        lines = (self.mappings / name).read_text("utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if marker in line)

    def read(self, *changes: str) -> Request:
        text = SAMPLE
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            assert old in text
            text = text.replace(old, new, 1)
        tree = parse(text.encode())
        catalogue = catalogue_with(self.schemas)
        assert catalogue.decide(tree), catalogue.explain(tree)
        return self.book().reader(str(tree.tag)).read(tree)


@pytest.fixture
def laid(tmp_path: Path) -> Laid:
    return Laid(tmp_path)


def requested(found: Request) -> date | None:
    assert isinstance(found, OrderRequest)
    return found.requested_date


# --- an element that is called otherwise


def test_given_a_schema_in_which_an_optional_date_has_another_name_then_the_start_is_refused_with_the_nearest_name(
    laid: Laid,
) -> None:
    laid.schema('name="RequestedExecutionDate"', 'name="RequestedExecutionDay"')
    path, leaf = laid.refused().splitlines()
    assert path == (
        "8.1.1.5.yaml, line 31, key fields.requested_date.path: m:Payload/m:DisconnectionRequestData/"
        "m:RequestedExecutionDate: the schema has no m:RequestedExecutionDate in m:Payload/m:DisconnectionRequestData; "
        "the nearest is m:RequestedExecutionDay"
    )
    assert leaf.startswith(f"8.1.1.5.yaml, line 13, key fields: {DATA}/m:RequestedExecutionDay is neither read nor")
    assert leaf.endswith(f"the nearest that the file names is {DATE} (fields.requested_date)")


def test_given_such_a_schema_in_the_settings_then_what_every_command_loads_is_refused(laid: Laid) -> None:
    laid.schema('name="RequestedExecutionDate"', 'name="RequestedExecutionDay"')
    with pytest.raises(ConfigurationError, match="RequestedExecutionDay"):
        Standard.load(load_settings(environment=False, schemas=[laid.schemas]))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"{DATA}/m:RequestedExecutionDat", "the nearest is m:RequestedExecutionDate"),
        (f"{DATA}/m:requestedExecutionDate", "the nearest is m:RequestedExecutionDate"),
        (f"{DATA}/RequestedExecutionDate", "has no RequestedExecutionDate in"),
        ("m:Payload/m:DisconnectionRequestDat/m:RequestedExecutionDate", "the nearest is m:DisconnectionRequestData"),
        ("m:Payload/m:RequestedExecutionDate", f"the nearest is m:RequestedExecutionDate, in {DATA}"),
        (f"/{DATE}", "without / before its name"),
        (f"//{DATE}", "without // before its name"),
        ("//m:RequestedExecutionDate", "without // before its name"),
        (f"{DATA}//m:RequestedExecutionDate", "without // before its name"),
        (f"../{DATE}", ".. is not read here"),
        (f"{DATE}/m:Deeper", "has no m:Deeper in"),
        (f"{DATE}/@unit", "has no @unit in"),
        (f"{DATA}/m:*", "only whole names"),
        (f"{DATA}/*", "may stand several times"),
        (f"{DATA}[1]", "no text to read: it holds other elements"),
        ("descendant::m:RequestedExecutionDate", "descendant is not read here"),
    ],
)
def test_given_a_mistake_in_a_path_when_loaded_then_file_line_and_key_are_named_and_the_nearest_name(
    laid: Laid, path: str, words: str
) -> None:
    laid.mapping(f"path: {DATE}", f"path: {path}")
    due = f"8.1.1.5.yaml, line {laid.line(path)}, key fields.requested_date.path: "
    assert any(line.startswith(due) and words in line for line in laid.refused().splitlines()), laid.refused()


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (f"{DATA}/m:RequestDescriptio = 'no'", "the nearest is m:RequestDescription"),
        (f"not({DATA}/m:Nothing)", "has no m:Nothing"),
        (f"count({DATA}/m:Nothing) > 1 or {DATE}", "has no m:Nothing"),
        (f"{DATA}/m:DisconnectionRequestType = 'CK0343'", "is never 'CK0343' by the schema; the nearest is 'CK034"),
        (f"'CK9344' != {DATA}/m:DisconnectionRequestType", "is never 'CK9344' by the schema; the nearest is 'CK034"),
        (f"{DATA}[m:Nothing = 'x']", "has no m:Nothing"),
        (f"/{DATE}", "without / before its name"),
    ],
)
def test_given_a_mistake_in_a_condition_when_loaded_then_it_is_refused_like_one_in_a_path(
    laid: Laid, condition: str, words: str
) -> None:
    laid.mapping("answers:", f"rules:\n  - when: >-\n      {condition}\n    refuse: so\n    remedy: so\nanswers:")
    due = f"8.1.1.5.yaml, line {laid.line('- when')}, key rules.0.when: "
    assert any(line.startswith(due) and words in line for line in laid.refused().splitlines()), laid.refused()


@pytest.mark.parametrize("name", ["8.1.1.5.yml", "8.1.1.5.YAML", "8.1.1.5.yaml.bak", "notes.txt", "8.1.1.5"])
def test_given_a_file_that_is_no_mapping_file_in_a_mapping_folder_when_loaded_then_it_is_not_passed_over(
    laid: Laid, name: str
) -> None:
    (laid.mappings / name).write_text((MAPPINGS / "8.1.1.5.yaml").read_text("utf-8"), "utf-8")
    found = laid.refused()
    assert f"{name} is no mapping file" in found
    assert ("rename it to 8.1.1.5.yaml" in found) is name.lower().endswith(("yml", "yaml"))


# --- what is neither read nor ignored


@pytest.mark.parametrize(
    ("extra", "leaf"),
    [
        ('<xs:element name="NotBefore" type="xs:date" minOccurs="0"/>', "m:NotBefore"),
        ('<xs:element name="Urgent" minOccurs="0"><xs:complexType/></xs:element>', "m:Urgent"),
        (
            '<xs:choice><xs:element name="Left" type="xs:date"/><xs:element ref="m:Right"/></xs:choice>',
            "m:Left",
        ),
        ('<xs:choice minOccurs="0"><xs:element ref="m:Right"/></xs:choice>', "m:Right"),
        ('<xs:element ref="m:Right" minOccurs="0"/>', "m:InPlaceOfRight"),
        (
            '<xs:element name="Block" minOccurs="0"><xs:complexType><xs:sequence><xs:element name="Deep" '
            'type="xs:date"/></xs:sequence></xs:complexType></xs:element>',
            "m:Block/m:Deep",
        ),
        (
            '<xs:element name="Note" minOccurs="0"><xs:complexType mixed="true"><xs:sequence/></xs:complexType>'
            "</xs:element>",
            "m:Note",
        ),
        ('<xs:any namespace="##other" processContents="lax" minOccurs="0"/>', "anything may stand in it (xs:any)"),
        ('<xs:element name="Tree" type="m:Tree" minOccurs="0"/>', "m:Tree/m:Tree: it can contain itself"),
        ('<xs:element name="Free" minOccurs="0"/>', "m:Free: anything may stand in it (xs:any)"),
        ('<xs:element name="Base" type="m:Base" minOccurs="0"/>', "m:Base/m:OnlyInDerived"),
    ],
)
def test_given_something_more_in_the_schema_when_loaded_then_it_must_be_read_or_ignored(
    laid: Laid, extra: str, leaf: str
) -> None:
    laid.schema(REQUESTED, REQUESTED + extra).schema("</xs:schema>", MORE_TYPES + "</xs:schema>")
    assert any(leaf in line and "8.1.1.5.yaml, line " in line for line in laid.refused().splitlines()), laid.refused()


MORE_TYPES = """
<xs:element name="Right" type="xs:date"/>
<xs:element name="InPlaceOfRight" substitutionGroup="m:Right" type="xs:date"/>
<xs:complexType name="Tree"><xs:sequence>
<xs:element name="Tree" type="m:Tree" minOccurs="0"/></xs:sequence></xs:complexType>
<xs:complexType name="Base"><xs:sequence/></xs:complexType>
<xs:complexType name="Derived"><xs:complexContent><xs:extension base="m:Base"><xs:sequence>
<xs:element name="OnlyInDerived" type="xs:date"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
"""


def test_given_an_attribute_in_the_schema_when_loaded_then_it_must_be_read_or_ignored(laid: Laid) -> None:
    attribute = '<xs:attribute name="estimated" type="xs:boolean"/>'
    laid.schema(
        REQUESTED,
        '<xs:element name="RequestedExecutionDate" minOccurs="0"><xs:complexType><xs:simpleContent>'
        f'<xs:extension base="xs:date">{attribute}</xs:extension></xs:simpleContent></xs:complexType></xs:element>',
    )
    assert f"{DATE}/@estimated is neither read nor listed under `ignored`" in laid.refused()
    laid.mapping("answers:", f"ignored: [{DATE}/@estimated]\nanswers:")
    assert requested(laid.read()) == date(2026, 11, 23)


@pytest.mark.parametrize("place", ["Header", "ProcessEnergyContext"])
def test_given_something_more_in_the_envelope_when_loaded_then_it_must_be_ignored_by_each_file(
    laid: Laid, place: str
) -> None:
    name = {
        "Header": "JuridicalRecipientIdResponsibleOrganization",
        "ProcessEnergyContext": "RetroactiveExecutionToken",
    }
    text = (SCHEMAS / "technical.xsd").read_text("utf-8")
    line = next(line for line in text.splitlines() if f'name="{name[place]}"' in line)
    laid.schema(line, f'{line}\n<xs:element name="NotBefore" type="xs:date" minOccurs="0"/>', "technical.xsd")
    found = laid.refused().splitlines()
    assert {line.partition(",")[0] for line in found} == {"8.1.1.5.yaml", "8.2.1.6.yaml"}
    assert all(f"m:{place}/t:NotBefore is neither read nor listed" in line for line in found)


IGNORING = {
    "a block": (DATA, "it holds other elements: list them"),
    "a leaf as a block": (f"{DATA}/m:Extra/**", "leave out /**"),
    "a mistake": (f"{DATA}/m:Extro", "the nearest is m:Extra"),
    "what is read": (DATE, "it is read, so it can't be ignored"),
    "twice": (f"{DATA}/m:Extra\n  - {DATA}/m:Extra", "it stands in the list twice"),
    "no path": ("m:Payload[", "a bracket ] is missing"),
    "the whole message": ("./**", "a whole message can't be ignored"),
    "anything where the schema says what": (f"{DATA}/*", "the schema says all that may stand in it"),
}


@pytest.mark.parametrize(("entry", "words"), IGNORING.values(), ids=IGNORING)
def test_given_a_mistake_in_the_list_of_what_is_ignored_when_loaded_then_line_and_key_are_named(
    laid: Laid, entry: str, words: str
) -> None:
    laid.schema(REQUESTED, REQUESTED + '<xs:element name="Extra" type="xs:date" minOccurs="0"/>')
    laid.mapping("answers:", f"ignored:\n  - {entry}\nanswers:")
    index = entry.count("\n")
    due = f"8.1.1.5.yaml, line {laid.line('ignored:') + 1 + index}, key ignored.{index}: "
    assert any(line.startswith(due) and words in line for line in laid.refused().splitlines()), laid.refused()


@pytest.mark.parametrize(
    ("extra", "entry"),
    [
        ('<xs:element name="Tree" type="m:Tree" minOccurs="0"/>', f"{DATA}/m:Tree/**"),
        ('<xs:element name="Free" minOccurs="0"/>', f"{DATA}/m:Free/**"),
        ('<xs:element name="Free" minOccurs="0"/>', f"{DATA}/m:Free/*"),
        ('<xs:any namespace="##other" processContents="lax" minOccurs="0"/>', f"{DATA}/*"),
    ],
)
def test_given_a_block_that_is_ignored_in_so_many_words_when_loaded_then_nobody_asks_what_is_in_it(
    laid: Laid, extra: str, entry: str
) -> None:
    laid.schema(REQUESTED, REQUESTED + extra).schema("</xs:schema>", MORE_TYPES + "</xs:schema>")
    laid.mapping("answers:", f"ignored: [{entry}]\nanswers:")
    assert requested(laid.read()) == date(2026, 11, 23)


def test_given_anything_beside_the_payload_when_loaded_then_it_is_refused_until_it_is_ignored_by_a_star(
    laid: Laid,
) -> None:
    payload = '<xs:element name="Payload" type="m:DisconnectionRequestPayload"/>'
    laid.schema(payload, f'{payload}<xs:any namespace="##other" processContents="lax" minOccurs="0"/>')
    assert "the root element: anything may stand in it (xs:any), so nobody knows what it says" in laid.refused()
    laid.mapping("answers:", 'ignored: ["*"]\nanswers:')
    assert requested(laid.read()) == date(2026, 11, 23)
    laid.schema(REQUESTED, REQUESTED + '<xs:element name="NotBefore" type="xs:date" minOccurs="0"/>')
    assert "m:NotBefore is neither read nor listed" in laid.refused(), "a star ignores nothing that the schema names"


def test_given_a_date_with_any_attribute_when_loaded_then_both_the_text_and_the_attributes_are_asked_for(
    laid: Laid,
) -> None:
    extra = (
        '<xs:element name="NotBefore" minOccurs="0"><xs:complexType><xs:simpleContent><xs:extension base="xs:date">'
        '<xs:anyAttribute namespace="##other"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>'
    )
    laid.schema(REQUESTED, REQUESTED + extra)
    assert f"list {DATA}/m:NotBefore/* under `ignored`" in laid.refused()
    laid.mapping("answers:", f"ignored:\n  - {DATA}/m:NotBefore/*\nanswers:")
    assert f"{DATA}/m:NotBefore is neither read nor listed" in laid.refused()
    laid.mapping("answers:", f"  - {DATA}/m:NotBefore\nanswers:")
    assert requested(laid.read()) == date(2026, 11, 23)


# --- several values


def test_given_a_date_that_may_stand_several_times_when_loaded_then_the_file_must_say_which_counts(laid: Laid) -> None:
    laid.schema(REQUESTED, REQUESTED.replace("/>", ' maxOccurs="3"/>'))
    assert f"key fields.requested_date.path: {DATE} may stand several times: say with `several`" in laid.refused()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<xs:element name="DisconnectionRequestData" ', '<xs:element name="DisconnectionRequestData" maxOccurs="2" '),
        (REQUESTED, f"{REQUESTED}<xs:sequence minOccurs='0'>{REQUESTED}</xs:sequence>"),
        (REQUESTED, f"<xs:choice maxOccurs='unbounded' minOccurs='0'>{REQUESTED}</xs:choice>"),
        (REQUESTED, f"<xs:sequence maxOccurs='2'>{REQUESTED}</xs:sequence>"),
    ],
)
def test_given_a_schema_that_allows_several_in_any_way_when_loaded_then_it_is_seen(
    laid: Laid, old: str, new: str
) -> None:
    if old == REQUESTED:  # two optional ones in a row would be ambiguous
        new = new.replace(
            f"{REQUESTED}<xs:sequence", f"{REQUESTED}<xs:element name='Then' type='xs:date'/><xs:sequence"
        )
    laid.schema(old, new)
    assert f"{DATE} may stand several times" in laid.refused()


@pytest.mark.parametrize(("several", "day"), [("first", 1), ("last", 2), ("refuse", None)])
def test_given_a_file_that_says_which_one_counts_when_several_come_then_that_one_is_read(
    laid: Laid, several: str, day: int | None
) -> None:
    laid.schema(REQUESTED, REQUESTED.replace("/>", ' maxOccurs="2"/>'))
    laid.mapping(f"path: {DATE}", f"path: {DATE}\n    several: {several}")
    tag = "RequestedExecutionDate>"
    one = f"<{tag}2026-11-23</{tag}"
    two = f"<{tag}2026-12-01</{tag}<{tag}2026-12-02</{tag}"
    assert requested(laid.read()) == date(2026, 11, 23)
    if day:
        assert requested(laid.read(one, two)) == date(2026, 12, day)
        return
    with pytest.raises(RuleBroken, match="stands 2 times") as caught:
        laid.read(one, two)
    assert caught.value.code is ProblemCode.CONDITION


def test_given_a_path_that_takes_one_of_several_when_loaded_then_it_needs_no_more_words(laid: Laid) -> None:
    laid.schema(REQUESTED, REQUESTED.replace("/>", ' maxOccurs="2"/>'))
    laid.mapping(f"path: {DATE}", f"path: {DATE}[last()]")
    tag = "RequestedExecutionDate>"
    two = f"<{tag}2026-12-01</{tag}<{tag}2026-12-02</{tag}"
    assert requested(laid.read(f"<{tag}2026-11-23</{tag}", two)) == date(2026, 12, 2)


# --- types

READS: Mapping[str, set[str]] = {
    "date": {"date", "dateTime"},
    "moment": {"dateTime"},
    "boolean": {"boolean"},
    "decimal": {"decimal", "integer"},
    "text": {"date", "dateTime", "boolean", "decimal", "integer", "string", "token", "gYear", "duration", "double"},
    "eic": {"string", "token"},
}
TYPES = ["date", "dateTime", "boolean", "decimal", "integer", "string", "token", "gYear", "duration", "double"]
FIELDS = {"date": "requested_date", "boolean": "prepaid", "decimal": "contracted_power", "text": "tariff_group"}


@pytest.mark.parametrize("conversion", READS)
@pytest.mark.parametrize("kind", TYPES)
def test_given_a_conversion_and_a_type_of_the_schema_when_loaded_then_only_what_fits_is_taken(
    laid: Laid, conversion: str, kind: str
) -> None:
    laid.schema(REQUESTED, REQUESTED.replace("xs:date", f"xs:{kind}"))
    field = FIELDS.get(conversion, "supplier" if conversion == "eic" else "requested_date")
    if field == "supplier":
        laid.mapping(f"  supplier:\n    path: {DATA}/m:SupplierIdentifier\n    as: eic\n", "")
        laid.mapping("answers:", f"ignored: [{DATA}/m:SupplierIdentifier]\nanswers:")
    laid.mapping(
        f"  requested_date:\n    path: {DATE}\n    as: date", f"  {field}:\n    path: {DATE}\n    as: {conversion}"
    )
    if field == "requested_date" and conversion != "date":
        assert f"key fields.{field}.as: `as: {conversion}` gives a " in laid.refused()
    elif kind in READS[conversion]:
        laid.book()
    else:
        assert f"key fields.{field}.as: `as: {conversion}` reads " in laid.refused()


def test_given_a_type_that_may_be_one_or_the_other_when_loaded_then_the_conversion_must_read_both(laid: Laid) -> None:
    union = '<xs:simpleType><xs:union memberTypes="xs:date xs:{}"/></xs:simpleType></xs:element>'
    element = REQUESTED.replace(' type="xs:date"', "").replace("/>", ">")
    laid.schema(REQUESTED, element + union.format("string"))
    assert "`as: date` reads date and dateTime, but the schema's type is string" in laid.refused()
    laid.schema("xs:date xs:string", "xs:date xs:dateTime")
    assert requested(laid.read(">2026-11-23<", ">2026-11-30T23:30:00Z<")) == date(2026, 12, 1)
    assert requested(laid.read()) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-30T23:30:00Z", date(2026, 12, 1)),
        ("2026-11-30T22:30:00Z", date(2026, 11, 30)),
        ("2026-11-30T24:00:00+01:00", date(2026, 12, 1)),
        ("2026-12-01T00:30:00+05:00", date(2026, 11, 30)),
        (" \n2026-11-30T23:30:00.123456789Z\t", date(2026, 12, 1)),
        ("2026-11-30T23:30:00", None),
        ("9999-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00+01:00", None),
    ],
)
def test_given_a_moment_in_the_place_of_a_date_when_read_then_it_is_the_polish_date(
    laid: Laid, text: str, day: date | None
) -> None:
    laid.schema(REQUESTED, REQUESTED.replace("xs:date", "xs:dateTime"))
    document = parse(SAMPLE.replace(">2026-11-23<", f">{text}<").encode())
    reader = laid.book().reader(str(document.tag))
    if day is not None:
        assert requested(reader.read(document)) == day
        return
    with pytest.raises(RuleBroken) as caught:
        reader.read(document)
    assert caught.value.code is ProblemCode.VALUE


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("CK0344: debt", "CK0334: debt", "the schema has no code CK0334; the nearest is CK034"),
        ("CK0344: debt", "CX*: debt", "the schema has no code CX*; the nearest is CK034"),
    ],
)
def test_given_a_code_that_the_schema_does_not_have_when_loaded_then_the_nearest_is_named(
    laid: Laid, old: str, new: str, words: str
) -> None:
    assert words in laid.mapping(old, new).refused()


def test_given_a_boolean_that_is_read_by_a_table_then_each_way_of_writing_it_is_read(laid: Laid) -> None:
    laid.schema(REQUESTED, REQUESTED + '<xs:element name="Debt" type="xs:boolean"/>')
    table = "CK0344: debt\n      CK0345: shut-down\n      CK0346: prepaid"
    laid.mapping(f"{DATA}/m:DisconnectionRequestType", f"{DATA}/m:Debt").mapping(
        table, '"true": debt\n      "false": shut-down'
    )
    laid.mapping("answers:", f"ignored: [{DATA}/m:DisconnectionRequestType]\nanswers:")
    end = "</RequestedExecutionDate>"
    for text, kind in {"true": "debt", "1": "debt", "false": "shut-down", "0": "shut-down"}.items():
        found = laid.read(end, f"{end}<Debt>{text}</Debt>")
        assert isinstance(found, OrderRequest)
        assert found.disconnection_kind == kind


def test_given_a_default_in_the_schema_when_an_empty_element_is_read_then_it_counts(laid: Laid) -> None:
    laid.schema(REQUESTED, REQUESTED.replace("/>", ' default="2026-12-24"/>'))
    assert requested(laid.read(">2026-11-23<", "><")) == date(2026, 12, 24)
    assert requested(laid.read()) == date(2026, 11, 23)


def test_given_a_text_longer_than_is_kept_when_read_then_it_is_refused_and_the_store_never_sees_it(laid: Laid) -> None:
    laid.schema(
        'name="RequestDescription" type="b:String250_Type"', 'name="RequestDescription" type="b:String2000_Type"'
    )
    start = SAMPLE.index("<RequestDescription>")
    old = SAMPLE[start : SAMPLE.index("</RequestDescription>")]
    with pytest.raises(RuleBroken, match="has 251 characters, more than the 250 that are kept"):
        laid.read(old, "<RequestDescription>" + "x" * 251)


# --- answers


@pytest.mark.parametrize(
    ("name", "old", "new", "key", "words"),
    [
        ("8.1.1.11", "  DisconnectionData:", "  DisconnectionDat:", "payload.DisconnectionDat:", "nearest is"),
        ("8.1.1.11", "    MeterNumber:", "    MeterNo:", "payload.DisconnectionData.MeterNo", "MeterNumber"),
        ("8.1.1.11", "    PhysicalStatus:", "    Physicalstatus:", "payload.DisconnectionData", "needs PhysicalStatus"),
        ("8.1.1.11", "CK0070", "CK0700", "payload.DisconnectionData.PhysicalStatus.table", "nearest is CK0070"),
        ("8.1.1.11", "longest: 250", "longest: 251", "payload.DisconnectionData.ExecutionDescription", "250 char"),
        ("8.1.1.7", "        debt-both-sides: CL014\n", "", "payload", "reason debt-both-sides can't be written"),
        ("8.2.1.11", "        armed: CK0070\n", "", "payload", "outcome armed can't be written"),
        ("8.1.1.7", ", default: no further details", "", "payload", "the answer has no description"),
        ("8.1.1.7", ", optional: true", "", "payload", "the answer has no attempted_at"),
        (
            "8.1.1.7",
            "longest: 2000, default",
            "default",
            "payload.DisconnectionRejectionData.ResultDescription",
            "longer than 2000",
        ),
        (
            "8.1.1.7",
            "{from: process_instance}",
            "{from: description, default: x}",
            "payload.Miscellaneous.ProcessInstanceId",
            "refuses",
        ),
        ("8.1.1.7", "{from: metering_point}", "{from: attempted_at, as: moment}", "payload.Met", "writes dateTime"),
        ("8.1.1.7", "type: 8.1_3", "type: 8.1_9", "root", "refuses"),
    ],
)
def test_given_an_answer_that_can_not_be_written_when_loaded_then_it_is_known_before_any_meter_switches(
    laid: Laid, name: str, old: str, new: str, key: str, words: str
) -> None:
    laid.mapping(old, new, f"{name}.yaml")
    found = laid.refused().splitlines()
    assert any(f"{name}.yaml, line " in one and f"key {key}" in one and words in one for one in found), found


def test_given_a_schema_of_an_answer_with_one_more_element_when_loaded_then_it_is_known_before_any_meter_switches(
    laid: Laid,
) -> None:
    meter = '<xs:element name="MeterNumber" '
    laid.schema(meter, f'<xs:element name="Operator" type="xs:string"/>{meter}', "process_8_1/8_1_1_11.xsd")
    assert "8.1.1.11.yaml, line 15, key payload.DisconnectionData: the schema needs Operator there" in laid.refused()


def test_given_a_stricter_type_in_an_answer_when_loaded_then_the_document_is_built_and_judged(laid: Laid) -> None:
    kind = '<xs:element name="MeterNumber" type="b:MeterNumberType" minOccurs="0"/>'
    narrow = (
        '<xs:simpleType><xs:restriction base="xs:string"><xs:maxLength value="5"/></xs:restriction></xs:simpleType>'
    )
    laid.schema(kind, f'<xs:element name="MeterNumber" minOccurs="0">{narrow}</xs:element>', "process_8_1/8_1_1_11.xsd")
    found = laid.refused()
    assert "8.1.1.11.yaml, line 21, key payload.DisconnectionData.MeterNumber: the answer with outcome disconn" in found
    assert "longer than 5 characters" in found


# --- schemas that go together, or not


def test_given_two_files_for_one_namespace_when_loaded_then_each_message_is_checked_against_its_own(laid: Laid) -> None:
    (laid.schemas / "other").mkdir()
    for name in ("businessDataTypes.xsd", "technical.xsd"):
        text = (SCHEMAS / name).read_text("utf-8").replace("EicIdentifierType", "EicType")
        (laid.schemas / "other" / name).write_text(text, "utf-8")
        laid.schema(f'schemaLocation="../{name}"', f'schemaLocation="../other/{name}"')
    laid.schema("b:EicIdentifierType", "b:EicType")
    assert isinstance(laid.read(), OrderRequest)


def test_given_two_files_for_one_namespace_in_one_message_when_loaded_then_both_are_named(laid: Laid) -> None:
    (laid.schemas / "other").mkdir()
    shutil.copy(SCHEMAS / "businessDataTypes.xsd", laid.schemas / "other")
    laid.schema('schemaLocation="../businessDataTypes.xsd"', 'schemaLocation="../other/businessDataTypes.xsd"')
    found = laid.refused()
    assert "8_1_1_5.xsd uses two files for the namespace urn:pl:oire:businessDataTypes:v1: " in found


def test_given_the_bridge_as_it_comes_when_loaded_then_nothing_is_wrong() -> None:
    assert Standard.load(load_settings(environment=False)).book.inbound
