"""Rule sets as pages show them: each rule with its week, its words, and the bans that concern it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from csire_bridge.config.files.rule_files import DEFAULT_TEXT, read_rules
from csire_bridge.console.http.visit import Visit
from csire_bridge.console.pages.rules.example import example_of
from csire_bridge.console.pages.rules.week_grid import WeekGrid, bans_for, week_grid
from csire_bridge.console.pages.rules.words import RuleWords
from csire_bridge.domain.law.model import Ban
from csire_bridge.domain.rules.difference import differences
from csire_bridge.domain.rules.model import Rule, RuleSet, RuleSetVersion
from csire_bridge.domain.rules.timeline import in_force
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["ShownRule", "ShownSet", "changes_between", "holding", "rule_set_of", "shown", "versions_of"]


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule of a set by its place."""

    place: int
    title: str
    facts: Sequence[tuple[str, str]]
    grid: WeekGrid
    bans: Sequence[Ban]
    source: Callable[[Ban], str]
    example: str | None


@dataclass(frozen=True, slots=True)
class ShownSet:
    """A rule set."""

    calendar: str
    pause: str
    rules: Sequence[ShownRule]


def shown(rules: RuleSet, visit: Visit, words: RuleWords) -> ShownSet:
    """The rule set for a page."""
    return ShownSet(
        words.calendar(rules.calendar),
        words.pause(rules.pause),
        [_rule(place, rule, rules, visit, words) for place, rule in enumerate(rules.rules)],
    )


def _rule(place: int, rule: Rule, rules: RuleSet, visit: Visit, words: RuleWords) -> ShownRule:
    bans = bans_for(rule.scope, visit.api.policy.law)
    grid = week_grid(f"week-{place}", rule, rules, bans, words)
    example = example_of(rule.text.template) if rule.text else None
    return ShownRule(place, words.scope(rule.scope), list(words.rule(rule)), grid, bans, words.source, example)


def versions_of(visit: Visit) -> list[RuleSetVersion]:
    """Every rule set, in the order in which they were entered."""
    with visit.reading() as connection:
        return UnitOfWork(connection).rule_sets.versions()


def holding(visit: Visit, versions: Sequence[RuleSetVersion]) -> RuleSetVersion | None:
    """The one that holds now; None: the default does."""
    return in_force(versions, visit.now)


def rule_set_of(version: RuleSetVersion | None) -> RuleSet:
    """Its rules; those of the default for None."""
    return read_rules(version.text if version else DEFAULT_TEXT, "the rules")


def changes_between(before: RuleSet, after: RuleSet, words: RuleWords) -> list[tuple[str, str, str, str]]:
    """What differs, in words."""
    return words.changed(differences(before, after))
