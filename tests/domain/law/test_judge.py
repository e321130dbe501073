"""What follows from a ban: an order goes, SID is asked, it waits, or it is answered with the reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from csire_bridge.domain.law.judge import AskFirst, Forbidden, LawVerdict, Permitted, WaitForLaw, judge
from csire_bridge.domain.law.policy import LawPolicy, Loosened, UnknownProtection, WhenBanned
from csire_bridge.domain.protection import NOT_PROTECTED, ProtectedKind, Protection
from tests.support.defaults import LAW
from tests.support.law import suspension

FRIDAY = datetime(2026, 6, 12, 9, tzinfo=UTC)
WINTER = datetime(2026, 11, 23, 9, tzinfo=UTC)
VULNERABLE = Protection.of(ProtectedKind.VULNERABLE)
DEFENCE = Protection.of(ProtectedKind.NATIONAL_DEFENCE)


def said(protection: Protection | None, now: datetime, law: LawPolicy = LAW, *, can_ask: bool = False) -> LawVerdict:
    return judge(suspension(), protection, law, now, now, can_ask=can_ask)


@pytest.mark.parametrize(
    ("now", "when", "due"),
    [
        (FRIDAY, WhenBanned.BY_LENGTH, WaitForLaw),
        (FRIDAY, WhenBanned.WAIT, WaitForLaw),
        (FRIDAY, WhenBanned.REFUSE, Forbidden),
        (WINTER, WhenBanned.BY_LENGTH, Forbidden),
        (WINTER, WhenBanned.WAIT, WaitForLaw),
        (WINTER, WhenBanned.REFUSE, Forbidden),
    ],
)
def test_given_a_ban_then_the_setting_of_its_rule_says_whether_the_order_waits(
    now: datetime, when: WhenBanned, due: type[LawVerdict]
) -> None:
    law = replace(LAW, when_banned={"suspension-winter": when, "suspension-days-off": when})
    assert isinstance(said(VULNERABLE, now, law), due)


def test_given_a_ban_without_end_then_the_order_is_refused_even_if_it_is_to_wait() -> None:
    law = replace(LAW, when_banned={"suspension-national-defence": WhenBanned.WAIT})
    assert isinstance(said(DEFENCE, FRIDAY, law), Forbidden)


@pytest.mark.parametrize(
    ("unknown", "can_ask", "due"),
    [
        (UnknownProtection.UNDECIDED, True, AskFirst),
        (UnknownProtection.UNDECIDED, False, Forbidden),
        (UnknownProtection.ASK, True, AskFirst),
        (UnknownProtection.ASK, False, Forbidden),
        (UnknownProtection.PROTECTED, True, Forbidden),
        (UnknownProtection.PROTECTED, False, Forbidden),
        (UnknownProtection.NOT_PROTECTED, True, Permitted),
        (UnknownProtection.NOT_PROTECTED, False, Permitted),
    ],
)
def test_given_a_household_of_which_nobody_knows_then_the_setting_decides(
    unknown: UnknownProtection, can_ask: bool, due: type[LawVerdict]
) -> None:
    assert isinstance(said(None, WINTER, replace(LAW, unknown=unknown), can_ask=can_ask), due)


def test_given_a_household_that_is_known_then_nobody_is_asked() -> None:
    assert isinstance(said(NOT_PROTECTED, WINTER, can_ask=True), Permitted)
    assert isinstance(said(VULNERABLE, WINTER, can_ask=True), Forbidden)


def test_given_a_loosened_rule_then_the_order_goes_and_the_verdict_says_who_decided_that() -> None:
    by = Loosened("suspension-winter", "Anna Nowak", "legal opinion 4/2026")
    verdict = said(VULNERABLE, WINTER, replace(LAW, loosened={by.rule: by}))
    assert isinstance(verdict, Permitted)
    assert [(ban.name, who) for ban, who in verdict.loosened] == [(by.rule, by)]


def test_given_one_of_two_rules_loosened_then_the_other_still_forbids() -> None:
    friday_in_winter = datetime(2026, 11, 27, 9, tzinfo=UTC)
    by = Loosened("suspension-winter", "Anna Nowak", "legal opinion 4/2026")
    verdict = said(VULNERABLE, friday_in_winter, replace(LAW, loosened={by.rule: by}))
    assert isinstance(verdict, WaitForLaw)
    assert verdict.ban.name == "suspension-days-off"


def test_given_both_rules_loosened_on_a_day_of_both_then_the_verdict_names_both() -> None:
    friday_in_winter = datetime(2026, 11, 27, 9, tzinfo=UTC)
    names = ("suspension-winter", "suspension-days-off")
    law = replace(LAW, loosened={name: Loosened(name, "Anna Nowak", "a reason") for name in names})
    verdict = said(VULNERABLE, friday_in_winter, law)
    assert isinstance(verdict, Permitted)
    assert {ban.name for ban, _ in verdict.loosened} == set(names)


def test_given_a_verdict_then_its_words_name_rule_source_and_day_but_not_why_the_household_is_protected() -> None:
    verdict = said(VULNERABLE, WINTER)
    assert isinstance(verdict, Forbidden)
    assert "until 2027-04-01" in verdict.text
    assert "suspension-winter of 2024-01-17" in verdict.text
    assert "art. 6b(3d)" in verdict.text
    assert "vulnerable" not in verdict.text


def test_given_a_day_before_a_rule_holds_then_it_forbids_nothing() -> None:
    assert isinstance(said(VULNERABLE, datetime(2023, 11, 23, 9, tzinfo=UTC)), Permitted)
