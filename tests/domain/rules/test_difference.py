"""What differs between two rule sets: each part is told once, and equal sets differ in nothing."""

from __future__ import annotations

from datetime import date

from csire_bridge.config.files.rule_files import DEFAULT_TEXT, read_rules
from csire_bridge.domain.rules.difference import Part, differences
from csire_bridge.domain.rules.model import RuleSet
from csire_bridge.domain.rules.words import value_words

BEFORE = read_rules(
    """
extra_days_off: [2026-12-31]
no_disconnection: {dates: [12-24..12-26]}
rules:
  - for: {kind: disconnect}
    hours: {monday-thursday: 08:00-15:00}
    on_days_off: no
    try_days: 30
    then: field-work
  - for: {kind: reconnect}
""",
    "before",
)
AFTER = read_rules(
    """
weekend: [sunday]
no_disconnection: {dates: [12-24..12-26], hours: {every-day: 22:00-06:00}, days_off: yes, days_before_days_off: 1}
rules:
  - for: {kind: disconnect, disconnection_kind: prepaid}
    text: "{meter}"
  - for: {kind: disconnect}
    hours: {monday-friday: 08:00-15:00}
    days_before_days_off: 1
    wait_days: 2
    then: refuse
    text: "{metering_point}"
""",
    "after",
)


def told(before: RuleSet, after: RuleSet) -> list[tuple[str, Part, str, str]]:
    found = differences(before, after)
    return [(str(one.scope or ""), one.part, value_words(one.before), value_words(one.after)) for one in found]


def test_given_two_rule_sets_then_every_part_that_differs_is_told_in_words() -> None:
    assert told(BEFORE, AFTER) == [
        ("", Part.WEEKEND, "saturday, sunday", "sunday"),
        ("", Part.EXTRA_DAYS_OFF, "2026-12-31", "none"),
        ("", Part.PAUSE_HOURS, "no hours", "every-day 22:00-06:00"),
        ("", Part.PAUSE_DAYS_OFF, "no", "yes"),
        ("", Part.PAUSE_DAYS_BEFORE, "0", "1"),
        (
            "disconnect, prepaid",
            Part.RULE,
            "none",
            "sent: round the clock; on days off: yes; waits after registration: no; kept trying: without an end; "
            "then: ask a person; text: {meter}",
        ),
        ("disconnect", Part.HOURS, "monday-thursday 08:00-15:00", "monday-friday 08:00-15:00"),
        ("disconnect", Part.ON_DAYS_OFF, "no", "yes"),
        ("disconnect", Part.DAYS_BEFORE, "0", "1"),
        ("disconnect", Part.WAIT_DAYS, "0", "2"),
        ("disconnect", Part.TRY_DAYS, "30", "none"),
        ("disconnect", Part.THEN, "field work", "refuse it"),
        ("disconnect", Part.TEXT, "none", "{metering_point}"),
        (
            "reconnect",
            Part.RULE,
            "sent: round the clock; on days off: yes; waits after registration: no; kept trying: without an end; "
            "then: ask a person",
            "none",
        ),
    ]


def test_given_dates_then_they_are_told_as_people_write_them() -> None:
    other = read_rules("no_disconnection: {dates: [2026-12-24, 11-01..03-31]}\nrules: []\n", "other")
    (change,) = differences(read_rules(DEFAULT_TEXT, "default"), other)
    assert value_words(change.after) == "11-01 to 03-31 of every year, 2026-12-24"
    assert date(2026, 12, 31) in BEFORE.calendar.extra


def test_given_the_same_rules_then_nothing_differs() -> None:
    assert told(BEFORE, BEFORE) == told(AFTER, AFTER) == []
