"""The schemas themselves: what each simple type takes, and that two independent validators agree on every document."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from csire_bridge.config.resources import folder
from tests.support.chance import examples

SCHEMAS = folder("schemas")
TYPES_NS = "urn:pl:oire:businessDataTypes:v1"
XS = "{http://www.w3.org/2001/XMLSchema}"
UUID = "0b2b7d0e-7c5e-4f0f-9a53-0d6a4a3c1111"

MESSAGES = {
    "generic/R_1.xsd": ("urn:pl:oire:message_R_1:v1", "OperationResult"),
    "generic/S.xsd": ("urn:pl:oire:message_S:v1", "SpecialMessage"),
    "process_1_1/1_1_1_6.xsd": ("urn:pl:oire:unk_1_1_1_6:v1", "NewAgreementNotification"),
    "process_1_2/1_2_1_4.xsd": ("urn:pl:oire:unk_1_2_1_4:v1", "NewAgreementNotification"),
    "process_1_3/1_3_1_2.xsd": ("urn:pl:oire:unk_1_3_1_2:v1", "NewAgreementNotification"),
    "process_1_4/1_4_1_4.xsd": ("urn:pl:oire:unk_1_4_1_4:v1", "AgreementTerminationNotification"),
    "process_1_5/1_5_1_4.xsd": ("urn:pl:oire:unk_1_5_1_4:v1", "AgreementTerminationNotification"),
    "process_2_2/2_2_1_11.xsd": ("urn:pl:oire:unk_2_2_1_11:v1", "MeteringPointModificationRealizationRequest"),
    "process_2_7/2_7_1_5.xsd": ("urn:pl:oire:unk_2_7_1_5:v1", "NewAgreementNotification"),
    "process_3_1/3_1_1_1.xsd": ("urn:pl:oire:unk_3_1_1_1:v1", "MeteringPointCharacteristicModificationNotification"),
    "process_8_1/8_1_1_5.xsd": ("urn:pl:oire:unk_8_1_1_5:v1", "DisconnectionRequest"),
    "process_8_1/8_1_1_7.xsd": ("urn:pl:oire:unk_8_1_1_7:v1", "DisconnectionRejectionNotification"),
    "process_8_1/8_1_1_11.xsd": ("urn:pl:oire:unk_8_1_1_11:v1", "DisconnectionNotification"),
    "process_8_2/8_2_1_6.xsd": ("urn:pl:oire:unk_8_2_1_6:v1", "ConnectionRequest"),
    "process_8_2/8_2_1_7.xsd": ("urn:pl:oire:unk_8_2_1_7:v1", "ConnectionRejectionNotification"),
    "process_8_2/8_2_1_11.xsd": ("urn:pl:oire:unk_8_2_1_11:v1", "ConnectionNotification"),
    "bridge/receipt.xsd": ("urn:csire-bridge:receipt:v1", "Receipt"),
}

#: Type -> values that it takes, values that it refuses.
FACETS: dict[str, tuple[list[str], list[str]]] = {
    "LongitudeType": (
        ["+180.000000", "-180", "21.012229", " 21.0 ", "0"],
        ["180.000001", "-180.1", "1.1234567", "", "21,01", "1e2"],
    ),
    "LatitudeType": (["90", "-90.000000", "52.229676"], ["90.000001", "-91", "1.1234567", "x"]),
    "EmailType": (["a@b", "kto to@firma.pl"], ["a", "a@", "a@b@c", "", "x" * 254 + "@b"]),
    "GlobalTaxIdentificationType": (["DE123", " 1 ", "x" * 20], ["", " ", "x" * 21]),
    "EicIdentifierType": (
        ["19XENERGAOPERATS", " 19XPGEDYSTRYBUCR\n", "10XPL-TSO------P"],
        ["1XXENERGAOPERATS", "19XENERGAOPERAT", "19XENERGAOPERATSS", "19xenergaoperats", "19X ENERGAOPERAT", ""],
    ),
    "NetworkAreaIdentifierType": (["1", "-5", "1234567890123456", " 7 "], ["12345678901234567", "1.0", "x", ""]),
    "FacilityIdentifierType": (
        ["19XENERGAOPERATSOP12345678"],
        ["19XENERGAOPERATSOP1234567", "19XENERGAOPERATSXX12345678", "19XENERGAOPERATSOP123456789", ""],
    ),
    "CountryIsoCodeType": (["PL", " DE "], ["pl", "POL", "P", ""]),
    "PostalCodeType": (["00-950", " 00-950 "], ["00950", "0-9500", "00-95", "00-9501"]),
    "MeteringPointCodeType": (
        ["590243856287817706"],
        ["59024385628781770", "5902438562878177061", " 590243856287817706", "59024385628781770X", ""],
    ),
    "KrsType": (["0000123456"], ["123456", "00001234567", " 0000123456"]),
    "PositiveInteger4_Type": (["0", "9999.99", "12.5", " 24 "], ["10000", "-0.01", "1.234", ""]),
    "MultiplierType": (["1", "99999999", " 20 "], ["0", "100000000", "1.5", "-1"]),
    "PowerKiloWattsType": (["0", "9999999.9999", "4.0000"], ["-0.0001", "10000000", "4.00001", "x"]),
    "NipType": (["5260250274", "1230000000"], ["0123456789", "1000000000", "526025027", "526-025-02"]),
    "EeqValidatorIdentifierType": (["A1", "x" * 20], ["", "x" * 21]),
    "IdentityDocumentNumberType": (["ABC 123", "x" * 31], ["", "x" * 32]),
    "MeterNumberType": (["01234567", " 0123 ", "x" * 20], ["", "   ", "x" * 21]),
    "PhoneNumberType": (["+48123456789", "+" + "1" * 19], ["48123456789", "+4812345678", "+" + "1" * 20]),
    "PeselType": (["44051401359"], ["4405140135", "440514013590", "4405140135x"]),
    "StorageNominalCapacityType": (["9999999.99", "-9999999.99", "0"], ["10000000", "1.234"]),
    "IdleModeLossesValueType": (["9999999.99", "-9999999.99", "0"], ["10000000", "1.234"]),
    "PercentageType": (["100.0000", "-100", "0.5"], ["100.0001", "-100.1", "1.00001"]),
    "PositivePercentageType": (["0", "100.00", "99.99"], ["-0.01", "100.01", "1.234"]),
    "StandardConsumptionProfileType": (["G11", "x" * 20, " "], ["", "x" * 21]),
    "String10_Type": (["G11", " ", "x" * 10, "ąęółżźćńśĄ"], ["", "x" * 11]),
    "String30_Type": (["x" * 30], ["", "x" * 31]),
    "String50_Type": (["Gdańsk", "  " + "x" * 50 + "  ", "x " * 25], ["", "  ", "x" * 51]),
    "String100_Type": (["x" * 100], ["", "x" * 101]),
    "String250_Type": (["x" * 250, "\n"], ["", "x" * 251]),
    "String2000_Type": (["x" * 2000], ["", "x" * 2001]),
    "EstimatedAnnualVolumeType": (["0", "999999999999", " 2000 "], ["-1", "1000000000000", "1.5"]),
    "TerytType": (["12345", " 12345 "], ["1234", "123456", "1234x"]),
    "TokenType": (["T-1", "x" * 20], ["", "x" * 21]),
    "UuidType": ([UUID, UUID.upper()], [UUID[:-1], UUID.replace("-", ""), f" {UUID}", "{" + UUID + "}", ""]),
    "TgPhiValue_Type": (["0.4", "1.00", "0"], ["1.01", "-0.1", "0.123"]),
    "RealVolumeType": (["-9999999.9999", "9999999.9999"], ["10000000", "0.00001"]),
    "PowerReliabilityFactorType": (["0", "3.00", "1.5"], ["3.01", "-1", "1.234"]),
    "LossCoefficientType": (["000000.0000", "999999.9999", "0.5"], ["-1", "1000000", "0.00001"]),
}

#: For documents made from a schema: one good value for each built-in or local type.
BUILT_IN = {
    "date": "2026-01-31",
    "dateTime": "2026-01-31T10:00:00+01:00",
    "boolean": "true",
    "integer": "25",
    "positiveInteger": "7",
    "string": "text",
    "TimestampWithOffsetType": "2026-01-31T10:00:00.5+01:00",
    "Moment": "2026-01-31T10:00:00Z",
    "Sha256": "0a" * 32,
    "Uuid": UUID,
}


def enumerations() -> dict[str, list[str]]:
    types = etree.parse(str(SCHEMAS / "businessDataTypes.xsd")).getroot()
    codes = {
        str(one.get("name")): [str(e.get("value")) for e in one.iter(f"{XS}enumeration")]
        for one in types.iter(f"{XS}simpleType")
    }
    return {name: values for name, values in codes.items() if values}


@cache
def both(file: str) -> tuple[etree.XMLSchema, Any]:
    path = str(SCHEMAS / file)
    return etree.XMLSchema(etree.parse(path)), xmlschema.XMLSchema10(path)


def verdict(file: str, document: etree._Element) -> bool:
    """Return the verdict on which lxml and xmlschema agree."""
    decides, explains = both(file)
    first, second = decides.validate(document), bool(explains.is_valid(document))
    assert first == second, f"lxml says {first}, xmlschema {second}: {etree.tostring(document).decode()}"
    return first


def good_value(xsd_type: Any) -> str:
    if xsd_type.enumeration:
        return str(xsd_type.enumeration[0])
    name = str(xsd_type.local_name)
    return FACETS[name][0][0] if name in FACETS else BUILT_IN[name]


def fill(parent: etree._Element, group: Any, *, full: bool) -> None:
    particles = list(group)[:1] if group.model == "choice" else list(group)
    for particle in particles:
        if not (full or particle.min_occurs):
            continue
        if particle.name is None:
            fill(parent, particle, full=full)
            continue
        for _ in range(2 if full and particle.max_occurs is None else 1):
            child = etree.SubElement(parent, particle.name)
            if particle.type.is_complex():
                fill(child, particle.type.content, full=full)
            else:
                child.text = good_value(particle.type)


@cache
def _made(file: str, full: bool) -> etree._Element:
    namespace, root = MESSAGES[file]
    document = etree.Element(f"{{{namespace}}}{root}", nsmap={"m": namespace})
    fill(document, both(file)[1].elements[root].type.content, full=full)
    return document


def made(file: str, *, full: bool) -> etree._Element:
    """Return a good document: with everything that its schema allows, or with nothing that may be left out."""
    return copy.deepcopy(_made(file, full))


# --- the files


@pytest.mark.parametrize("file", MESSAGES)
@pytest.mark.parametrize("full", [True, False])
def test_given_a_document_made_from_its_schema_when_validated_then_both_validators_take_it(
    file: str, full: bool
) -> None:
    assert verdict(file, made(file, full=full))


@pytest.mark.parametrize(("file", "what"), MESSAGES.items())
def test_given_a_message_schema_when_read_then_namespace_root_and_qualification_are_the_messages_own(
    file: str, what: tuple[str, str]
) -> None:
    schema = etree.parse(str(SCHEMAS / file)).getroot()
    roots = [e.get("name") for e in schema.findall(f"{XS}element")]
    assert (schema.get("targetNamespace"), roots) == (what[0], [what[1]])
    assert schema.get("elementFormDefault") == "qualified"


def test_given_the_one_file_for_tools_when_compiled_then_it_brings_every_business_message() -> None:
    one, _ = both("csire.xsd")
    for file in MESSAGES.keys() - {"bridge/receipt.xsd"}:
        assert one.validate(made(file, full=True)), file


@pytest.mark.parametrize("file", MESSAGES)
def test_given_a_signature_in_the_document_when_validated_then_it_is_refused(file: str) -> None:
    document = made(file, full=True)
    etree.SubElement(document, "{http://www.w3.org/2000/09/xmldsig#}Signature")
    assert not verdict(file, document)


# --- simple types


@pytest.fixture(scope="module")
def by_type(tmp_path_factory: pytest.TempPathFactory) -> tuple[etree.XMLSchema, Any]:
    """Return both validators of a schema with one root element for each simple type, with the type's name."""
    names = [*FACETS, *enumerations()]
    elements = "".join(f'<xs:element name="{name}" type="b:{name}"/>' for name in names)
    location = (SCHEMAS / "businessDataTypes.xsd").as_uri()
    file = tmp_path_factory.mktemp("types") / "each.xsd"
    file.write_text(
        f'<xs:schema xmlns:xs="{XS[1:-1]}" xmlns:b="{TYPES_NS}">'
        f'<xs:import namespace="{TYPES_NS}" schemaLocation="{location}"/>{elements}</xs:schema>',
        encoding="utf-8",
    )
    return etree.XMLSchema(etree.parse(str(file))), xmlschema.XMLSchema10(str(file))


def taken(validators: tuple[etree.XMLSchema, Any], name: str, value: str) -> bool:
    element = etree.Element(name)
    element.text = value
    first, second = validators[0].validate(element), bool(validators[1].is_valid(element))
    assert first == second, f"lxml says {first}, xmlschema {second} about {value!r} of {name}"
    return first


def test_given_the_types_file_when_read_then_each_type_is_in_a_table_of_this_test() -> None:
    types = etree.parse(str(SCHEMAS / "businessDataTypes.xsd")).getroot()
    names = {e.get("name") for e in types.findall(f"{XS}simpleType")}
    assert names == FACETS.keys() | enumerations().keys()


@pytest.mark.parametrize("name", FACETS)
def test_given_good_and_bad_values_when_validated_then_the_facets_hold(
    by_type: tuple[etree.XMLSchema, Any], name: str
) -> None:
    good, bad = FACETS[name]
    assert [v for v in good if not taken(by_type, name, v)] == []
    assert [v for v in bad if taken(by_type, name, v)] == []


@pytest.mark.parametrize("name", enumerations())
def test_given_a_list_of_codes_when_validated_then_only_those_codes_pass(
    by_type: tuple[etree.XMLSchema, Any], name: str
) -> None:
    codes = enumerations()[name]
    wrong = {"", "CK9999", f" {codes[0]}", f"{codes[0]} ", codes[0] + "0", codes[0][:-1]} - set(codes)
    assert [c for c in codes if not taken(by_type, name, c)] == []
    assert [c for c in wrong if taken(by_type, name, c)] == []


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("DisconnectionRequestType", ["CK0344", "CK0345", "CK0346"]),
        ("KseUserConnectionReasonType", ["CK0187", "CK0195", "CK0196", "CK0197", "CK0198", "CK0199"]),
        ("ResultCodes_8_1", ["CL009", "CL014"]),
        ("ResultCodes_8_2", ["CL010", "CL011", "CL014"]),
        ("PhysicalStatusType", ["CK0069", "CK0070"]),
        ("SpecialMesageType_Type", ["CK0984", "CK0985", "CK0986", "CK0987"]),
    ],
)
def test_given_the_codes_that_decide_about_a_meter_when_read_then_they_are_exactly_these(
    name: str, codes: list[str]
) -> None:
    assert enumerations()[name] == codes


# --- reconstructed payloads


@pytest.mark.parametrize(
    ("file", "element", "value", "expected"),
    [
        ("process_8_1/8_1_1_11.xsd", "ExecutionTimestamp", "2026-01-31T10:00:00", False),
        ("process_8_1/8_1_1_11.xsd", "ExecutionTimestamp", "2026-01-31T10:00:00+02:00", True),
        ("process_8_2/8_2_1_11.xsd", "ExecutionTimestamp", "2026-10-25T02:30:00.123Z", True),
        ("process_8_1/8_1_1_7.xsd", "AttemptTimestamp", "2026-01-31T10:00:00", True),
        ("process_8_1/8_1_1_7.xsd", "ResultCode", "CL010", False),
        ("process_8_2/8_2_1_7.xsd", "ResultCode", "CL010", True),
        ("bridge/receipt.xsd", "ReceivedAt", "2026-01-31T10:00:00", False),
        ("bridge/receipt.xsd", "Sha256", "0A" * 32, False),
        ("bridge/receipt.xsd", "Sha256", "0a" * 31, False),
        ("bridge/receipt.xsd", "Verdict", "perhaps", False),
        ("bridge/receipt.xsd", "Line", "0", False),
    ],
)
def test_given_a_value_in_a_full_document_when_changed_then_the_verdict_is_as_listed(
    file: str, element: str, value: str, expected: bool
) -> None:
    document = made(file, full=True)
    next(document.iter(f"{{*}}{element}")).text = value
    assert verdict(file, document) is expected


def test_given_a_new_agreement_when_both_kinds_or_neither_are_there_then_it_is_refused() -> None:
    file = "process_1_1/1_1_1_6.xsd"
    neither, twice = made(file, full=True), made(file, full=True)
    agreement = next(neither.iter("{*}BusinessData_SupplyAgreement"))
    agreement.getparent().remove(agreement)  # type: ignore[union-attr]
    again = next(twice.iter("{*}BusinessData_SupplyAgreement"))
    again.addnext(copy.deepcopy(again))
    assert not verdict(file, neither)
    assert not verdict(file, twice)


# --- agreement on anything

NAMESPACES = ["", "urn:pl:oire:technical:v1", TYPES_NS, "urn:pl:oire:message_R_1:v1", "urn:pl:oire:unk_8_1_1_5:v1"]
VALUES = [value for good, bad in FACETS.values() for value in (*good, *bad)] + [
    *(
        "CK0344",
        "CK0069",
        "305",
        "x",
        "23",
        "8.1.",
        "8.1.1.5.",
        "true",
        "TRUE",
        "1",
        "0",
        "+1",
        "-0",
        "007",
        "1.",
        ".5",
    ),
    *("2024-02-29", "2026-02-29", "2026-01-31Z", "2026-01-31+14:00", "2026-01-31+14:01", "31.01.2026", "2026-1-31"),
    *("2026-01-31T24:00:00", "2026-01-31T23:59:60", "2026-01-31T10:00:00.123456789Z", "2026-01-31T10:00", "INF", "NaN"),
]
MUTATED = ["generic/R_1.xsd", "process_3_1/3_1_1_1.xsd", "process_8_1/8_1_1_5.xsd", "generic/S.xsd"]


def drop(element: etree._Element, parent: etree._Element, _data: st.DataObject) -> None:
    parent.remove(element)


def double(element: etree._Element, _parent: etree._Element, _data: st.DataObject) -> None:
    element.addnext(copy.deepcopy(element))


def swap(element: etree._Element, parent: etree._Element, data: st.DataObject) -> None:
    parent.insert(data.draw(st.integers(0, len(parent) - 1)), element)


def move_to_another_namespace(element: etree._Element, _parent: etree._Element, data: st.DataObject) -> None:
    name = etree.QName(data.draw(st.sampled_from(NAMESPACES)) or None, etree.QName(element).localname)
    element.tag = str(name.text)


def rename(element: etree._Element, parent: etree._Element, data: st.DataObject) -> None:
    element.tag = str(data.draw(st.sampled_from([e.tag for e in parent.iterchildren("*")])))


def change_value(element: etree._Element, _parent: etree._Element, data: st.DataObject) -> None:
    # Python's numbers know "1_0", "1 0" and a no-break space, and so does xmlschema; XSD and lxml do not
    letters = st.characters(
        min_codepoint=33, max_codepoint=0x17F, exclude_categories=["Cc", "Zs"], exclude_characters="_"
    )
    element.text = data.draw(st.one_of(st.sampled_from(VALUES), st.text(letters, max_size=30)))


def add_attribute(element: etree._Element, _parent: etree._Element, _data: st.DataObject) -> None:
    element.set("lang", "pl")


def add_comment(element: etree._Element, _parent: etree._Element, _data: st.DataObject) -> None:
    element.addnext(etree.Comment("nothing"))


MUTATIONS = [
    drop,
    double,
    swap,
    move_to_another_namespace,
    rename,
    change_value,
    change_value,
    add_attribute,
    add_comment,
]


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_given_any_mutated_document_when_validated_then_lxml_and_xmlschema_agree(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(MUTATED))
    document = made(file, full=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(1, 3))):
        inside = [e for e in document.iter("*") if e is not document]
        element = data.draw(st.sampled_from(range(len(inside))))
        parent = inside[element].getparent()
        assert parent is not None
        data.draw(st.sampled_from(MUTATIONS))(inside[element], parent, data)
    verdict(file, document)


def test_given_the_schema_folder_when_listed_then_each_file_says_what_it_is_for() -> None:
    for file in [*MESSAGES, "csire.xsd", "technical.xsd", "businessDataTypes.xsd"]:
        schema = etree.parse(str(Path(SCHEMAS / file))).getroot()
        assert schema.findtext(f"{XS}annotation/{XS}documentation"), file
