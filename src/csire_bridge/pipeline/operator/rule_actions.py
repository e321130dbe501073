"""Operator actions on the rules of the configurator: drafts, and a rule set that is put in force from a moment on."""

from __future__ import annotations

from datetime import datetime, timedelta

from csire_bridge.config.files.rule_files import checked_rules
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.domain.rules.model import RuleDraft, RuleSetVersion
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["activate_rules", "change_draft", "delete_draft", "new_draft"]

_SLOW = timedelta(minutes=1)
"""So long may it take from reading the clock to entering."""


@audited(Act.RULES_ACTIVATE, "rules")
def activate_rules(
    tx: Transaction,
    text: str,
    valid_from: datetime,
    policy: Deadlines,
    act: OperatorAction,
    name: str = "the rules",
    draft: int | None = None,
) -> int:
    """Enter rules that hold from ``valid_from`` (UTC) on; return the key of the rule set. The ``draft`` they were is
    deleted.

    Raises ConfigurationError for rules that are wrong or contradict themselves, ActionRefused for a moment that is
    past.
    """
    if valid_from < act.at - _SLOW:
        at = f"{valid_from.astimezone(WARSAW):%Y-%m-%d %H:%M}"
        raise ActionRefused(f"rules can't hold from {at} on, which is past", "choose a moment from now on")
    checked_rules(text, name, policy, valid_from)
    if draft is not None:
        tx.rule_sets.delete_draft(draft)
    return tx.rule_sets.enter(RuleSetVersion(0, valid_from, act.at, act.by, act.why or "", text))


@audited(Act.RULES_DRAFT, "draft of rules")
def new_draft(tx: Transaction, title: str, text: str, based_on: int | None, act: OperatorAction) -> int:
    """Keep rules, right or wrong, that hold nowhere yet; return the draft's key. ``based_on`` is a rule set."""
    return tx.rule_sets.add_draft(RuleDraft(0, title, text, based_on, act.at, act.by, 1))


@audited(Act.RULES_DRAFT, "draft of rules {key}")
def change_draft(tx: Transaction, key: int, version: int, title: str, text: str, act: OperatorAction) -> None:
    """Keep other rules in a draft. ``version`` is the one that was seen: raises StaleWrite if it is another now."""
    known = tx.rule_sets.draft(key)
    tx.rule_sets.change_draft(RuleDraft(key, title, text, known.based_on, act.at, act.by, version))


@audited(Act.RULES_DRAFT, "draft of rules {key}")
def delete_draft(tx: Transaction, key: int, act: OperatorAction) -> None:
    """Throw a draft away. Raises ActionRefused where there is none."""
    tx.rule_sets.delete_draft(key)
