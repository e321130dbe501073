"""The operator's rules that are in force, cached from the database."""

from __future__ import annotations

from collections.abc import Sequence

from csire_bridge.config.files.rule_files import read_rules
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.rules.decide import Rules
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.domain.rules.timeline import Timeline
from csire_bridge.pipeline.ports.guards import RuleSets

__all__ = ["RuleBook", "timeline_of"]


class RuleBook:
    """Keeps the rules ready between transactions. Safe for several threads."""

    def __init__(self) -> None:
        self._known: tuple[int, Timeline] = (0, Timeline([]))

    def timeline(self, rule_sets: RuleSets) -> Timeline:
        """All rule sets that this transaction sees; they are read again only after a new one was entered.

        Call it in the transaction that postpones an order: then a rule set that was just entered is not missed. Raises
        ConfigurationError if a stored rule set can't be read.
        """
        count, timeline = self._known
        if rule_sets.count() != count:
            versions = rule_sets.versions()
            timeline = timeline_of(versions)
            self._known = len(versions), timeline
        return timeline


def timeline_of(versions: Sequence[RuleSetVersion]) -> Timeline:
    """Rule sets one after the other; raises ConfigurationError when one can't be read."""
    return Timeline([(v.valid_from, Rules(read_rules(v.text, f"rule set {v.key}"), _name(v))) for v in versions])


def _name(version: RuleSetVersion) -> str:
    entered = version.entered_at.astimezone(WARSAW)
    return f"rule set {version.key} by {version.entered_by} of {entered:%Y-%m-%d %H:%M}"
