"""The catalogue: verdicts, folders laid over one another file by file, threads, and explanations for people."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ConfigurationError, NotValid, Problem, ProblemCode
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from tests.support.patience import PATIENCE

SCHEMAS = folder("schemas")
REQUEST = "urn:pl:oire:unk_8_1_1_5:v1"
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
GOOD = """<m:DisconnectionRequest xmlns:m="urn:pl:oire:unk_8_1_1_5:v1" xmlns="urn:pl:oire:technical:v1">
<m:Header>
<MessageId>0b2b7d0e-7c5e-4f0f-9a53-0d6a4a3c1111</MessageId>
<MessageType>8.1_1</MessageType>
<MessageTypeResponsibleOrganization>x</MessageTypeResponsibleOrganization>
<MessageTimestamp>2026-01-30T10:00:00Z</MessageTimestamp>
<PhysicalSenderId>10XPL-TSO------P</PhysicalSenderId>
<PhysicalSenderIdResponsibleOrganization>305</PhysicalSenderIdResponsibleOrganization>
<JuridicalSenderId>10XPL-TSO------P</JuridicalSenderId>
<JuridicalSenderIdResponsibleOrganization>305</JuridicalSenderIdResponsibleOrganization>
<PhysicalRecipientId>19XENERGAOPERATS</PhysicalRecipientId>
<PhysicalRecipientIdResponsibleOrganization>305</PhysicalRecipientIdResponsibleOrganization>
<JuridicalRecipientId>19XENERGAOPERATS</JuridicalRecipientId>
<JuridicalRecipientIdResponsibleOrganization>305</JuridicalRecipientIdResponsibleOrganization>
</m:Header>
<m:ProcessEnergyContext>
<BusinessProcess>8.1.</BusinessProcess>
<BusinessProcessResponsibleOrganization>x</BusinessProcessResponsibleOrganization>
<SenderBusinessRoleIdentifier>CK0082</SenderBusinessRoleIdentifier>
<SenderBusinessRoleResponsibleOrganization>260</SenderBusinessRoleResponsibleOrganization>
<IndustryClassificationId>23</IndustryClassificationId>
<BusinessProcessMessageType>8.1.1.5.</BusinessProcessMessageType>
</m:ProcessEnergyContext>
<m:Payload>
<m:Miscellaneous><m:ProcessInstanceId>0b2b7d0e-7c5e-4f0f-9a53-0d6a4a3c2222</m:ProcessInstanceId></m:Miscellaneous>
<m:MeteringPointData_Basic><m:MeteringPointCode>590243856287817706</m:MeteringPointCode></m:MeteringPointData_Basic>
<m:DisconnectionRequestData>
<m:DisconnectionRequestType>CK0344</m:DisconnectionRequestType>
<m:RequestedExecutionDate>2026-01-31</m:RequestedExecutionDate>
</m:DisconnectionRequestData>
</m:Payload>
</m:DisconnectionRequest>"""

TYPE = "<MessageType>8.1_1</MessageType>"
KIND = "<m:DisconnectionRequestType>CK0344</m:DisconnectionRequestType>"
DATE = "<m:RequestedExecutionDate>2026-01-31</m:RequestedExecutionDate>"


def document(*changes: str) -> etree._Element:
    """Return the good request with pairs of old and new text applied."""
    text = GOOD
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    return etree.fromstring(text)


@pytest.fixture(scope="module")
def catalogue() -> SchemaCatalogue:
    return SchemaCatalogue([SCHEMAS])


def test_given_our_schemas_when_scanned_then_messages_are_found_by_namespace(catalogue: SchemaCatalogue) -> None:
    assert catalogue.namespaces()[REQUEST] == "process_8_1/8_1_1_5.xsd"
    assert catalogue.namespaces()["urn:pl:oire:message_R_1:v1"] == "generic/R_1.xsd"
    assert catalogue.root_names(REQUEST) == {"DisconnectionRequest"}
    assert catalogue.root_names("urn:nobody") == frozenset()
    assert not catalogue.namespaces().keys() & {"urn:pl:oire:technical:v1", "urn:pl:oire:businessDataTypes:v1"}


def test_given_our_schemas_when_each_is_compiled_then_none_is_broken(catalogue: SchemaCatalogue) -> None:
    for namespace in catalogue.namespaces():
        assert catalogue.schema_for(namespace)


def test_given_a_good_document_when_decided_then_it_is_taken_and_nothing_is_explained(
    catalogue: SchemaCatalogue,
) -> None:
    assert catalogue.decide(document())
    assert catalogue.explain(document()) == ()


@pytest.mark.parametrize(
    "text",
    [
        "<DisconnectionRequest/>",
        "<DisconnectionRequest xmlns='urn:pl:oire:unk_8_1_1_5:v2'/>",
        "<Other xmlns='urn:pl:oire:unk_8_1_1_5:v1'/>",
        "<Header xmlns='urn:pl:oire:technical:v1'/>",
    ],
)
def test_given_an_unknown_root_when_decided_or_explained_then_it_is_an_unknown_message(
    catalogue: SchemaCatalogue, text: str
) -> None:
    for ask in (catalogue.decide, catalogue.explain):
        with pytest.raises(NotValid) as caught:
            ask(etree.fromstring(text))
        assert caught.value.code is ProblemCode.UNKNOWN_MESSAGE


# --- explanations


@pytest.mark.parametrize(
    ("changes", "code", "text", "place"),
    [
        (
            ("CK0344", "CK9999"),
            ProblemCode.VALUE,
            "value 'CK9999' of DisconnectionRequestType is not one of CK0344, CK0345, CK0346",
            (28, "/DisconnectionRequest/Payload/DisconnectionRequestData/DisconnectionRequestType"),
        ),
        (
            ("CK0082", "CK9999"),
            ProblemCode.VALUE,
            "CK0080, CK0081, CK0082, CK0083, CK0086, CK0087, CK0088, CK0089 and 5 more",
            (19, "/DisconnectionRequest/ProcessEnergyContext/SenderBusinessRoleIdentifier"),
        ),
        (
            ("590243856287817706", "5902"),
            ProblemCode.VALUE,
            "value '5902' of MeteringPointCode does not have the form \\d{18}",
            (26, "/DisconnectionRequest/Payload/MeteringPointData_Basic/MeteringPointCode"),
        ),
        (
            ("2026-01-31", "31.01.2026"),
            ProblemCode.VALUE,
            "value '31.01.2026' of RequestedExecutionDate is not a date such as 2026-01-31",
            (29, "/DisconnectionRequest/Payload/DisconnectionRequestData/RequestedExecutionDate"),
        ),
        (
            (TYPE, "<!-- gone -->"),
            ProblemCode.MISSING,
            "the element MessageType is missing before MessageTypeResponsibleOrganization",
            (5, "/DisconnectionRequest/Header/MessageType"),
        ),
        (
            ("<BusinessProcessMessageType>8.1.1.5.</BusinessProcessMessageType>", ""),
            ProblemCode.MISSING,
            "the element BusinessProcessMessageType is missing at the end of ProcessEnergyContext",
            (16, "/DisconnectionRequest/ProcessEnergyContext/BusinessProcessMessageType"),
        ),
        (
            (TYPE, TYPE * 2),
            ProblemCode.UNEXPECTED,
            "the element MessageType is there more often than allowed",
            (4, "/DisconnectionRequest/Header/MessageType[2]"),
        ),
        (
            (TYPE, TYPE + "<Extra/>"),
            ProblemCode.UNEXPECTED,
            "the element Extra is not expected here: expected is MessageTypeResponsibleOrganization",
            (4, "/DisconnectionRequest/Header/Extra"),
        ),
        (
            (TYPE, "<m:MessageType>8.1_1</m:MessageType>"),
            ProblemCode.UNEXPECTED,
            f"the element MessageType is in the namespace {REQUEST} and must be in urn:pl:oire:technical:v1",
            (4, "/DisconnectionRequest/Header/MessageType"),
        ),
        (
            (f"{KIND}\n{DATE}", f"{DATE}\n{KIND}"),
            ProblemCode.UNEXPECTED,
            "RequestedExecutionDate stands before DisconnectionRequestType and must stand after it",
            (28, "/DisconnectionRequest/Payload/DisconnectionRequestData/RequestedExecutionDate"),
        ),
        (
            ("<m:Payload>", "<m:Payload lang='pl'>"),
            ProblemCode.UNEXPECTED,
            "'lang' attribute not allowed",
            (24, "/DisconnectionRequest/Payload"),
        ),
        (
            ("<m:Payload>", f"<m:Payload {XSI} xsi:type='m:Nothing'>"),
            ProblemCode.OTHER_SCHEMA,
            "does not resolve to a type definition",
            (24, "/m:DisconnectionRequest/m:Payload"),
        ),
    ],
)
def test_given_one_fault_when_explained_then_code_text_line_and_path_are_right(
    catalogue: SchemaCatalogue, changes: tuple[str, ...], code: ProblemCode, text: str, place: tuple[int, str]
) -> None:
    bad = document(*changes)
    assert not catalogue.decide(bad)
    (problem,) = catalogue.explain(bad)
    assert (problem.code, (problem.line, problem.path)) == (code, place)
    assert text in problem.text
    assert problem.remedy


def test_given_a_fault_that_only_lxml_sees_when_explained_then_its_own_words_are_told(
    catalogue: SchemaCatalogue,
) -> None:
    (problem,) = catalogue.explain(document("<m:Header>", "<m:Header>\N{NO-BREAK SPACE}"))
    assert (problem.code, problem.line) == (ProblemCode.OTHER_SCHEMA, 2)
    assert "Character content other than whitespace is not allowed" in problem.text


def test_given_several_faults_when_explained_then_each_is_named(catalogue: SchemaCatalogue) -> None:
    codes = [p.code for p in catalogue.explain(document(TYPE, "", "CK0344", "", "2026-01-31", "soon"))]
    assert codes == [ProblemCode.MISSING, ProblemCode.VALUE, ProblemCode.VALUE]


def test_given_a_long_value_when_explained_then_it_is_cut(catalogue: SchemaCatalogue) -> None:
    (problem,) = catalogue.explain(document("CK0344", "secret" * 1000))
    assert "secret" * 10 not in problem.text
    assert len(problem.text) < 200


def test_given_a_long_value_in_lxmls_own_words_when_explained_then_it_is_cut(catalogue: SchemaCatalogue) -> None:
    hidden = document("<m:Payload>", f"<m:Payload {XSI} xsi:type='m:{'secret' * 30}'>")
    (problem,) = catalogue.explain(hidden)
    assert "secret" * 10 not in problem.text
    assert "does not resolve" in problem.text


def test_given_very_many_faults_when_explained_then_at_most_twenty_are_told(catalogue: SchemaCatalogue) -> None:
    namespace = "urn:pl:oire:unk_2_2_1_11:v1"
    codes = "".join(f"<MpCharacteristicsUpdateType>X{n}</MpCharacteristicsUpdateType>" for n in range(50))
    changes: tuple[str, ...] = (
        "DisconnectionRequest ",
        "MeteringPointModificationRealizationRequest ",
        REQUEST,
        namespace,
    )
    changes += ("</m:DisconnectionRequest>", "</m:MeteringPointModificationRealizationRequest>")
    changes += ("<m:DisconnectionRequestData>", f"<ModificationData xmlns='{namespace}'>{codes}")
    bad = document(*changes, KIND, "", DATE, "", "</m:DisconnectionRequestData>", "</ModificationData>")
    problems = catalogue.explain(bad)
    assert len(problems) == 20
    assert problems[-1].path is not None
    assert problems[-1].path.endswith("MpCharacteristicsUpdateType[19]")  # the first is the missing EffectiveDate


def test_given_a_document_inside_another_when_explained_then_the_path_begins_at_the_document(
    catalogue: SchemaCatalogue,
) -> None:
    outer = etree.fromstring(f"<Envelope><Body>{GOOD.replace('CK0344', 'CK9')}</Body></Envelope>")
    inner = outer[0][0]
    assert not catalogue.decide(inner)
    assert [p.path for p in catalogue.explain(inner)] == [
        "/DisconnectionRequest/Payload/DisconnectionRequestData/DisconnectionRequestType"
    ]


def test_given_schema_locations_in_a_document_when_decided_then_nothing_is_fetched(
    catalogue: SchemaCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    hint = f'<m:Payload {XSI} xsi:schemaLocation="urn:x http://127.0.0.1:9/x.xsd">'
    assert catalogue.decide(document("<m:Payload>", hint))
    bad = document("<m:Payload>", hint, "CK0344", "CK9")
    assert [p.code for p in catalogue.explain(bad)] == [ProblemCode.VALUE]


# --- folders laid over one another


def overlay(folder_of_test: Path, name: str, *changes: str) -> Path:
    """Write our file ``name``, changed, into a folder of its own, whose name needs escaping in URLs."""
    text = (SCHEMAS / name).read_text(encoding="utf-8")
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    file = folder_of_test / "official bundle ż%20" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return folder_of_test / "official bundle ż%20"


STRICTER = ('name="SenderMessageId" type="b:UuidType" minOccurs="0"', 'name="SenderMessageId" type="b:UuidType"')


def test_given_a_stricter_technical_file_when_laid_over_then_our_own_messages_follow_it(tmp_path: Path) -> None:
    top = overlay(tmp_path, "technical.xsd", *STRICTER)
    over, plain = SchemaCatalogue([top, SCHEMAS]), SchemaCatalogue([SCHEMAS])
    assert plain.decide(document())
    assert not over.decide(document())
    (problem,) = over.explain(document())
    assert problem.text == "the element SenderMessageId is missing before MessageType"
    assert over.namespaces() == plain.namespaces()


def test_given_a_file_deep_in_the_import_chain_when_laid_over_then_it_counts(tmp_path: Path) -> None:
    top = overlay(tmp_path, "businessDataTypes.xsd", 'value="CK0344"', 'value="CK0999"')
    over = SchemaCatalogue([top, SCHEMAS])
    assert not over.decide(document())
    assert over.decide(document("CK0344", "CK0999"))
    assert "CK0999, CK0345, CK0346" in over.explain(document())[0].text


def test_given_a_message_file_when_laid_over_then_its_imports_come_from_below(tmp_path: Path) -> None:
    top = overlay(tmp_path, "process_8_1/8_1_1_5.xsd", "RequestedExecutionDate", "ExecutionDate")
    over = SchemaCatalogue([top, SCHEMAS])
    assert over.decide(document(DATE, DATE.replace("Requested", "")))
    assert [p.code for p in over.explain(document())] == [ProblemCode.UNEXPECTED]


def test_given_the_lower_folder_has_another_file_when_ordered_then_the_first_folder_wins(tmp_path: Path) -> None:
    below = overlay(tmp_path, "technical.xsd", *STRICTER)
    assert SchemaCatalogue([SCHEMAS, below]).decide(document())


def test_given_a_file_changed_after_the_start_when_another_thread_compiles_then_all_judge_alike(tmp_path: Path) -> None:
    top = overlay(tmp_path, "technical.xsd")
    catalogue = SchemaCatalogue([top, SCHEMAS])
    assert catalogue.decide(document())
    overlay(tmp_path, "technical.xsd", *STRICTER)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(catalogue.decide, document()).result()


# --- broken schemas


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('type="b:UuidType" minOccurs="0"', 'type="b:NoSuchType"'),
        ('name="Header">', 'name="Header" colour="red">'),
    ],
)
def test_given_a_broken_overlay_when_used_then_the_error_names_file_and_line(
    tmp_path: Path, old: str, new: str
) -> None:
    top = overlay(tmp_path, "technical.xsd", old, new)
    lines = (top / "technical.xsd").read_text(encoding="utf-8").splitlines()
    number = next(n for n, text in enumerate(lines, 1) if new in text)
    with pytest.raises(ConfigurationError) as caught:
        SchemaCatalogue([top, SCHEMAS]).decide(document())
    assert f"{top / 'technical.xsd'}, line {number} " in caught.value.text


def test_given_a_file_that_is_no_xml_when_scanned_then_the_error_names_it(tmp_path: Path) -> None:
    (tmp_path / "bad.xsd").write_text("<a>\n<b></a>", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"bad\.xsd, line 2"):
        SchemaCatalogue([tmp_path])


def test_given_a_schema_with_a_dtd_when_scanned_then_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dtd.xsd").write_text("<!DOCTYPE a [<!ENTITY b 'c'>]>\n<a>&b;</a>", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"dtd\.xsd"):
        SchemaCatalogue([tmp_path])


def test_given_a_missing_folder_when_built_then_the_error_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        SchemaCatalogue([tmp_path / "nowhere", SCHEMAS])


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:9/technical.xsd", "../../../technical.xsd", "file:///etc/passwd"]
)
def test_given_an_import_from_outside_when_compiled_then_it_is_refused(tmp_path: Path, location: str) -> None:
    top = overlay(tmp_path, "process_8_1/8_1_1_5.xsd", '"../technical.xsd"', f'"{location}"')
    with pytest.raises(ConfigurationError, match="outside the schema folders"):
        SchemaCatalogue([top, SCHEMAS]).decide(document())


# --- threads


def test_given_sixteen_threads_with_different_faults_when_explained_then_no_one_sees_anothers() -> None:
    catalogue = SchemaCatalogue([SCHEMAS])
    start = Barrier(16)

    def work(number: int) -> Sequence[tuple[Problem, ...]]:
        # odd ones go through lxml's own log, the part that a shared schema would mix up
        fault = (
            ("<m:Payload>", f"<m:Payload {XSI} xsi:type='m:N{number}_'>") if number % 2 else ("CK0344", f"N{number}_")
        )
        start.wait(timeout=PATIENCE)
        found = []
        for _ in range(40):
            bad = document(*fault)
            assert not catalogue.decide(bad)
            found.append(catalogue.explain(bad))
        return found

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(work, range(16)))
    for number, found in enumerate(results):
        for problems in found:
            assert len(problems) == 1
            assert f"N{number}_" in problems[0].text


def test_given_two_threads_when_compiling_then_each_has_its_own_schema(catalogue: SchemaCatalogue) -> None:
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(catalogue.schema_for, REQUEST).result()
    assert other is not catalogue.schema_for(REQUEST)
    assert catalogue.schema_for(REQUEST) is catalogue.schema_for(REQUEST)
