"""A rule file as a form: what was typed stays, right or wrong, and the one parser judges it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.config.files.rule_files import read_rules
from csire_bridge.config.files.rule_form import DAYS, EMPTY_RULE, RuleForm, judged, week_of, written_week
from csire_bridge.domain.calendar.hours import Week
from tests.support.defaults import DEADLINES
from tests.support.rules import NOW

TEXT = """
extra_days_off: [2026-12-31]
no_disconnection:
  hours: {every-day: 22:00-06:00}
  dates: [12-24..12-26]
rules:
  - for: {kind: disconnect}
    hours: {monday-thursday: 08:00-15:00, friday: "08:00-10:00, 11:00-12:00"}
    on_days_off: no
    text: "Punkt {metering_point}: {description:40}"
  - for: {kind: reconnect}
"""


def test_given_a_file_then_the_form_gives_the_same_rules_back() -> None:
    assert read_rules(RuleForm.of(TEXT).text(), "form") == read_rules(TEXT, "file")


def test_given_rules_that_are_added_changed_and_removed_then_the_others_stay_as_they_are() -> None:
    form = RuleForm.of(TEXT).with_rule(None, {"for": {"kind": "parametrisation"}})
    changed = form.with_rule(1, {"for": {"kind": "reconnect"}, "wait_days": "1"}).without_rule(0)
    rules = read_rules(changed.text(), "form").rules
    assert [(rule.scope.kind.value, rule.wait_days) for rule in rules] == [("reconnect", 1), ("parametrisation", 0)]
    assert len(RuleForm({}).with_rule(None, EMPTY_RULE).rules) == 1
    with pytest.raises(IndexError):
        form.with_rule(7, EMPTY_RULE)


def test_given_mistakes_then_each_has_its_key_and_what_was_typed_is_still_there() -> None:
    form = RuleForm.of(TEXT).with_rule(0, {"for": {"kind": "disconnect"}, "hours": {"monday": "8-15"}, "try_days": "x"})
    rules, problems = judged(form.text(), DEADLINES, NOW)
    assert rules is None
    assert [one.key for one in problems] == ["rules.0.hours.monday", "rules.0.try_days"]
    assert RuleForm.of(form.text()).rules[0]["hours"] == {"monday": "8-15"}


def test_given_a_contradiction_then_it_is_told_at_its_rule() -> None:
    form = RuleForm.of(TEXT).with_rule(None, {"for": {"kind": "reconnect"}})
    _, problems = judged(form.text(), DEADLINES, NOW)
    assert [(one.key, "another rule is for the same orders" in one.text) for one in problems] == [("rules.2.for", True)]
    assert judged("- a list", DEADLINES, NOW)[1][0].text == "the file is not a YAML mapping"
    assert "at most" in judged("#" * 300_000, DEADLINES, NOW)[1][0].text


def test_given_empty_days_then_they_are_left_out() -> None:
    form = RuleForm.of(TEXT).with_days({"extra_days_off": "", "no_disconnection": {}})
    assert read_rules(form.text(), "form").pause is None
    assert "extra_days_off" not in form.text()


@given(st.fixed_dictionaries({day: st.sampled_from(["none", "all-day", "08:00-15:00", "22:00-24:00"]) for day in DAYS}))
def test_given_hours_for_each_weekday_then_the_file_says_the_same(typed: dict[str, str]) -> None:
    written = written_week(typed)
    assert week_of(written) | {day: "none" for day in DAYS if day not in week_of(written)} == typed
    text = RuleForm({}).with_rule(None, {"for": {"kind": "disconnect"}, "hours": written}).text()
    week: Week = read_rules(text, "form").rules[0].window.week
    assert [bool(hours) for hours in week.days] == [typed[day] != "none" for day in DAYS]
