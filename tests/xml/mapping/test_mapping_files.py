"""Mapping files: every error is found at load, what is shipped fits the schemas, a new message is new files only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import BridgeError, ConfigurationError, NotValid, PartnerFault, ProblemCode, RuleBroken
from csire_bridge.domain.identifiers import (
    Eic,
    MessageId,
    MessageNumber,
    MeteringPointCode,
    MeterNumber,
    ProcessInstanceId,
)
from csire_bridge.domain.message.answers import Answer, AnswerKind, answer_of
from csire_bridge.domain.message.envelope_rules import process_of
from csire_bridge.domain.message.message import (
    Header,
    OrderRequest,
    RegistryUpdate,
    Request,
    ResultNotice,
    SpecialNotice,
)
from csire_bridge.domain.order.order import (
    DisconnectionKind,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    ReconnectionReason,
    RejectionReason,
)
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.pipeline.intake.map import Mapper
from csire_bridge.pipeline.intake.validate import Validator
from csire_bridge.pipeline.intake.verify import Verifier
from csire_bridge.xml.envelope import format_moment
from csire_bridge.xml.mapping.book import MappingBook
from csire_bridge.xml.mapping.loader import load_file
from csire_bridge.xml.mapping.model import FieldRule, Group, InboundFile, Leaf, OutboundFile
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.security.signature import parse_back, serialise, sign_enveloped
from tests.support.chance import examples
from tests.support.defaults import LIMITS as DEFAULT_LIMITS

SCHEMAS, MAPPINGS, SAMPLES = folder("schemas"), folder("mappings"), folder("samples")
SHIPPED = sorted(MAPPINGS.glob("*.yaml"))
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OWN, HUB = Eic("19XENERGAOPERATS"), Eic("10XPL-TSO------P")

INBOUND = """\
message: 8.1.1.5
name:
  en: Execute a disconnection
  pl: Żądanie realizacji wyłączenia
direction: inbound
namespace: urn:pl:oire:unk_8_1_1_5:v1
root: DisconnectionRequest
type: 8.1_1
becomes: order
set:
  kind: disconnect
fields:
  process_instance:
    path: m:Payload/m:Miscellaneous/m:ProcessInstanceId
    as: process-instance
    required: true
  metering_point:
    path: m:Payload/m:MeteringPointData_Basic/m:MeteringPointCode
    as: metering-point
    required: true
  disconnection_kind:
    path: m:Payload/m:DisconnectionRequestData/m:DisconnectionRequestType
    as: code
    table:
      CK0344: debt
      CK0345: shut-down
  requested_date:
    path: m:Payload/m:DisconnectionRequestData/m:RequestedExecutionDate
    as: date
    when: m:Payload/m:DisconnectionRequestData
ignored:
  - m:Payload/m:DisconnectionRequestData/m:SupplierIdentifier
rules:
  - when: m:Payload/m:DisconnectionRequestData/m:RequestDescription = 'no'
    refuse: it says no
    remedy: say yes
"""
OUTBOUND = """\
message: 8.1.1.11
name: {en: Disconnected, pl: Wyłączono}
direction: outbound
namespace: urn:pl:oire:unk_8_1_1_11:v1
root: DisconnectionNotification
type: 8.1_2
payload:
  Miscellaneous:
    ProcessInstanceId: {from: process_instance}
  MeteringPointData_Basic:
    MeteringPointCode: {from: metering_point}
  DisconnectionData:
    ExecutionTimestamp: {from: executed_at, as: moment}
    PhysicalStatus:
      from: outcome
      table:
        disconnected: CK0070
    ExecutionDescription: {from: description, longest: 250}
"""
DATA = "m:Payload/m:DisconnectionRequestData"


@cache
def catalogue() -> SchemaCatalogue:
    return SchemaCatalogue([SCHEMAS])


@cache
def book() -> MappingBook:
    return MappingBook([MAPPINGS], catalogue())


def load(place: Path, **files: str) -> MappingBook:
    """A book of the given files, by name without extension."""
    for name, text in files.items():
        (place / f"{name}.yaml").write_text(text, "utf-8")
    return MappingBook([place], catalogue())


def line_of(text: str, marker: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if marker in line)


def complaint(place: Path, **files: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(place, **files)
    assert caught.value.remedy
    return caught.value.text.replace(f"{place}/", "")


# --- errors are found at load, with file, line and key


def test_given_the_two_files_of_these_tests_when_loaded_then_nothing_is_wrong_with_them(tmp_path: Path) -> None:
    loaded = load(tmp_path, one=INBOUND, two=OUTBOUND)
    assert len(loaded.inbound) == len(loaded.outbound) == 1


@pytest.mark.parametrize(
    ("old", "new", "marker", "key", "words"),
    [
        ("kind: disconnect", "kind: [disconnect", "fields:", "(top)", "can't be read"),
        ("  kind: disconnect", "\tkind: disconnect", "\tkind", "(top)", "can't be read"),
        ("becomes: order", "becomes: order\n'becomes': order", "'becomes'", "becomes", "stands twice"),
        ("    as: date", "    as: date\n    'as': date", "'as'", "fields.requested_date.as", "stands twice"),
        ("type: 8.1_1", "type: 8.1_1\ncolour: red", "colour", "colour", "not known here"),
        ("    as: date", "    as: date\n    twice: true", "twice", "fields.requested_date.twice", "not known here"),
        ("  pl: Ż", "  fr: Ż", "fr: Ż", "name.fr", "the key fr is not known here"),
        ("type: 8.1_1\n", "", "message:", "type", "missing: add it"),
        ("direction: inbound", "direction: sideways", "message:", "(top)", "inbound, outbound"),
        ("direction: inbound\n", "", "message:", "(top)", "inbound, outbound"),
        ("becomes: order", "becomes: poem", "becomes", "becomes", "is not one of order"),
        ("message: 8.1.1.5", "message: eight", "message:", "message.0", "not a message number"),
        ("message: 8.1.1.5", "message: []", "message:", "message", "at least 1"),
        ("root: DisconnectionRequest", "root: Nothing", "root:", "root", "no schema declares"),
        ("unk_8_1_1_5:v1", "unk_8_1_1_5:v9", "root:", "root", "no schema declares"),
        ("  requested_date:", "  wanted_date:", "wanted_date", "fields.wanted_date", "unknown field"),
        ("  kind: disconnect", "  kind: explode", "kind:", "set.kind", "'explode' is not one of disconnect"),
        ("  kind: disconnect", "  kind: disconnect\n  sort: x", "sort", "set.sort", "unknown field"),
        ("  kind: disconnect", "  kind: disconnect\n  effective_date: x", "effective", "set.effective_date", "date"),
        ("    as: date", "    as: time", "as: time", "fields.requested_date.as", "is for writing"),
        ("    as: date", "    as: day", "as: day", "fields.requested_date.as", "one of text, code, boolean, date"),
        ("    as: date", "    as: decimal", "as: decimal", "fields.requested_date.as", "gives a number"),
        ("    as: date", "    as: 'code'", "'code'", "fields.requested_date.as", "needs a table"),
        ("    as: code\n", "    as: text\n", "table:", "fields.disconnection_kind.table", "`as: code` only"),
        ("CK0345: shut-down", "CK0345: sunny", "table:", "fields.disconnection_kind.table", "'sunny' is not one of"),
        (
            "    table:\n",
            "    table: {}\n    tables:\n",
            "tables:",
            "fields.disconnection_kind.tables",
            "not known here",
        ),
        ("as: process-instance\n    required: true", "as: process-instance", "fields:", "fields", "process_instance"),
        ("set:\n  kind: disconnect\n", "", "fields:", "fields", "field kind must be set"),
        ("m:RequestedExecutionDate", "m:Requested[", "m:Requested[", "fields.requested_date.path", ""),
        ("m:RequestedExecutionDate", "x:Date", "x:Date", "fields.requested_date.path", "prefix x is unknown"),
        ("m:RequestedExecutionDate", "m:A[x:B]", "m:A[x:B]", "fields.requested_date.path", "prefix x is unknown"),
        (
            "path: m:Payload/m:Misc",
            "path: string(m:a)/m:Misc",
            "string",
            "fields.process_instance.path",
            "",
        ),
        (
            "path: m:Payload/m:Miscellaneous/m:ProcessInstanceId",
            "path: count(m:Payload)",
            "count",
            "fields.process_instance.path",
            "no element",
        ),
        ("    when: m:Payload/", "    when: when(m:Payload)/", "when(", "fields.requested_date.when", ""),
        ("  - when: m:Payload", "  - when: ((m:Payload", "((m", "rules.0.when", ""),
        ("    refuse: it says no\n", "", "- when", "rules.0.refuse", "missing: add it"),
        (
            "    path: m:Payload/m:Misc",
            "    way: m:Payload/m:Misc",
            "way:",
            "fields.process_instance.way",
            "not known here",
        ),
        ("rules:", "answers:\n  done: 8.1.1.11\nrules:", "done:", "answers.done", "builds message 8.1.1.11"),
        ("rules:", "answers:\n  maybe: 8.1.1.11\nrules:", "maybe:", "answers.maybe", "is not one of done, cannot"),
    ],
)
def test_given_an_error_in_an_inbound_file_when_loaded_then_file_line_and_key_are_named(
    tmp_path: Path, old: str, new: str, marker: str, key: str, words: str
) -> None:
    assert INBOUND.count(old) == 1
    text = INBOUND.replace(old, new)
    found = complaint(tmp_path, wrong=text)
    due = f"wrong.yaml, line {line_of(text, marker)}, key {key}: "
    matching = [line for line in found.splitlines() if line.startswith(due)]
    assert matching, f"{due!r} is due, found is {found!r}"
    assert any(words in line for line in matching), matching


@pytest.mark.parametrize(
    ("old", "new", "marker", "key", "words"),
    [
        ("from: process_instance", "from: nobody", "nobody", "payload.Miscellaneous.ProcessInstanceId.from", "unknown"),
        (", as: moment", ", as: date", "executed_at", "payload.DisconnectionData.ExecutionTimestamp.as", "writes date"),
        (
            "{from: process_instance}",
            "{from: process_instance, as: moment}",
            "process_instance",
            "payload.Miscellaneous.ProcessInstanceId.as",
            "does not write a process instance",
        ),
        (
            "disconnected: CK0070",
            "exploded: CK0070",
            "table:",
            "payload.DisconnectionData.PhysicalStatus.table",
            "'exploded' is not one of",
        ),
        (
            "longest: 250",
            "longest: 0",
            "longest",
            "payload.DisconnectionData.ExecutionDescription.longest",
            "must be more than 0",
        ),
        (
            "longest: 250",
            "shortest: 1",
            "shortest",
            "payload.DisconnectionData.ExecutionDescription.shortest",
            "not known here",
        ),
        ("payload:\n", "fields:\n", "fields:", "fields", "not known here"),
        ("root: DisconnectionN", "root: N", "root:", "root", "no schema declares"),
    ],
)
def test_given_an_error_in_an_outbound_file_when_loaded_then_file_line_and_key_are_named(
    tmp_path: Path, old: str, new: str, marker: str, key: str, words: str
) -> None:
    assert OUTBOUND.count(old) == 1
    text = OUTBOUND.replace(old, new)
    found = complaint(tmp_path, wrong=text)
    due = f"wrong.yaml, line {line_of(text, marker)}, key {key}: "
    matching = [line for line in found.splitlines() if line.startswith(due)]
    assert matching, f"{due!r} is due, found is {found!r}"
    assert any(words in line for line in matching), matching


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "- a\n- b",
        "just text",
        "a: &a [*a]",
        "? [a, b]\n: c",
        "a: 1\n---\nb: 2",
        "a: \x07",
        "a: *b",
    ],
)
def test_given_a_file_that_is_no_mapping_at_all_when_loaded_then_the_file_is_named(tmp_path: Path, text: str) -> None:
    assert complaint(tmp_path, wrong=text).startswith("wrong.yaml, line ")


def test_given_files_that_can_not_be_read_when_loaded_then_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "latin.yaml").write_bytes("message: żółw".encode("iso-8859-2"))
    found = complaint(tmp_path)
    assert "folder.yaml can't be read" in found
    assert "latin.yaml can't be read" in found


def test_given_a_mapping_folder_that_is_not_there_when_loaded_then_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere is not there"):
        MappingBook([tmp_path / "nowhere", MAPPINGS], catalogue())


def test_given_many_errors_in_many_files_when_loaded_then_all_are_told_at_once(tmp_path: Path) -> None:
    first = INBOUND.replace("as: date", "as: decimal").replace("kind: disconnect", "kind: explode")
    second = OUTBOUND.replace("from: process_instance", "from: nobody")
    found = complaint(tmp_path, one=first, two=second)
    assert len(found.splitlines()) == 3
    assert [line.split(",")[0] for line in found.splitlines()] == ["one.yaml", "one.yaml", "two.yaml"]


def test_given_two_files_for_one_root_when_loaded_then_the_second_is_refused(tmp_path: Path) -> None:
    found = complaint(tmp_path, one=INBOUND, two=INBOUND)
    assert found.startswith("two.yaml, line 7, key root: another mapping file already reads")


def test_given_two_files_that_build_one_number_when_loaded_then_the_second_is_refused(tmp_path: Path) -> None:
    other = OUTBOUND.replace("unk_8_1_1_11", "unk_8_2_1_11").replace("root: Disc", "root: C")
    found = complaint(tmp_path, one=OUTBOUND, two=other)
    assert found == "two.yaml, line 1, key message: another mapping file already builds message 8.1.1.11: one.yaml"


# --- how files are read


def test_given_values_that_yaml_would_change_when_loaded_then_they_stay_the_text_that_they_are(tmp_path: Path) -> None:
    text = OUTBOUND.replace("{from: process_instance}", "{from: process_instance, default: no}")
    text = text.replace("message: 8.1.1.11", "message: [8.10, 8.1]")
    found = load(tmp_path, one=INBOUND, two=text)
    assert {m.facts.message_type for m in found.inbound.values()} == {"8.1_1"}
    assert set(found.outbound) == {"8.10", "8.1"}
    (tmp_path / "two.yaml").write_text(text.replace("disconnected: CK0070", "disconnected: 010"), "utf-8")
    content = load_file(tmp_path / "two.yaml").content
    assert isinstance(content, OutboundFile)
    leaves = dict(leaves_of(content.payload))
    assert leaves["Miscellaneous/ProcessInstanceId"].default == "no"
    assert leaves["DisconnectionData/PhysicalStatus"].table == {"disconnected": "010"}


def test_given_a_folder_laid_over_ours_when_loaded_then_its_files_win_and_the_others_stay(tmp_path: Path) -> None:
    shipped = (MAPPINGS / "8.1.1.5.yaml").read_text("utf-8")
    (tmp_path / "8.1.1.5.yaml").write_text(shipped.replace("CK0345: shut-down", "CK0345: prepaid"), "utf-8")
    laid = MappingBook([tmp_path, MAPPINGS], catalogue())
    assert laid.inbound.keys() == book().inbound.keys()
    raw = (SAMPLES / "good" / "8.1.1.5-shut-down.xml").read_bytes()
    kinds = [read(b, raw) for b in (laid, book())]
    assert [k.disconnection_kind for k in kinds if isinstance(k, OrderRequest)] == [
        DisconnectionKind.PREPAID,
        DisconnectionKind.SHUT_DOWN,
    ]
    assert MappingBook([MAPPINGS, tmp_path], catalogue()).inbound.keys() == book().inbound.keys()


def read(mappings: MappingBook, raw: bytes) -> Request:
    tree = parse(raw)
    return mappings.reader(str(tree.tag)).read(tree)


def sample(name: str, *changes: str) -> bytes:
    """A good sample with pairs of old and new text applied."""
    text = (SAMPLES / "good" / name).read_text("utf-8")
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


@pytest.mark.parametrize("file", sorted((SAMPLES / "good").glob("*.xml")), ids=lambda f: f.name)
def test_given_a_good_sample_when_read_then_it_becomes_what_its_mapping_file_says(file: Path) -> None:
    tree = parse(file.read_bytes())
    facts = book().facts(str(tree.tag))
    if not facts.inbound:
        with pytest.raises(NotValid) as caught:
            book().reader(str(tree.tag))
        assert caught.value.code is ProblemCode.WRONG_DIRECTION
        return
    found = book().reader(str(tree.tag)).read(tree)
    assert isinstance(found, OrderRequest | RegistryUpdate | ResultNotice | SpecialNotice)
    if isinstance(found, OrderRequest):
        assert isinstance(found.metering_point, MeteringPointCode)
        assert isinstance(found.process_instance, ProcessInstanceId)


def test_given_a_rich_message_when_read_then_each_value_has_its_type() -> None:
    found = read(book(), (SAMPLES / "good" / "3.1.1.1-rich.xml").read_bytes())
    assert isinstance(found, RegistryUpdate)
    assert isinstance(found.contracted_power, Decimal)
    assert isinstance(found.effective_date, date)
    assert isinstance(found.meter_number, MeterNumber)
    assert {
        type(v) for v in (found.has_contactor, found.connected, found.danger_registered, found.can_be_suspended)
    } == {bool}


def test_given_a_root_that_nobody_knows_when_asked_for_then_it_is_an_unknown_message() -> None:
    for ask in (book().facts, book().reader):
        with pytest.raises(NotValid) as caught:
            ask("{urn:x}Y")
        assert caught.value.code is ProblemCode.UNKNOWN_MESSAGE


def test_given_several_wrong_values_when_read_then_all_are_told_with_code_and_path() -> None:
    raw = sample("8.1.1.5-debt.xml", "590243856287817706", "590243856287817707", "19XPL-RZE-SA---V", "19XPL-RZE-SA---X")
    with pytest.raises(RuleBroken) as caught:
        read(book(), raw)
    assert [p.code for p in caught.value.problems] == [ProblemCode.POINT_CHECK_DIGIT, ProblemCode.EIC_CHECK_CHARACTER]
    assert all(p.path and p.path.startswith("m:Payload/") for p in caught.value.problems)


@pytest.mark.parametrize("day", ["0001-01-01", "0001-01-01Z", "1899-12-31+01:00", "-0001-01-01", "12026-01-01"])
def test_given_a_date_that_stands_for_no_date_when_read_then_it_is_a_broken_rule_and_nothing_breaks(day: str) -> None:
    raw = sample("8.1.1.5-debt.xml", ">2026-11-23<", f">{day}<")
    with pytest.raises(RuleBroken) as caught:
        read(book(), raw)
    assert caught.value.code is ProblemCode.VALUE


@pytest.mark.parametrize(("day", "read_as"), [("2026-11-23Z", 23), ("2026-11-23+14:00", 23), (" 2026-11-24\n", 24)])
def test_given_a_date_with_an_offset_when_read_then_the_date_itself_counts(day: str, read_as: int) -> None:
    found = read(book(), sample("8.1.1.5-debt.xml", ">2026-11-23<", f">{day}<"))
    assert isinstance(found, OrderRequest)
    assert found.requested_date == date(2026, 11, read_as)


@pytest.mark.parametrize(("code", "accepted"), [("CA001", True), ("CA999", True), ("CE104", False), ("CE181", False)])
def test_given_a_table_with_a_star_when_read_then_all_codes_that_begin_so_are_taken(code: str, accepted: bool) -> None:
    text = (SAMPLES / "good" / "8.1.1.13-done-accepted.xml").read_text("utf-8")
    found = read(book(), re.sub(r">CA\d+<", f">{code}<", text).encode())
    assert isinstance(found, ResultNotice)
    assert (found.result_code, found.accepted) == (code, accepted)


def test_given_a_code_that_no_line_of_the_table_takes_when_read_then_the_known_ones_are_told() -> None:
    text = (SAMPLES / "good" / "8.1.1.13-done-accepted.xml").read_text("utf-8")
    with pytest.raises(RuleBroken, match=r"'XX001' is not one of CA\*, CE\*"):
        read(book(), re.sub(r">CA\d+<", ">XX001<", text).encode())


def test_given_an_exact_code_and_a_star_when_read_then_the_exact_one_wins_wherever_it_stands(tmp_path: Path) -> None:
    text = INBOUND.replace("      CK0344: debt\n      CK0345: shut-down\n", "      CK*: prepaid\n      CK0344: debt\n")
    laid = load(tmp_path, one=text)
    kinds = [read(laid, sample(f"8.1.1.5-{n}.xml")) for n in ("debt", "shut-down")]
    assert [k.disconnection_kind for k in kinds if isinstance(k, OrderRequest)] == [
        DisconnectionKind.DEBT,
        DisconnectionKind.PREPAID,
    ]


def test_given_a_condition_on_a_field_when_it_does_not_hold_then_the_field_is_not_told(tmp_path: Path) -> None:
    text = INBOUND.replace("when: m:Payload/m:DisconnectionRequestData\n", f"when: {DATA}/m:RequestDescription = 'x'\n")
    found = [read(load(tmp_path, one=t), sample("8.1.1.5-debt.xml")) for t in (INBOUND, text)]
    assert [f.requested_date for f in found if isinstance(f, OrderRequest)] == [date(2026, 11, 23), None]


def test_given_a_rule_when_it_holds_then_the_message_is_refused_in_the_files_own_words(tmp_path: Path) -> None:
    laid = load(tmp_path, one=INBOUND)
    raw = re.sub(rb"<RequestDescription>.*</", b"<RequestDescription>no</", sample("8.1.1.5-debt.xml"))
    with pytest.raises(RuleBroken) as caught:
        read(laid, raw)
    (problem,) = caught.value.problems
    assert (problem.code, problem.text, problem.remedy) == (ProblemCode.CONDITION, "it says no", "say yes")


def test_given_several_paths_when_read_then_the_first_that_is_there_counts_and_text_nodes_are_taken(
    tmp_path: Path,
) -> None:
    path = "m:Payload/m:DisconnectionRequestData/m:RequestedExecutionDate"
    first = INBOUND.replace(f"    path: {path}", f"    path: [\"{path}[. = '2001-01-01']\", {path}/text(), {path}]")
    found = read(load(tmp_path, one=first), sample("8.1.1.5-debt.xml"))
    assert isinstance(found, OrderRequest)
    assert found.requested_date == date(2026, 11, 23)


# --- what is shipped fits the schemas


@cache
def schema_of(namespace: str) -> Any:
    return xmlschema.XMLSchema10(str(SCHEMAS / catalogue().namespaces()[namespace]))


def child(element: Any, namespace: str, name: str) -> Any:
    for candidate in element.type.content.iter_elements():
        if candidate.name == f"{{{namespace}}}{name}":
            return candidate
    raise AssertionError(f"the schema has no element {name} in {element.local_name}")


def at(namespace: str, root: str, path: str) -> Any:
    """The schema's element at ``m:A/m:B`` below the root element."""
    element = schema_of(namespace).elements[root]
    for step in path.split("/"):
        if step == "*":
            return element
        prefix, _, name = step.partition(":")
        assert prefix == "m", path
        element = child(element, namespace, name)
    return element


def enumeration(element: Any) -> set[str]:
    return {str(value) for value in element.type.enumeration or ()}


def leaves_of(group: Group, above: str = "") -> Iterator[tuple[str, Leaf]]:
    for name, node in group.nodes.items():
        if isinstance(node, Leaf):
            yield above + name, node
        elif isinstance(node, Group):
            yield from leaves_of(node, f"{above}{name}/")


def contents(kind: type[InboundFile] | type[OutboundFile]) -> list[Any]:
    return [c for c in (load_file(file).content for file in SHIPPED) if isinstance(c, kind)]


def fields_of(content: InboundFile) -> list[tuple[str, FieldRule, str]]:
    return [(name, rule, path) for name, rule in content.fields.items() for path in rule.path or ()]


def test_given_the_shipped_files_when_loaded_then_every_message_with_a_schema_has_one() -> None:
    others = {"urn:csire-bridge:receipt:v1"}
    messages = {n for n in catalogue().namespaces() if n.startswith("urn:pl:oire:")} - others
    assert {etree.QName(tag).namespace for tag in book().inbound} | {
        m.namespace for m in book().outbound.values()
    } == messages


@pytest.mark.parametrize("content", contents(InboundFile), ids=lambda c: c.message[0])
def test_given_a_shipped_inbound_file_when_its_paths_are_walked_then_the_schema_has_each(content: InboundFile) -> None:
    for _, _, path in fields_of(content):
        assert at(content.namespace, content.root, path).type.has_simple_content(), path
    conditions = [r.when for r in content.rules] + [r.when for r in content.fields.values() if r.when]
    for condition in conditions:
        paths = re.findall(r"m:Payload(?:/(?:m:\w+|\*))+", condition)
        assert paths, condition
        for path in paths:
            assert at(content.namespace, content.root, path) is not None
        codes = re.findall(r"(m:Payload(?:/m:\w+)+) = '([^']+)'", condition)
        for path, code in codes:
            assert code in enumeration(at(content.namespace, content.root, path)), code


@pytest.mark.parametrize("content", contents(InboundFile), ids=lambda c: c.message[0])
def test_given_a_shipped_table_when_compared_with_the_schema_then_it_knows_exactly_the_codes_of_its_list(
    content: InboundFile,
) -> None:
    for name, rule, path in fields_of(content):
        if rule.table is None:
            continue
        allowed = enumeration(at(content.namespace, content.root, path))
        if not allowed:  # the schema leaves the codes open, so a table can only sort them by how they begin
            assert all(code.endswith("*") for code in rule.table), name
            continue
        exact = {code for code in rule.table if not code.endswith("*")}
        prefixes = tuple(code[:-1] for code in rule.table if code.endswith("*"))
        assert exact <= allowed, name
        assert all(any(value.startswith(p) for value in allowed) for p in prefixes), name
        missing = {v for v in allowed if v not in exact and not v.startswith(prefixes or ("\0",))}
        assert not missing, f"{name}: the schema allows {missing}, but the table does not know them"


@pytest.mark.parametrize("content", contents(OutboundFile), ids=lambda c: c.message[0])
def test_given_a_shipped_outbound_file_when_its_elements_are_walked_then_the_schema_has_each_and_each_code(
    content: OutboundFile,
) -> None:
    for path, leaf in leaves_of(content.payload):
        element = at(content.namespace, content.root, "m:Payload/m:" + path.replace("/", "/m:"))
        assert element.type.has_simple_content(), path
        if leaf.optional:
            assert element.min_occurs == 0, path
        for code in (leaf.table or {}).values():
            assert code in enumeration(element), code
        if leaf.longest:
            assert leaf.longest == element.type.max_length, path


@pytest.mark.parametrize("content", contents(InboundFile) + contents(OutboundFile), ids=lambda c: c.message[0])
def test_given_a_shipped_file_when_its_numbers_and_type_are_looked_up_then_the_standard_has_them(content: Any) -> None:
    types: Any = xmlschema.XMLSchema10(str(SCHEMAS / "businessDataTypes.xsd")).types
    lists = {name: {str(v) for v in t.enumeration or ()} for name, t in types.items() if t.is_simple()}
    numbers = {f"{n}." for n in content.message}
    assert any(numbers <= values for values in lists.values()) or content.message == ("S",)
    assert any(content.type in values for values in lists.values())


# --- answers


def header(number: MessageNumber, message_type: str) -> Header:
    return Header(
        message_id=MessageId.new(),
        answers=MessageId.new(),
        message_type=message_type,
        number=number,
        process=process_of(number) or "",
        timestamp=NOW.astimezone(WARSAW),
        physical_sender=OWN,
        juridical_sender=OWN,
        physical_recipient=HUB,
        juridical_recipient=HUB,
        sender_role="CK0082",
        retroactive_token=None,
    )


ORDER = Order(
    key=1,
    kind=OrderKind.DISCONNECT,
    state=OrderState.REGISTERED,
    metering_point=MeteringPointCode("590243856287817706"),
    process_instance=ProcessInstanceId("40f29226-57d2-43d4-8ed1-b2b2a1e308b9"),
    source_message=MessageId("825970f3-22cb-489c-ad3d-3d89cbba8f04"),
    source_number=MessageNumber("8.1.1.5"),
    registered_at=NOW,
    not_before=NOW,
    version=1,
)
ANSWERED = {
    OrderKind.DISCONNECT: (
        MessageNumber("8.1.1.5"),
        Outcome.DISCONNECTED,
        set(RejectionReason) - {RejectionReason.DEBT_BOTH_SIDES},
    ),
    OrderKind.RECONNECT: (MessageNumber("8.2.1.6"), Outcome.CONNECTED, set(RejectionReason)),
}
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60) | st.text("ąx\x00\r\n\t <&]>\ud800", max_size=40)
LONG_TEXT = st.tuples(ANY_TEXT, st.integers(1, 100)).map(lambda pair: (pair[0] or "x") * pair[1])
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - a range


@st.composite
def ended_orders(draw: st.DrawFn) -> Order:
    """Any order as it may end, with any text that a head-end system may have given it."""
    kind = draw(st.sampled_from(sorted(ANSWERED)))
    number, outcome, reasons = ANSWERED[kind]
    base = replace(
        ORDER,
        kind=kind,
        source_number=number,
        process_instance=ProcessInstanceId(str(draw(st.uuids()))),
        meter=draw(st.none() | ANY_TEXT.map(lambda t: t.strip()[:20].strip()).filter(bool).map(MeterNumber.parse)),
        submitted_at=draw(st.none() | MOMENTS),
        detail=draw(st.none() | ANY_TEXT | LONG_TEXT),
    )
    if draw(st.booleans()):
        return replace(
            base, state=OrderState.DONE, outcome=outcome, executed_at=draw(MOMENTS), verified_at=draw(MOMENTS)
        )
    state = draw(st.sampled_from([OrderState.REJECTED, OrderState.SUPERSEDED]))
    return replace(base, state=state, cannot_reason=draw(st.none() | st.sampled_from(sorted(reasons))))


def build(order: Order) -> tuple[etree._Element, Answer]:
    answer = answer_of(order)
    assert answer is not None
    assert order.source_number is not None
    number = book().answers(order.source_number, order.kind)[answer.kind]
    assert book().answers_to(order.kind)[answer.kind] == number
    mapping = book().outbound[number]
    return parse_back(mapping.write(header(number, mapping.facts.message_type), answer)), answer


@settings(max_examples=examples(300), deadline=None)
@given(order=ended_orders())
@example(order=replace(ORDER, state=OrderState.REJECTED, detail=""))
@example(order=replace(ORDER, state=OrderState.REJECTED, detail="\x00\ud800\ufffe"))
@example(order=replace(ORDER, state=OrderState.REJECTED, detail="\U0001f4a1" * 3000))
def test_given_any_order_that_has_ended_when_answered_then_the_document_follows_its_schema_as_made_and_as_sent(
    order: Order,
) -> None:
    root, answer = build(order)
    assert catalogue().decide(root), catalogue().explain(root)
    sent = parse(serialise(root))
    assert catalogue().decide(sent), catalogue().explain(sent)
    texts = {element.text for element in sent.iter(etree.Element)}
    assert {answer.process_instance, answer.metering_point} <= texts
    if answer.executed_at is not None:
        assert format_moment(answer.executed_at.astimezone(WARSAW)) in texts


def test_given_the_four_answers_when_built_then_they_are_the_four_outbound_messages() -> None:
    found = {book().answers(n, order)[kind] for order, (n, _, _) in ANSWERED.items() for kind in AnswerKind}
    assert found == {"8.1.1.7", "8.1.1.11", "8.2.1.7", "8.2.1.11"}
    assert set(book().outbound) - found == {"8.3.1.1", "8.4.1.1"}  # which the operator starts
    assert book().answers(MessageNumber("3.1.1.1"), OrderKind.DISCONNECT) == {}


@pytest.mark.parametrize(
    ("facts", "number"),
    [
        ({"kind": OrderKind.DISCONNECT, "disconnection_kind": DisconnectionKind.DANGER}, "8.3.1.1"),
        ({"kind": OrderKind.RECONNECT, "reconnection_reason": ReconnectionReason.DANGER_GONE}, "8.4.1.1"),
    ],
)
def test_given_an_order_of_the_operators_own_when_it_ends_then_the_hub_is_told_only_what_was_done(
    facts: dict[str, Any], number: str
) -> None:
    outcome = Outcome.DISCONNECTED if number == "8.3.1.1" else Outcome.CONNECTED
    own = replace(ORDER, source_message=None, source_number=None, **facts)
    done = replace(own, state=OrderState.DONE, outcome=outcome, executed_at=NOW, verified_at=NOW)
    due = book().answer_due(done)
    assert due is not None
    assert due[0] == number
    root = parse_back(book().outbound[due[0]].write(header(due[0], book().outbound[due[0]].facts.message_type), due[1]))
    assert catalogue().decide(root), catalogue().explain(root)
    for state in (OrderState.REJECTED, OrderState.WITHDRAWN, OrderState.SUPERSEDED, OrderState.PARKED):
        assert book().answer_due(replace(own, state=state)) is None


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, state=OrderState.DONE, outcome=Outcome.ARMED, executed_at=NOW, verified_at=NOW),
        replace(ORDER, state=OrderState.DONE, outcome=Outcome.CONNECTED, executed_at=NOW, verified_at=NOW),
        replace(ORDER, state=OrderState.DONE, outcome=Outcome.UNKNOWN, executed_at=NOW, verified_at=NOW),
    ],
    ids=["armed", "connected", "unknown"],
)
def test_given_a_fact_that_the_message_has_no_code_for_when_built_then_no_document_comes_of_it(order: Order) -> None:
    with pytest.raises(ConfigurationError, match="has no code for"):
        build(order)


def test_given_an_answer_without_a_value_that_the_message_needs_when_built_then_the_file_is_named() -> None:
    answer = replace(build(replace(ORDER, state=OrderState.REJECTED))[1], kind=AnswerKind.DONE)
    mapping = book().outbound[MessageNumber("8.1.1.11")]
    with pytest.raises(ConfigurationError, match=r"8\.1\.1\.11\.yaml: the answer has no executed_at"):
        mapping.write(header(mapping.number, mapping.facts.message_type), answer)


# --- a message of the standard that the product does not ship: files only

NEW_XSD = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:m="urn:pl:oire:unk_{n}:v1"
  xmlns:t="urn:pl:oire:technical:v1" xmlns:b="urn:pl:oire:businessDataTypes:v1"
  targetNamespace="urn:pl:oire:unk_{n}:v1" elementFormDefault="qualified">
  <xs:import namespace="urn:pl:oire:technical:v1" schemaLocation="../technical.xsd"/>
  <xs:import namespace="urn:pl:oire:businessDataTypes:v1" schemaLocation="../businessDataTypes.xsd"/>
  <xs:element name="{root}">
    <xs:complexType><xs:sequence>
      <xs:element name="Header" type="t:Header"/>
      <xs:element name="ProcessEnergyContext" type="t:ProcessEnergyContext"/>
      <xs:element name="Payload"><xs:complexType><xs:sequence>{payload}</xs:sequence></xs:complexType></xs:element>
    </xs:sequence></xs:complexType>
  </xs:element>
</xs:schema>
"""
ASKED = (
    '<xs:element name="Run" type="b:UuidType"/><xs:element name="Place" type="b:MeteringPointCodeType"/>'
    '<xs:element name="From" type="xs:date"/><xs:element name="KiloWatt" type="xs:decimal" minOccurs="0"/>'
)
TOLD_DONE = (
    '<xs:element name="Run" type="b:UuidType"/><xs:element name="Place" type="b:MeteringPointCodeType"/>'
    '<xs:element name="When" type="xs:dateTime"/>'
)
TOLD_CANNOT = (
    '<xs:element name="Run" type="b:UuidType"/>'
    '<xs:element name="Why"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="N1"/>'
    '<xs:enumeration value="N2"/></xs:restriction></xs:simpleType></xs:element>'
    '<xs:element name="Words" type="b:String250_Type"/>'
)
NEW_MAPPINGS = {
    "8.5.1.4": """\
message: 8.5.1.4
name: {en: Limit the power, pl: Ogranicz moc}
direction: inbound
namespace: urn:pl:oire:unk_8_5_1_4:v1
root: PowerLimitRequest
type: 8.5_1
becomes: order
set: {kind: parametrisation}
fields:
  process_instance: {path: m:Payload/m:Run, as: process-instance, required: true}
  metering_point: {path: m:Payload/m:Place, as: metering-point, required: true}
  effective_date: {path: m:Payload/m:From, as: date}
  contracted_power: {path: m:Payload/m:KiloWatt, as: decimal}
rules:
  - when: m:Payload/m:KiloWatt < 0
    refuse: the power is negative
    remedy: send a power of 0 or more
answers: {done: 8.5.1.9, cannot: 8.5.1.5}
""",
    "8.5.1.9": """\
message: 8.5.1.9
name: {en: Power limited, pl: Moc ograniczona}
direction: outbound
namespace: urn:pl:oire:unk_8_5_1_9:v1
root: PowerLimited
type: 8.5_2
payload:
  Run: {from: process_instance}
  Place: {from: metering_point}
  When: {from: executed_at, as: moment}
""",
    "8.5.1.5": """\
message: 8.5.1.5
name: {en: Cannot limit the power, pl: Nie można ograniczyć mocy}
direction: outbound
namespace: urn:pl:oire:unk_8_5_1_5:v1
root: PowerNotLimited
type: 8.5_3
payload:
  Run: {from: process_instance}
  Why: {from: reason, table: {not-possible: N1, debt-both-sides: N2, other: N2}}
  Words: {from: description, longest: 250, default: no further details}
""",
}


@pytest.fixture
def release(tmp_path: Path) -> tuple[SchemaCatalogue, MappingBook]:
    """The product with a new release of the standard laid over it: three schemas and three mapping files."""
    schemas, mappings = tmp_path / "schemas", tmp_path / "mappings"
    (schemas / "process_8_5").mkdir(parents=True)
    mappings.mkdir()
    for number, root, payload in (
        ("8.5.1.4", "PowerLimitRequest", ASKED),
        ("8.5.1.9", "PowerLimited", TOLD_DONE),
        ("8.5.1.5", "PowerNotLimited", TOLD_CANNOT),
    ):
        name = number.replace(".", "_")
        text = NEW_XSD.format(n=name, root=root, payload=payload)
        (schemas / "process_8_5" / f"{name}.xsd").write_text(text, "utf-8")
        (mappings / f"{number}.yaml").write_text(NEW_MAPPINGS[number], "utf-8")
    new = SchemaCatalogue([schemas, SCHEMAS])
    return new, MappingBook([mappings, MAPPINGS], new)


def new_message(**payload: str) -> bytes:
    """The hub's message 8.5.1.4, made of a sample's envelope."""
    text = sample(
        "8.1.1.5-debt.xml",
        *("unk_8_1_1_5:v1", "unk_8_5_1_4:v1", "<t:MessageType>8.1_1<", "<t:MessageType>8.5_1<"),
        *(">8.1.<", ">8.5.<", ">8.1.1.5.<", ">8.5.1.4.<"),
    ).decode()
    text = text.replace("DisconnectionRequest xmlns", "PowerLimitRequest xmlns").replace(
        "</DisconnectionRequest>", "</PowerLimitRequest>"
    )
    elements = "".join(f"<{name}>{value}</{name}>" for name, value in payload.items())
    return re.sub(r"<Payload>.*</Payload>", f"<Payload>{elements}</Payload>", text, flags=re.DOTALL).encode()


WANTED: Mapping[str, str] = {
    "Run": "40F29226-57D2-43D4-8ED1-B2B2A1E308B9",
    "Place": "590243856287817706",
    "From": "2026-12-01",
    "KiloWatt": "12.5",
}


def take_in(release: tuple[SchemaCatalogue, MappingBook], place: Path, raw: bytes) -> Request:
    """Verify, validate and map, as the pipeline does, with real signatures."""
    new_catalogue, new_book = release
    pki = make_demo_pki(place, NOW)
    verifier = Verifier(pki.partners)
    trusted = verifier.verify(sign_enveloped(parse(raw), pki.hub.signing), NOW)
    validator = Validator(new_catalogue, new_book, OWN, DEFAULT_LIMITS)
    validator.check_schema(trusted.tree, trusted.received)
    read_header = validator.read_header(trusted.tree)
    verifier.check_sender(read_header, trusted.signer)
    validator.check_envelope(str(trusted.tree.tag), read_header, NOW)
    return Mapper(new_book, DEFAULT_LIMITS).read(trusted.tree, NOW)


def test_given_only_new_files_when_a_new_message_comes_then_it_becomes_an_order(
    release: tuple[SchemaCatalogue, MappingBook], tmp_path: Path
) -> None:
    found = take_in(release, tmp_path, new_message(**WANTED))
    assert found == OrderRequest(
        kind=OrderKind.PARAMETRISATION,
        process_instance=ProcessInstanceId("40f29226-57d2-43d4-8ed1-b2b2a1e308b9"),
        metering_point=MeteringPointCode("590243856287817706"),
        effective_date=date(2026, 12, 1),
        contracted_power=Decimal("12.5"),
    )


def test_given_only_new_files_when_the_message_is_wrong_then_schema_rules_and_conditions_refuse_it_as_any_other(
    release: tuple[SchemaCatalogue, MappingBook], tmp_path: Path
) -> None:
    wrong: Sequence[tuple[bytes, ProblemCode]] = [
        (new_message(**{**WANTED, "From": "tomorrow"}), ProblemCode.VALUE),
        (new_message(**{**WANTED, "Place": "590243856287817707"}), ProblemCode.POINT_CHECK_DIGIT),
        (new_message(**{**WANTED, "KiloWatt": "-1"}), ProblemCode.CONDITION),
        (new_message(**{**WANTED, "From": "2036-12-01"}), ProblemCode.DATE_HORIZON),
        (new_message(**WANTED).replace(b">8.5.1.4.<", b">8.1.1.5.<"), ProblemCode.NUMBER_MISMATCH),
    ]
    for raw, code in wrong:
        with pytest.raises(PartnerFault) as caught:
            take_in(release, tmp_path, raw)
        assert caught.value.code is code, caught.value


@pytest.mark.parametrize("kind", AnswerKind)
def test_given_only_new_files_when_the_order_is_answered_then_the_new_document_follows_its_schema(
    release: tuple[SchemaCatalogue, MappingBook], kind: AnswerKind
) -> None:
    new_catalogue, new_book = release
    assert ORDER.process_instance is not None
    number = new_book.answers(MessageNumber("8.5.1.4"), OrderKind.PARAMETRISATION)[kind]
    answer = Answer(
        kind=kind,
        process_instance=ORDER.process_instance,
        metering_point=ORDER.metering_point,
        executed_at=NOW,
        reason=RejectionReason.OTHER,
    )
    mapping = new_book.outbound[number]
    root = parse_back(mapping.write(header(number, mapping.facts.message_type), answer))
    assert new_catalogue.decide(root), new_catalogue.explain(root)
    assert root.tag in (
        f"{{urn:pl:oire:unk_8_5_1_{n}:v1}}{name}" for n, name in ((9, "PowerLimited"), (5, "PowerNotLimited"))
    )


def test_given_the_product_without_the_new_files_when_the_message_comes_then_it_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(NotValid) as caught:
        take_in((catalogue(), book()), tmp_path, new_message(**WANTED))
    assert caught.value.code is ProblemCode.UNKNOWN_MESSAGE
    assert isinstance(caught.value, BridgeError)
