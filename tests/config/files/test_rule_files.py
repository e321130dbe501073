"""Rule files: every error has its line, and a set that contradicts itself is refused with the reason."""

from __future__ import annotations

import re

import pytest

from csire_bridge.config.files.rule_files import DEFAULT_TEXT, LONGEST_FILE, checked_rules, read_rules
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind
from csire_bridge.domain.rules.model import RuleSet, Scope, Then
from tests.support.defaults import DEADLINES
from tests.support.repository import REPOSITORY
from tests.support.rules import NOW, SUPPLIER

DOCUMENT = REPOSITORY / "docs" / "configurator.md"
WHOLE = f"""\
weekend: [sunday]
extra_days_off: [2026-12-31]
no_disconnection:
  hours:
    every-day: 22:00-06:00
  dates: [12-20..01-06, 2026-11-30, 2026-12-01..2026-12-02]
  days_off: yes
  days_before_days_off: 1
rules:
  - for: {{kind: disconnect, disconnection_kind: debt, supplier: {SUPPLIER}, source: sid}}
    hours:
      monday-wednesday: 08:00-11:00, 12:00-15:00
      thursday: [08:00-10:00]
      friday: none
    on_days_off: no
    days_before_days_off: 1
    wait_days: 2
    try_days: 14
    then: field-work
    text: "Point {{metering_point}}: {{description:100}}"
  - for:  # back
      kind: reconnect
    hours:
      every-day: all-day
"""


def check(text: str) -> RuleSet:
    return checked_rules(text, "rules.yaml", DEADLINES, NOW)


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        check(text)
    assert "docs/configurator.md" in caught.value.remedy
    return caught.value.text


def test_given_a_file_with_every_key_when_read_then_nothing_is_lost() -> None:
    rule_set = check(WHOLE)
    rule, other = rule_set.rules
    assert rule.scope == Scope(OrderKind.DISCONNECT, DisconnectionKind.DEBT, SUPPLIER, OrderSource.SID)
    assert str(rule.window.week) == "monday-wednesday 08:00-11:00, 12:00-15:00; thursday 08:00-10:00"
    assert (rule.window.on_days_off, rule.window.days_before_days_off) == (False, 1)
    assert (rule.wait_days, rule.try_days, rule.then) == (2, 14, Then.FIELD_WORK)
    assert rule.text is not None
    assert rule.text.template == "Point {metering_point}: {description:100}"
    assert str(other.window.week) == "every-day all-day"
    assert [day.name for day in rule_set.calendar.weekend] == ["SUNDAY"]
    assert [day.isoformat() for day in rule_set.calendar.extra] == ["2026-12-31"]
    assert rule_set.pause is not None
    assert str(rule_set.pause.week) == "every-day 22:00-06:00"
    assert [dates.yearly for dates in rule_set.pause.dates] == [True, False, False]
    assert (rule_set.pause.on_days_off, rule_set.pause.days_before_days_off) == (True, 1)


def test_given_the_default_when_read_then_it_is_the_empty_rule_set() -> None:
    assert check(DEFAULT_TEXT) == RuleSet()


def test_given_the_examples_of_the_document_when_checked_then_they_are_good() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        assert check(example).rules


@pytest.mark.parametrize(
    ("old", "new", "marker", "told"),
    [
        ("on_days_off: no", "days_of: no", "days_of:", "rules.0.days_of: the key days_of is not known here"),
        ("weekend: [sunday]", "weekend: [sun]", "weekend", "weekend.0: 'sun' is no day"),
        ("[2026-12-31]", "[2026-12-32]", "extra", "extra_days_off.0: day "),
        ("[2026-12-31]", "[31.12.2026]", "extra", "is no date such as"),
        ("[12-20..01-06,", "[12-20..2027-01-06,", "dates", "no_disconnection.dates.0: '12-20' is no date"),
        ("2026-12-01..2026-12-02", "2026-12-02..2026-12-01", "dates", "ends before it begins"),
        ("22:00-06:00", "06:00-06:00", "every-day", "no_disconnection.hours.every-day: '06:00-06:00' are empty"),
        ("08:00-11:00,", "08:00-12:30,", "    hours:", "hours of monday overlap: 08:00-12:30 and 12:00-15:00"),
        ("friday: none", "thursday-friday: none", "    hours:", "thursday is named twice"),
        ("friday: none", "fri: none", "    hours:", "'fri' is no day"),
        ("friday: none", "friday: {a: b}", "friday", "rules.0.hours.friday: write hours such as"),
        ("wait_days: 2", "wait_days: two", "wait_days", "rules.0.wait_days: write a whole number"),
        ("wait_days: 2", "wait_days: -1", "wait_days", "the number must be 0 or more"),
        ("then: field-work", "then: dance", "then", "is not one of field-work, refuse, ask"),
        ("{{description:100}}".replace("{{", "{").replace("}}", "}"), "{name}", "text", "unknown field {name}"),
        ("{description:100}", "{description}", "text", "may become 276 characters long, and 250 go out"),
        (SUPPLIER, "19XPL-RZE-SA---W", "for:", "rules.0.for.supplier: EIC code"),
        ("kind: reconnect", "kind: reconnect\n      disconnection_kind: debt", "# back", "only disconnections"),
        ("kind: reconnect", "kind: connect", "kind: connect", "rules.1.for.kind: "),
        ("source: sid", "source: fax", "source", "is not one of hub, sid, person"),
        ("source: sid", "source: person", "for:", "because of danger is never held up"),
        ("disconnection_kind: debt", "disconnection_kind: danger", "for:", "because of danger is never held up"),
        ("weekend: [sunday]", "weekend: &all [sunday]\nx: *all", "weekend", "anchors and aliases"),
        ("weekend: [sunday]", "weekend: [sunday]\n'weekend': []", "'weekend'", "the key stands twice"),
        ("weekend: [sunday]", "? [a]\n: b", "[a]", "a key must be a text"),
        ("weekend: [sunday]", "weekend: [sunday", "extra", "the file "),
        ("try_days: 14", "try_days: 2", "try_days", "the days to keep trying (2) end before"),
        ("monday-wednesday:", "saturday:", "    hours:", "the hours of saturday never come: it is always before"),
        ("friday: none", "sunday: 08:00-12:00", "    hours:", "the hours of sunday never come: it is always a day off"),
    ],
)
def test_given_one_thing_wrong_when_checked_then_line_key_and_reason_are_told(
    old: str, new: str, marker: str, told: str
) -> None:
    assert old in WHOLE
    text = WHOLE.replace(old, new, 1)
    said = refusal(text)
    assert told in said
    line = next(number for number, one in enumerate(text.splitlines(), 1) if marker in one)
    assert f"rules.yaml, line {line}, key " in said


def test_given_several_things_wrong_when_checked_then_all_are_told_with_their_lines() -> None:
    said = refusal(WHOLE.replace("then: field-work", "then: dance").replace("kind: reconnect", "kind: connect"))
    assert [line.split(", key")[0] for line in said.splitlines()] == ["rules.yaml, line 19", "rules.yaml, line 22"]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (
            "- for: {kind: reconnect}\n  hours: {every-day: none}",
            "every weekday is off, and such orders have a deadline",
        ),
        (
            "- for: {kind: disconnect}\n  hours: {every-day: none}",
            "every weekday is off, and such orders have a deadline",
        ),
        ("- for: {kind: disconnect}\n- for: {kind: disconnect}", "line 3, key rules.1.for: another rule"),
        (
            f"- for: {{kind: disconnect, source: hub}}\n- for: {{kind: disconnect, supplier: {SUPPLIER}}}",
            "as specific as the rule for (disconnect, hub)",
        ),
        ("- for: {kind: agreement-end}\n  on_days_off: no", "agreements start and end on their date"),
        ("- for: {kind: agreement-start}\n  hours: {monday-friday: all-day}", "agreements start and end on their date"),
        ("- for: {kind: agreement-start}\n  wait_days: 1", "agreements start and end on their date"),
        (
            "- for: {kind: disconnect}\n  hours: {every-day: 08:00-15:00}\n  days_before_days_off: 7",
            "they never come in two years",
        ),
    ],
)
def test_given_a_rule_that_contradicts_the_law_the_date_or_another_when_checked_then_it_is_refused(
    rules: str, told: str
) -> None:
    assert told in refusal(f"rules:\n{rules}\n")


@pytest.mark.parametrize(
    "rules",
    [
        "- for: {kind: disconnect, disconnection_kind: debt}\n  hours: {every-day: none}\n  then: field-work",
        "- for: {kind: disconnect}\n  hours: {every-day: none}\n- for: {kind: disconnect, disconnection_kind: prepaid}",
        "- for: {kind: agreement-end}\n  hours: {every-day: 06:00-22:00}",
        "- for: {kind: disconnect}\n  hours: {every-day: 08:00-15:00}\n  on_days_off: no\n  days_before_days_off: 1",
        "- for: {kind: parametrisation}\n  hours: {monday: 08:00-15:00}",
    ],
)
def test_given_a_rule_that_only_looks_odd_when_checked_then_it_is_taken(rules: str) -> None:
    assert check(f"rules:\n{rules}\n").rules


def test_given_a_pause_without_an_end_when_checked_then_it_is_refused_beside_the_rules() -> None:
    said = refusal("no_disconnection:\n  hours: {every-day: all-day}\nrules: []\n")
    assert said.startswith("rules.yaml, line 1, key no_disconnection: no hour is left")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not a YAML mapping"),
        ("weekend: [sunday]", "rules: the key rules is missing: add it"),
        ("rules: []\nx: " + "[" * 2000, "nested too deeply"),
        ("a: &b {c: *b}", "anchors and aliases"),
        ("rules: []\n#" + "x" * LONGEST_FILE, "at most"),
        ("rules: [\x00]", "the file "),
    ],
)
def test_given_what_is_no_rule_file_when_read_then_it_is_refused_with_a_sentence(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        read_rules(text, "rules.yaml")
