"""What SID sends is read strictly: every problem is told, with its code, its place and a remedy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from csire_bridge.channels.sid.contract import SOAP11, element, in_envelope
from csire_bridge.channels.sid.response_writer import SidResponseWriter
from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import PartnerFault, ProblemCode
from csire_bridge.domain.message.sid import (
    SidNumber,
    SidQuestion,
    SidRequest,
    SidStatus,
    SidWithdrawal,
    WithdrawalResult,
    status_of,
)
from csire_bridge.domain.order.order import (
    DisconnectionKind,
    OrderKind,
    OrderState,
    ReconnectionReason,
    RejectionReason,
)
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from tests.support.chance import examples
from tests.support.defaults import LIMITS as DEFAULT_LIMITS

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
XS = "{http://www.w3.org/2001/XMLSchema}"
GOOD: dict[str, Any] = {
    "Number": "SID/1",
    "Kind": "disconnect",
    "MeteringPointCode": "590243856287817706",
    "RegisteredAt": "2026-11-23T09:55:00+01:00",
    "RequestedDate": None,
    "DisconnectionKind": "debt",
    "ReconnectionReason": None,
    "Supplier": "19XPL-RZE-SA---V",
    "Text": "unpaid <since> May & June",
    "MeterNumber": "PROBE0000001",
    "EffectiveDate": None,
    "TariffGroup": None,
    "ContractedPower": None,
    "Prepaid": None,
    "EndReason": None,
    "ProcessInstanceId": None,
}


@cache
def writer() -> SidResponseWriter:
    return SidResponseWriter(SchemaCatalogue([folder("schemas")]), DEFAULT_LIMITS, 100_000)


def order(**changes: Any) -> bytes:
    return etree.tostring(element("Order", {**GOOD, **changes}))


def read(raw: bytes) -> Any:
    return writer().read(raw, NOW)


def codes(raw: bytes) -> list[ProblemCode]:
    with pytest.raises(PartnerFault) as caught:
        read(raw)
    assert all(problem.text and problem.remedy for problem in caught.value.problems)
    return [problem.code for problem in caught.value.problems]


def test_given_a_whole_order_when_read_then_every_fact_is_there() -> None:
    request = read(
        order(
            RequestedDate="2026-11-24",
            TariffGroup="G11",
            ContractedPower="12.5",
            Prepaid="true",
            ProcessInstanceId="40F29226-57D2-43D4-8ED1-B2B2A1E308B9",
        )
    )
    assert isinstance(request, SidRequest)
    assert (request.number, request.registered_at) == ("SID/1", datetime(2026, 11, 23, 8, 55, tzinfo=UTC))
    asked = request.order
    assert (asked.kind, asked.disconnection_kind) == (OrderKind.DISCONNECT, DisconnectionKind.DEBT)
    assert (asked.contracted_power, asked.prepaid, asked.tariff_group) == (Decimal("12.5"), True, "G11")
    assert asked.process_instance == "40f29226-57d2-43d4-8ed1-b2b2a1e308b9"
    assert (asked.description, request.meter) == ("unpaid <since> May & June", "PROBE0000001")


def test_given_each_request_of_the_wsdl_when_read_then_it_is_understood() -> None:
    question = in_envelope(etree.tostring(element("OrderStatusRequest", {"Number": "A"})))
    assert read(question) == SidQuestion(SidNumber("A"))
    taken_back = in_envelope(etree.tostring(element("WithdrawOrderRequest", {"Number": "A", "Text": "paid"})))
    assert read(taken_back) == SidWithdrawal(SidNumber("A"), "paid")
    submitted = in_envelope(etree.tostring(element("SubmitOrderRequest", {"Order": GOOD})))
    assert read(submitted) == read(order())


def test_given_the_same_facts_in_other_xml_when_read_then_the_content_is_the_same() -> None:
    other = order(RegisteredAt="2026-11-23T08:55:00Z").replace(b"sid:", b"x:").replace(b"xmlns:sid=", b"xmlns:x=")
    other = other.replace(b"csire-bridge:x:v1", b"csire-bridge:sid:v1").replace(b"><", b">\n  <")
    assert read(other).content == read(order()).content
    assert read(order(Text="something else")).content != read(order()).content


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"MeteringPointCode": "590243856287817707"}, ProblemCode.POINT_CHECK_DIGIT),
        ({"Supplier": "19XPL-RZE-SA---W"}, ProblemCode.EIC_CHECK_CHARACTER),
        ({"RegisteredAt": "2026-11-23T10:06:00+01:00"}, ProblemCode.FUTURE_TIMESTAMP),
        ({"RegisteredAt": "2020-01-01T10:00:00+01:00"}, ProblemCode.STALE_TIMESTAMP),
        ({"RegisteredAt": "2026-11-23T24:00:00+01:00"}, ProblemCode.FUTURE_TIMESTAMP),
        ({"RequestedDate": "2026-11-22"}, ProblemCode.DATE_PAST),
        ({"RequestedDate": "2028-11-22"}, ProblemCode.DATE_HORIZON),
        ({"DisconnectionKind": None}, ProblemCode.CONDITION),
        ({"DisconnectionKind": "danger"}, ProblemCode.VALUE),
        ({"Kind": "reconnect", "DisconnectionKind": None, "ReconnectionReason": "danger-gone"}, ProblemCode.VALUE),
        ({"Kind": "reconnect", "DisconnectionKind": None}, ProblemCode.CONDITION),
        ({"Kind": "agreement-start", "DisconnectionKind": None}, ProblemCode.CONDITION),
        ({"MeteringPointCode": "59024385628781770"}, ProblemCode.VALUE),
        ({"Kind": "explode"}, ProblemCode.VALUE),
        ({"RegisteredAt": "2026-11-23T09:55:00"}, ProblemCode.VALUE),
        ({"RegisteredAt": "yesterday"}, ProblemCode.VALUE),
        ({"RequestedDate": "2026-11-24+1"}, ProblemCode.VALUE),
        ({"Number": "two words"}, ProblemCode.VALUE),
        ({"Number": None}, ProblemCode.MISSING),
        ({"Text": "x" * 251}, ProblemCode.VALUE),
        ({"ContractedPower": "-1"}, ProblemCode.VALUE),
        ({"ProcessInstanceId": "not-a-uuid"}, ProblemCode.VALUE),
    ],
)
def test_given_one_wrong_fact_when_read_then_its_code_is_told(changes: dict[str, Any], code: ProblemCode) -> None:
    assert code in codes(order(**changes))


def test_given_several_wrong_facts_when_read_then_all_are_told_at_once() -> None:
    found = codes(order(MeteringPointCode="590243856287817707", Supplier="19XPL-RZE-SA---W"))
    assert found == [ProblemCode.POINT_CHECK_DIGIT, ProblemCode.EIC_CHECK_CHARACTER]


def test_given_a_date_with_a_zone_as_jaxb_writes_it_when_read_then_it_is_the_day_that_is_written() -> None:
    for zone in ("", "Z", "+01:00", "-05:00"):
        assert read(order(RequestedDate=f"2026-11-24{zone}")).order.requested_date == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", ProblemCode.EMPTY),
        (b"not xml at all", ProblemCode.NOT_WELL_FORMED),
        (order()[:-30], ProblemCode.NOT_WELL_FORMED),
        (b"<!DOCTYPE x><x/>", ProblemCode.DTD),
        (b"<x/>", ProblemCode.OTHER_SCHEMA),
        (in_envelope(b"<x/>"), ProblemCode.OTHER_SCHEMA),
        (in_envelope(b""), ProblemCode.OTHER_SCHEMA),
        (in_envelope(order()), ProblemCode.OTHER_SCHEMA),
        (in_envelope(order() + order()), ProblemCode.OTHER_SCHEMA),
        (b"<a>" + b"x" * 200_000 + b"</a>", ProblemCode.TOO_LARGE),
        (
            in_envelope(etree.tostring(element("OrderStatusRequest", {"Number": "A"}))).replace(
                SOAP11.encode(), b"http://www.w3.org/2001/12/soap-envelope"
            ),
            ProblemCode.SOAP_VERSION,
        ),
        (
            in_envelope(etree.tostring(element("OrderStatusRequest", {"Number": "A"}))).replace(
                b"<soap:Body>", b'<soap:Header><h soap:mustUnderstand="1"/></soap:Header><soap:Body>'
            ),
            ProblemCode.NOT_UNDERSTOOD,
        ),
    ],
)
def test_given_nonsense_when_read_then_it_is_a_fault_of_the_sender(raw: bytes, code: ProblemCode) -> None:
    assert codes(raw)[0] is code


@settings(max_examples=examples(200), deadline=None)
@given(
    changes=st.dictionaries(
        st.sampled_from(sorted(GOOD)), st.none() | st.text(max_size=30).filter(lambda t: t.isprintable()), max_size=4
    )
)
def test_given_any_texts_when_read_then_an_order_or_a_fault_comes_and_the_fault_follows_the_contract(
    changes: dict[str, Any],
) -> None:
    try:
        reading = read(order(**changes))
    except PartnerFault as fault:
        detail = parse(writer().refused(fault.problems)).find("*//{urn:csire-bridge:sid:v1}SidFault")
        assert detail is not None
        assert SchemaCatalogue([folder("schemas")]).decide(detail)
    else:
        assert isinstance(reading, SidRequest)


def values(name: str) -> set[str]:
    schema = etree.parse(str(folder("schemas") / "sid" / "sid.xsd")).getroot()
    (kind,) = (e for e in schema.iter(f"{XS}simpleType") if e.get("name") == name)
    return {str(e.get("value")) for e in kind.iter(f"{XS}enumeration")}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("KindType", OrderKind),
        ("DisconnectionKindType", DisconnectionKind),
        ("ReconnectionReasonType", ReconnectionReason),
        ("CannotReasonType", RejectionReason),
        ("StatusType", SidStatus),
        ("WithdrawalResultType", WithdrawalResult),
    ],
)
def test_given_the_contract_when_compared_with_the_code_then_both_know_the_same_words(
    name: str, kind: type[StrEnum]
) -> None:
    own = {DisconnectionKind.DANGER.value, ReconnectionReason.DANGER_GONE.value}  # of the operator alone
    assert values(name) == {member.value for member in kind} - own


def test_given_every_state_then_sid_has_a_word_for_it_and_done_is_said_of_nothing_else() -> None:
    said: Sequence[SidStatus] = [status_of(state) for state in OrderState]
    assert said.count(SidStatus.DONE) == 1
    assert status_of(OrderState.UNKNOWN) is SidStatus.SENT
    assert status_of(OrderState.ARMED) is SidStatus.ARMED


def test_given_a_day_before_the_registration_by_polish_time_then_it_is_past_and_the_day_itself_is_not() -> None:
    late = "2026-11-22T23:30:00Z"  # 00:30 on the 23rd in Poland
    assert codes(order(RegisteredAt=late, RequestedDate="2026-11-22")) == [ProblemCode.DATE_PAST]
    assert read(order(RegisteredAt=late, RequestedDate="2026-11-23")).order.requested_date is not None
    assert NOW - timedelta(days=1) < read(order(RegisteredAt=late)).registered_at
