"""Business rules of the envelope: agreement, parties, timestamp; every broken rule is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.errors import ProblemCode
from csire_bridge.domain.identifiers import Eic, MessageId, MessageNumber
from csire_bridge.domain.message.envelope_rules import (
    MessageFacts,
    check_agreement,
    check_parties,
    check_timestamp,
    process_of,
)
from csire_bridge.domain.message.message import Header
from tests.support.defaults import LIMITS as DEFAULT_LIMITS

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HUB, OWN, SUPPLIER = "10XPL-TSO------P", Eic("19XENERGAOPERATS"), "19XPL-RZE-SA---V"
LIMITS = DEFAULT_LIMITS
FACTS = MessageFacts(frozenset({MessageNumber("8.1.1.5")}), "8.1_1", inbound=True)
HEADER = Header(
    message_id=MessageId("825970f3-22cb-489c-ad3d-3d89cbba8f04"),
    answers=None,
    message_type="8.1_1",
    number=MessageNumber("8.1.1.5"),
    process="8.1.",
    timestamp=NOW,
    physical_sender=HUB,
    juridical_sender=HUB,
    physical_recipient=OWN,
    juridical_recipient=OWN,
    sender_role="CK0094",
    retroactive_token=None,
    agencies=(
        ("MessageTypeResponsibleOrganization", "x", "x"),
        ("PhysicalSenderIdResponsibleOrganization", "305", "305"),
    ),
)


def test_given_a_good_header_when_checked_then_nothing_is_wrong() -> None:
    assert list(check_agreement(HEADER, FACTS)) == []
    assert list(check_parties(HEADER, OWN)) == []
    assert list(check_timestamp(HEADER, LIMITS, NOW)) == []


@pytest.mark.parametrize(
    ("header", "code", "words"),
    [
        (replace(HEADER, number=MessageNumber("8.2.1.6")), ProblemCode.NUMBER_MISMATCH, "8.2.1.6"),
        (replace(HEADER, process="8.2."), ProblemCode.NUMBER_MISMATCH, "process 8.2."),
        (replace(HEADER, message_type="8.1_2"), ProblemCode.NUMBER_MISMATCH, "type 8.1_2"),
        (replace(HEADER, agencies=(("Somewhere", "9", "305"),)), ProblemCode.AGENCY, "'9'"),
    ],
)
def test_given_parts_that_disagree_when_checked_then_the_part_is_named(
    header: Header, code: ProblemCode, words: str
) -> None:
    (problem,) = check_agreement(header, FACTS)
    assert problem.code is code
    assert words in problem.text
    assert problem.remedy


def test_given_everything_wrong_at_once_when_checked_then_everything_is_told() -> None:
    header = replace(
        HEADER, number=MessageNumber("8.2.1.6"), message_type="S", agencies=(("A", "1", "2"), ("B", "3", "4"))
    )
    assert [p.path for p in check_agreement(header, FACTS)] == [None, None, "A", "B"]


@pytest.mark.parametrize("process", ["8.1.", "anything"])
def test_given_the_generic_message_when_checked_then_it_may_belong_to_any_process(process: str) -> None:
    facts = MessageFacts(frozenset({MessageNumber("S")}), "S", inbound=True)
    header = replace(HEADER, number=MessageNumber("S"), message_type="S", process=process)
    assert list(check_agreement(header, facts)) == []


@pytest.mark.parametrize(("number", "process"), [("8.1.1.5", "8.1."), ("2.2.1.11", "2.2."), ("S", None), ("R_1", None)])
def test_given_a_number_when_asked_for_its_process_then_it_is_the_first_two_parts(
    number: str, process: str | None
) -> None:
    assert process_of(MessageNumber(number)) == process


@pytest.mark.parametrize("party", ["physical_sender", "juridical_sender", "physical_recipient", "juridical_recipient"])
def test_given_a_wrong_check_character_when_checked_then_the_party_is_named(party: str) -> None:
    header = replace(HEADER, **{party: "19XENERGAOPERATX"})  # type: ignore[arg-type]
    problems = {p.code: p for p in check_parties(header, None)}
    assert problems.keys() == {ProblemCode.EIC_CHECK_CHARACTER}
    assert problems[ProblemCode.EIC_CHECK_CHARACTER].path == party.replace("_", " ")


@pytest.mark.parametrize("party", ["physical_recipient", "juridical_recipient"])
def test_given_a_message_for_somebody_else_when_checked_then_it_is_not_ours(party: str) -> None:
    header = replace(HEADER, **{party: SUPPLIER})  # type: ignore[arg-type]
    (problem,) = check_parties(header, OWN)
    assert problem.code is ProblemCode.WRONG_RECIPIENT
    assert SUPPLIER in problem.text
    assert list(check_parties(header, None)) == []


def test_given_a_timestamp_at_the_edges_when_checked_then_the_edges_themselves_are_good() -> None:
    tick = timedelta(microseconds=1)
    ahead, back = NOW + LIMITS.clock_skew, NOW - LIMITS.replay_window
    for moment in (ahead, back):
        assert list(check_timestamp(replace(HEADER, timestamp=moment), LIMITS, NOW)) == []
    (future,) = check_timestamp(replace(HEADER, timestamp=ahead + tick), LIMITS, NOW)
    (stale,) = check_timestamp(replace(HEADER, timestamp=back - tick), LIMITS, NOW)
    assert (future.code, stale.code) == (ProblemCode.FUTURE_TIMESTAMP, ProblemCode.STALE_TIMESTAMP)


def test_given_a_retroactive_token_when_checked_then_age_does_not_matter_but_the_future_does() -> None:
    old = replace(HEADER, timestamp=NOW - timedelta(days=400), retroactive_token="token")
    new = replace(old, timestamp=NOW + timedelta(hours=1))
    assert list(check_timestamp(old, LIMITS, NOW)) == []
    assert [p.code for p in check_timestamp(new, LIMITS, NOW)] == [ProblemCode.FUTURE_TIMESTAMP]


def test_given_a_file_at_rest_when_checked_then_its_age_is_not_judged() -> None:
    old = replace(HEADER, timestamp=NOW - timedelta(days=400))
    assert list(check_timestamp(old, LIMITS, NOW, judge_age=False)) == []


@given(st.timedeltas(timedelta(days=-1000), timedelta(days=1000)))
def test_given_any_timestamp_when_checked_then_it_is_good_just_inside_the_window(distance: timedelta) -> None:
    problems = list(check_timestamp(replace(HEADER, timestamp=NOW + distance), LIMITS, NOW))
    inside = -LIMITS.replay_window <= distance <= LIMITS.clock_skew
    assert (problems == []) is inside
