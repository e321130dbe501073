"""The doctor moves dates and signs, rightly and wrongly, with real certificates of both algorithms."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import get_args

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from csire_bridge.config import resources
from csire_bridge.domain.errors import ConfigurationError, NotTrusted, PartnerFault, ProblemCode
from csire_bridge.lab.simulators.expectations import Expected, SignKind, load_expected
from csire_bridge.lab.simulators.pki import DEMO_PARTIES, Algorithm, DemoPki, load_demo_pki, make_demo_pki
from csire_bridge.lab.simulators.sample_preparer import SamplePreparer, prepare
from csire_bridge.xml.parser import parse
from csire_bridge.xml.redate import redate
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.security.signature import verify_enveloped, without_signature

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SAMPLES = resources.folder("samples")
RAW = (SAMPLES / "good" / "8.1.1.5-debt.xml").read_bytes()
UTF_16 = (SAMPLES / "bad" / "parser-utf-16.xml").read_bytes()
STILL = timedelta(0)
REFUSED = {
    SignKind.NONE: ProblemCode.UNSIGNED,
    SignKind.STRANGER: ProblemCode.UNKNOWN_SIGNER,
    SignKind.ALTERED: ProblemCode.BAD_SIGNATURE,
    SignKind.WRAPPED: ProblemCode.WRAPPED,
    SignKind.EXPIRED: ProblemCode.CERTIFICATE_EXPIRED,
}


@pytest.fixture(scope="module", params=get_args(Algorithm))
def pki(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DemoPki:
    return make_demo_pki(tmp_path_factory.mktemp("demo"), NOW, algorithm=request.param)


@pytest.fixture(scope="module")
def catalogue() -> SchemaCatalogue:
    return SchemaCatalogue([resources.folder("schemas")])


def test_the_hubs_signature_holds(pki: DemoPki) -> None:
    raw = prepare(RAW, SignKind.HUB, pki, STILL)
    verified = verify_enveloped(parse(raw), pki.book(), NOW)
    assert verified.signer == pki.hub.trusted
    assert verified.signer.party == DEMO_PARTIES.hub


def test_a_partner_who_is_not_the_sender_is_told_by_his_name(pki: DemoPki) -> None:
    raw = prepare(RAW, SignKind.NOT_SENDER, pki, STILL)
    assert verify_enveloped(parse(raw), pki.book(), NOW).signer.party == DEMO_PARTIES.supplier


@pytest.mark.parametrize(("kind", "code"), REFUSED.items())
def test_every_wrong_signature_is_refused_for_its_reason(pki: DemoPki, kind: SignKind, code: ProblemCode) -> None:
    raw = prepare(RAW, kind, pki, STILL)
    with pytest.raises(NotTrusted) as caught:
        verify_enveloped(parse(raw), pki.book(), NOW)
    assert caught.value.code is code


def test_every_kind_is_tried() -> None:
    assert {*REFUSED, SignKind.HUB, SignKind.NOT_SENDER} == set(SignKind)


def test_a_wrapped_document_holds_the_signed_one_untouched(pki: DemoPki) -> None:
    outer = parse(prepare(RAW, SignKind.WRAPPED, pki, STILL))
    (inner,) = outer.iterfind(f".//{outer.tag}")
    alone = parse(etree.tostring(inner, with_tail=False))
    assert verify_enveloped(alone, pki.book(), NOW).signer.party == DEMO_PARTIES.hub
    assert _texts(outer)[: len(_texts(alone))] != _texts(alone)


def _texts(root: etree._Element) -> list[str]:
    return [text for element in root.iter(etree.Element) if (text := (element.text or "").strip())]


def test_altering_changes_one_character(pki: DemoPki) -> None:
    before = _texts(parse(RAW))
    after = _texts(parse(prepare(RAW, SignKind.ALTERED, pki, STILL)))[: len(before)]
    differing = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert [a[:-1] for a, _ in differing] == [b[:-1] for _, b in differing]
    assert len(differing) == 1


@pytest.mark.parametrize("kind", SignKind)
@pytest.mark.parametrize("raw", [b"", b"no XML", UTF_16, RAW[:-20]], ids=["empty", "text", "utf-16", "truncated"])
def test_what_is_no_xml_is_passed_on(pki: DemoPki, raw: bytes, kind: SignKind) -> None:
    assert prepare(raw, kind, pki, STILL) == raw


def test_a_repeated_file_becomes_the_same_bytes(pki: DemoPki) -> None:
    doctor = SamplePreparer(pki, timedelta(days=3))
    assert doctor.prepare(RAW, SignKind.HUB) == doctor.prepare(bytes(RAW), SignKind.HUB)
    assert doctor.prepare(RAW, SignKind.HUB) != doctor.prepare(RAW, SignKind.STRANGER)


def test_samples_keep_their_meaning_a_year_later() -> None:
    expected = load_expected(SAMPLES)
    moved = redate(RAW, expected.offset_to(expected.reference_time + timedelta(days=366, hours=1)))
    assert b"2027-11-24T10:32:23.580+01:00" in moved
    assert b">2027-11-24<" in moved


@pytest.mark.parametrize("sample", load_expected(SAMPLES).samples, ids=lambda s: s.file)
def test_a_moved_and_signed_sample_is_what_it_was(sample: Expected, catalogue: SchemaCatalogue, pki: DemoPki) -> None:
    offset = timedelta(days=200, hours=15, minutes=7)
    kind = SignKind.HUB if sample.sign is SignKind.HUB else SignKind.NONE
    raw = prepare((SAMPLES / sample.file).read_bytes(), kind, pki, offset)
    codes = [code for code in sample.verdict.codes if not code.startswith("rule.")]
    assert _codes(raw, kind, pki, catalogue) == codes


def _codes(raw: bytes, kind: SignKind, pki: DemoPki, catalogue: SchemaCatalogue) -> list[ProblemCode]:
    """What parser, signature and schema say; a signed document is judged without its signature."""
    try:
        tree = parse(raw)
        if kind is SignKind.HUB:
            tree = without_signature(verify_enveloped(tree, pki.book(), NOW).tree)
        return [] if catalogue.decide(tree) else [problem.code for problem in catalogue.explain(tree)]
    except PartnerFault as error:
        return [problem.code for problem in error.problems]


# --- redate

_SECOND = timedelta(seconds=1)
_FIRST = date(2020, 1, 1)
_DAYS = (date(2100, 12, 31) - _FIRST).days
moments = st.builds(
    lambda days, seconds: datetime.fromisoformat(f"{_FIRST}T00:00:00") + timedelta(days=days, seconds=seconds),
    st.integers(0, _DAYS),
    st.integers(0, 86399),
)
offsets = st.timedeltas(timedelta(days=-40000), timedelta(days=40000)).map(lambda t: t // _SECOND * _SECOND)
zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
fractions = st.sampled_from(["", ".5", ".123", ".000001"])


@given(moments, zones, fractions, offsets)
def test_a_moment_moves_by_the_offset_and_keeps_its_zone(
    moment: datetime, zone: timezone, fraction: str, offset: timedelta
) -> None:
    text = moment.isoformat() + fraction + datetime(2020, 1, 1, tzinfo=zone).isoformat()[19:]
    moved = redate(f"<a>{text}</a>".encode(), offset).decode()[3:-4]
    assert moved[19:] == text[19:]
    assert datetime.fromisoformat(moved[:19]) == moment + offset


@given(moments, offsets)
def test_moments_in_utc_and_without_zone_move_too(moment: datetime, offset: timedelta) -> None:
    for tail in ("Z", ""):
        moved = redate(f"{moment.isoformat()}{tail}".encode(), offset)
        assert moved.decode() == f"{(moment + offset).isoformat()}{tail}"


@given(st.dates(date(2020, 1, 1), date(2100, 12, 31)), offsets)
def test_a_date_moves_by_the_whole_days(day: date, offset: timedelta) -> None:
    assert redate(f"<d>{day}</d>".encode(), offset).decode() == f"<d>{day + timedelta(days=offset.days)}</d>"


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)).filter(lambda d: not 2020 <= d.year <= 2100), offsets)
def test_far_years_stay(day: date, offset: timedelta) -> None:
    raw = f"<d>{day.isoformat()}</d><t>{day.isoformat()}T12:00:00+01:00</t>".encode()
    assert redate(raw, offset) == raw


@given(st.binary(max_size=300), offsets)
def test_any_bytes_keep_their_length_and_lose_no_byte_when_nothing_is_a_date(raw: bytes, offset: timedelta) -> None:
    moved = redate(raw, offset)
    assert len(moved) == len(raw)
    assert moved == raw or re.search(rb"\d{4}-\d\d-\d\d", raw)


@given(st.uuids(), offsets)
def test_identifiers_stay(identifier: object, offset: timedelta) -> None:
    raw = f"<i>{identifier}</i>".encode()
    assert redate(raw, offset) == raw


@pytest.mark.parametrize(
    "text",
    ["2026-02-30", "2026-13-01T10:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T10:00", "12026-11-23", "2026-11-2345",
     "19-2026-11-23", "2026-11-23-04", "x2026-11-23"],
)  # fmt: skip
def test_what_is_no_date_stays(text: str) -> None:
    assert redate(text.encode(), timedelta(days=400)) == text.encode()


def test_utf_16_stays() -> None:
    assert redate(UTF_16, timedelta(days=400)) == UTF_16


def test_there_and_back_is_nothing() -> None:
    offset = timedelta(days=123, hours=5)
    assert redate(redate(RAW, timedelta(days=123)), timedelta(days=-123)) == RAW
    assert redate(RAW, offset) != RAW


# --- certificates


def test_keys_are_for_their_owner_only_and_names_are_eics(pki: DemoPki) -> None:
    for party in (pki.hub, pki.operator, pki.supplier, pki.stranger, pki.expired):
        assert party.key_file.stat().st_mode & 0o777 == 0o600
        assert party.certificate_file.read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    assert pki.hub.key_file.parent.name == "pki"
    assert (pki.stranger.eic, pki.expired.eic) == (DEMO_PARTIES.hub, DEMO_PARTIES.hub)
    assert pki.stranger.trusted not in pki.pinned
    assert [c.valid_at(NOW) for c in pki.pinned] == [True, False, True]


def test_the_authority_vouches_for_the_partners(pki: DemoPki) -> None:
    authority = x509.load_pem_x509_certificate(pki.authority_file.read_bytes())
    for party in (pki.hub, pki.operator, pki.supplier, pki.expired):
        party.signing.certificate.verify_directly_issued_by(authority)
        usage = party.signing.certificate.extensions.get_extension_for_class(x509.KeyUsage)
        assert usage.critical
        assert usage.value.digital_signature
    with pytest.raises(ValueError, match="Issuer"):
        pki.stranger.signing.certificate.verify_directly_issued_by(authority)


def test_certificates_are_found_again_and_made_anew(tmp_path: Path) -> None:
    first = make_demo_pki(tmp_path, NOW)
    assert load_demo_pki(tmp_path).hub.trusted == first.hub.trusted
    assert make_demo_pki(tmp_path, NOW).hub.trusted != first.hub.trusted
    first.hub.key_file.unlink()
    with pytest.raises(ConfigurationError, match=r"hub\.key\.pem"):
        load_demo_pki(tmp_path)
