"""The samples are complete, right where they say so, and agree with expected.yaml and metering-points.yaml."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from lxml import etree

from csire_bridge.config import resources
from csire_bridge.domain.errors import ConfigurationError, PartnerFault, ProblemCode
from csire_bridge.domain.identifiers import Eic, MessageId, MeteringPointCode, MeterNumber
from csire_bridge.domain.message.envelope_rules import check_parties, check_timestamp
from csire_bridge.domain.message.message import Header, MessageState
from csire_bridge.lab.simulators.expectations import Expectations, Expected, load_expected
from csire_bridge.xml.envelope import read_header
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from tests.support.defaults import LIMITS as DEFAULT_LIMITS
from tests.support.repository import REPOSITORY

SAMPLES = resources.folder("samples")
EXPECTED = load_expected(SAMPLES)
OWN = Eic.parse("19XENERGAOPERATS")
OUTBOUND = {"8.1.1.7", "8.1.1.11", "8.2.1.7", "8.2.1.11", "8.3.1.1", "8.4.1.1"}
AFTER_DANGER = {"8.3.1.2", "8.3.1.3", "8.4.1.2", "8.4.1.3"}
"""Results of what the operator starts: no message of the samples asks for it."""
INBOUND = {
    *("8.1.1.5", "8.1.1.8", "8.1.1.9", "8.1.1.12", "8.1.1.13", "8.2.1.6", "8.2.1.8", "8.2.1.9", "8.2.1.12", "8.2.1.13"),
    *AFTER_DANGER,
    *("1.1.1.6", "1.2.1.4", "1.3.1.2", "2.7.1.5", "1.4.1.4", "1.5.1.4", "2.2.1.11", "3.1.1.1", "S"),
}
RESULTS = re.compile(r"8\.[12]\.1\.(8|9|12|13)\Z")
PREFIXES_BEFORE_RULES = re.compile(r"bad/(parser|schema)-")
JUDGED_HERE = (ProblemCode.EIC_CHECK_CHARACTER, ProblemCode.WRONG_RECIPIENT, ProblemCode.FUTURE_TIMESTAMP)
GOOD = [s for s in EXPECTED.samples if s.file.startswith("good/")]
BAD = [s for s in EXPECTED.samples if s.file.startswith("bad/")]


def _raw(sample: Expected) -> bytes:
    return (SAMPLES / sample.file).read_bytes()


def _header(sample: Expected) -> Header:
    return read_header(parse(_raw(sample)))


def _points(sample: Expected) -> list[str]:
    """Every value of 18 digits; nothing else in a message looks like that."""
    texts = (e.text or "" for e in parse(_raw(sample)).iter(etree.Element))
    return [text.strip() for text in texts if re.fullmatch(r"\s*\d{18}\s*", text)]


@pytest.fixture(scope="module")
def catalogue() -> SchemaCatalogue:
    return SchemaCatalogue([resources.folder("schemas")])


def test_every_file_is_expected_and_every_expectation_has_a_file() -> None:
    files = {p.relative_to(SAMPLES).as_posix() for kind in ("good", "bad") for p in (SAMPLES / kind).rglob("*")}
    assert files == {sample.file for sample in EXPECTED.samples}


def test_every_number_has_a_good_sample() -> None:
    assert {sample.number for sample in GOOD} == INBOUND | OUTBOUND
    assert len(BAD) >= 34


def test_every_code_that_matters_has_a_good_sample() -> None:
    text = b"".join(_raw(sample) for sample in GOOD)
    disconnections, connections = (
        ("CK0344", "CK0345", "CK0346"),
        ("CK0187", "CK0195", "CK0196", "CK0197", "CK0198", "CK0199"),
    )
    specials = ("CK0984", "CK0985", "CK0986", "CK0987")
    for code in (*disconnections, *connections, *specials):
        assert f">{code}<".encode() in text, code


def test_only_our_own_messages_are_not_fed() -> None:
    assert {sample.number for sample in EXPECTED.samples if not sample.feed} == OUTBOUND | AFTER_DANGER
    assert all(sample.number not in OUTBOUND for sample in GOOD if sample.feed)


@pytest.mark.parametrize("sample", GOOD, ids=lambda s: s.file)
def test_good_samples_fit_schema_and_expectation(sample: Expected, catalogue: SchemaCatalogue) -> None:
    tree = parse(_raw(sample))
    header = read_header(tree)
    assert catalogue.decide(tree), catalogue.explain(tree)
    assert header.number == sample.number
    assert sample.verdict.valid
    assert list(check_parties(header, OWN if sample.feed else None)) == []
    assert all(MeteringPointCode.parse(point) for point in _points(sample))
    age = EXPECTED.reference_time - header.timestamp
    assert timedelta(0) <= age < timedelta(minutes=30) or header.retroactive_token


@pytest.mark.parametrize("sample", BAD, ids=lambda s: s.file)
def test_bad_samples_fail_in_parser_or_schema_as_expected(sample: Expected, catalogue: SchemaCatalogue) -> None:
    codes = [code for code in sample.verdict.codes if not code.startswith("rule.")]
    try:
        tree = parse(_raw(sample))
        found = [] if catalogue.decide(tree) else [problem.code for problem in catalogue.explain(tree)]
    except PartnerFault as error:
        found = [problem.code for problem in error.problems]
    assert found == codes


@pytest.mark.parametrize("sample", [s for s in BAD if not PREFIXES_BEFORE_RULES.match(s.file)], ids=lambda s: s.file)
def test_bad_samples_break_the_rules_of_the_envelope_as_expected(sample: Expected) -> None:
    header = _header(sample)
    limits, now = DEFAULT_LIMITS, EXPECTED.reference_time
    found = {p.code for p in (*check_parties(header, OWN), *check_timestamp(header, limits, now, judge_age=False))}
    judged = {*JUDGED_HERE} & {*sample.verdict.codes}
    payload = sample.file == "bad/rule-eic-check-character.xml"  # stands outside the envelope
    assert found == (set() if payload else judged)


def test_no_message_is_there_twice_but_the_repeats() -> None:
    readable = [s for s in EXPECTED.samples if not s.file.startswith(("bad/parser-", "bad/schema-"))]
    count = Counter(_header(sample).message_id for sample in readable)
    repeats = {_header(sample).message_id for sample in readable if sample.file.startswith("bad/duplicate-")}
    assert len(repeats) == 1
    assert all(times == (3 if identifier in repeats else 1) for identifier, times in count.items())


def test_the_repeat_is_a_copy_of_a_sample_of_an_earlier_round() -> None:
    repeat = next(s for s in EXPECTED.samples if s.ends and s.ends.message is MessageState.DUPLICATE)
    originals = [s for s in GOOD if _raw(s) == _raw(repeat)]
    assert [s.round < repeat.round for s in originals] == [True]


def test_results_name_answers_that_an_earlier_round_brings() -> None:
    ours: dict[str, str] = {}
    for sample in EXPECTED.samples:
        if sample.ends and sample.ends.answer and sample.round < 3:
            number = sample.ends.answer
            ours[_header(sample).message_id.derive(number)] = number
    results = [sample for sample in GOOD if RESULTS.match(sample.number or "")]
    for sample in results:
        header = _header(sample)
        assert sample.round == 3
        answered = ours[header.answers or MessageId("")]
        prefix, last = str(sample.number).rsplit(".", 1)
        assert answered == f"{prefix}.{'7' if last in ('8', '9') else '11'}"


def test_every_order_but_the_unknown_ones_has_a_metering_point() -> None:
    known = _registry()
    for sample in EXPECTED.samples:
        if sample.ends and sample.ends.kind:
            (point,) = _points(sample)
            assert (point in known) == ("unknown-point" not in sample.file), sample.file
            if sample.round == 1 and point in known and sample.ends.answer == "8.2.1.11":
                assert known[point]["connected"] is False, sample.file
            if sample.round == 1 and sample.ends.answer == "8.1.1.11":
                assert known[point]["connected"] is True, sample.file


def test_metering_points_are_right() -> None:
    known = _registry()
    numbers = [MeterNumber.parse(str(facts["meter_number"])) for facts in known.values()]
    assert all(MeteringPointCode.parse(code) for code in known)
    assert len(set(numbers)) == len(numbers)
    assert all(Eic.parse(str(facts["supplier"])) for facts in known.values())


def _registry() -> dict[str, dict[str, object]]:
    document = yaml.safe_load((SAMPLES / "metering-points.yaml").read_text(encoding="utf-8"))
    points = document["metering_points"]
    known = {point["code"]: point for point in points}
    assert len(known) == len(points)
    return known


def test_no_file_of_the_repository_holds_a_private_key() -> None:
    marker = b"-----BEGIN " + b"([A-Z]+ )*PRIVATE KEY-----"
    holders = [file for file in _repository() if re.search(marker, file.read_bytes())]
    assert holders == []


def _repository() -> Iterator[Path]:
    """Files under the root, without version control, environments, caches and what the demo makes."""
    root = REPOSITORY
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in ("demo-out", "dist", "build"):
            yield from (file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        elif folder.is_file():
            yield folder


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ends: {message: accepted,", "ends: {message: refused,"),
        ("validate: {valid: true}", "validate: {valid: false}"),
        ("sign: hub", "sign: somebody"),
        ("round: 1", "round: 0"),
        ('reference_time: "2026-11-23T10:00:00+01:00"', 'reference_time: "2026-11-23T10:00:00"'),
        ("good/8.1.1.5-shut-down.xml", "good/8.1.1.5-debt.xml"),
        ("samples:", "samples: ]"),
    ],
)
def test_a_wrong_expectation_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = (SAMPLES / "expected.yaml").read_text(encoding="utf-8")
    (tmp_path / "expected.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"expected\.yaml"):
        load_expected(tmp_path)


def test_rounds_keep_the_order_of_the_file() -> None:
    assert isinstance(EXPECTED, Expectations)
    assert [s.file for r in EXPECTED.rounds for s in r] == [s.file for s in EXPECTED.samples if s.feed]
    assert len(EXPECTED.rounds) == 3
