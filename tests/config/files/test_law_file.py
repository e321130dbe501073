"""The law file is refused where it contradicts itself, with line and key; ours is read whole."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from csire_bridge.config.files.law_file import LAW_FILE, load_law, read_law
from csire_bridge.config.resources import folder
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.law.model import Ban, LawRule
from csire_bridge.service.wiring.settings_to_values import law_policy

OURS = (folder("mappings") / LAW_FILE).read_text("utf-8")
HEAD = "country: pl\nrules:\n"
BAN = """\
  - name: a-ban
    kind: ban
    source: {act: A law, place: art. 1, published: Dz.U. 2026 poz. 1}
    holds_from: 2026-01-01
    orders: [disconnect-debt]
    whom: [vulnerable]
    days: {dates: [11-01..03-31]}
    en: A sentence
    pl: Zdanie
"""


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_law(text, "law.yaml")
    return str(caught.value)


def test_given_our_law_file_then_every_rule_has_a_source_a_day_and_both_sentences() -> None:
    book = read_law(OURS, "pl.yaml")
    assert len(list(book.of(LawRule))) == len(book.rules) >= 10
    for rule in book.of(LawRule):
        assert rule.source.act and rule.source.place and rule.source.published, rule.name
        assert rule.en and rule.pl and rule.en != rule.pl, rule.name


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("    source: {act: A law, place: art. 1, published: Dz.U. 2026 poz. 1}\n", "", "line 3", "source"),
        ("place: art. 1, ", "", "line 5", "rules.0.source.place"),
        ("kind: ban", "kind: advice", "line 3, key rules.0:", "advice"),
        ("whom: [vulnerable]", "whom: [rich]", "line 8", "rules.0.whom.0"),
        ("whom: [vulnerable]", "whom: []", "line 8", "rules.0.whom"),
        ("orders: [disconnect-debt]", "orders: [disconnect-depth]", "line 7", "disconnect-depth"),
        ("orders: [disconnect-debt]", "orders: [disconnect-danger]", "line 7", "danger is never banned"),
        ("holds_from: 2026-01-01", "holds_from: 2026-02-30", "line 6", "rules.0.holds_from"),
        ("holds_from: 2026-01-01", "holds_from: 2026-01-01\n    holds_until: 2025-12-31", "line 7", "before it begins"),
        ("{dates: [11-01..03-31]}", "{dates: [01-01..12-31]}", "line 9", "never ends"),
        ("{dates: [11-01..03-31]}", "{dates: [11-01..10-31]}", "line 9", "never ends"),
        ("{dates: [11-01..03-31]}", "{}", "line 9", "no day"),
        ("{dates: [11-01..03-31]}", "{always: yes, dates: [11-01..03-31]}", "line 9", "take out"),
        ("{dates: [11-01..03-31]}", "{dates: [11-01..03-31], days_before: 1}", "line 9", "days_before"),
        ("{dates: [11-01..03-31]}", "{dates: [13-01..03-31]}", "line 9", "rules.0.days.dates.0"),
        ("{dates: [11-01..03-31]}", "{weekdays: [freitag]}", "line 9", "freitag"),
        ("en: A sentence", "en: ''", "line 10", "rules.0.en"),
        ("pl: Zdanie", "pl: Zdanie\n    more: 1", "line 12", "rules.0.more"),
    ],
)
def test_given_a_wrong_law_file_then_it_is_refused_with_line_and_key(
    old: str, new: str, place: str, words: str
) -> None:
    assert old in BAN
    told = refusal(HEAD + BAN.replace(old, new))
    assert place in told, told
    assert words in told, told


def test_given_a_law_file_without_rules_then_it_is_refused() -> None:
    assert "no rule" in refusal("country: pl\nrules: []\n")


def test_given_one_rule_twice_at_the_same_time_then_it_is_refused_and_one_after_the_other_is_read() -> None:
    later = BAN.replace("2026-01-01", "2027-01-01")
    assert "rules.1.name" in refusal(HEAD + BAN + later)
    ended = BAN.replace("2026-01-01", "2026-01-01\n    holds_until: 2026-12-31")
    book = read_law(HEAD + ended + later, "law.yaml")
    assert [rule.first.year for rule in book.on(Ban, date(2026, 12, 31))] == [2026]
    assert [rule.first.year for rule in book.on(Ban, date(2027, 1, 1))] == [2027]


def test_given_a_law_file_of_the_operator_then_it_lies_over_ours(tmp_path: Path) -> None:
    (tmp_path / "law").mkdir()
    (tmp_path / LAW_FILE).write_text(HEAD + BAN, "utf-8")
    assert load_law([tmp_path, folder("mappings")]).names == {"a-ban"}
    assert "suspension-winter" in load_law([folder("mappings")]).names


@pytest.mark.parametrize(
    "law",
    [
        {"loosened": [{"rule": "no-such-rule", "by": "Anna Nowak", "why": "a reason"}]},
        {"when_banned": {"prepaid-working-day": "wait"}},
    ],
)
def test_given_a_setting_that_names_no_rule_of_the_law_file_then_the_start_is_refused(law: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="suspension-winter"):
        law_policy(load_settings(environment=False, law=law))


@pytest.mark.parametrize("missing", ["by", "why"])
def test_given_a_loosened_rule_without_who_or_why_then_the_settings_are_refused(missing: str) -> None:
    entry = {"rule": "suspension-winter", "by": "Anna Nowak", "why": "a reason"}
    with pytest.raises(ConfigurationError, match=missing):
        load_settings(environment=False, law={"loosened": [{k: v for k, v in entry.items() if k != missing}]})
