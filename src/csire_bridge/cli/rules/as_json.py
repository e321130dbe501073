"""Rule sets and previews for programs; moments are ISO 8601 in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from csire_bridge.cli.rules.as_text import planned_words
from csire_bridge.domain.operations.statistics import Bucket
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.domain.rules.preview import Moved, PastResult

if TYPE_CHECKING:
    from csire_bridge.store.queries.rule_preview import Preview

__all__ = ["preview_json", "version_json"]


def version_json(version: RuleSetVersion, holds: bool) -> dict[str, Any]:
    """A rule set; ``holds``: it does now."""
    return {
        "key": version.key,
        "valid_from": version.valid_from.isoformat(),
        "entered_at": version.entered_at.isoformat(),
        "entered_by": version.entered_by,
        "why": version.why,
        "in_force": holds,
        "text": version.text,
    }


def preview_json(found: Preview) -> dict[str, Any]:
    """What other rules would do."""
    return {
        "waiting": found.waiting,
        "before": {fate.value: count for fate, count in found.before.items()},
        "after": {fate.value: count for fate, count in found.after.items()},
        "changed": found.changed,
        "past_deadline": found.late,
        "all_waiting": found.all_waiting,
        "moved": [_moved(one) for one in found.moved],
        "past": [_past(result) for result in found.past],
        "past_step": found.past_step,
    }


def _moved(one: Moved) -> dict[str, Any]:
    """A waiting order that would be handled differently."""
    return {
        "order": one.order.key,
        "kind": one.order.kind.value,
        "metering_point": one.order.metering_point,
        "before": {"at": one.before.at.isoformat(), "text": planned_words(one.before)},
        "after": {"at": one.after.at.isoformat(), "text": planned_words(one.after)},
        "past_deadline": one.late,
    }


def _past(result: PastResult) -> dict[str, Any]:
    """Orders of one kind in their buckets, as it was and as it would have been."""
    return {
        "kind": result.kind.value,
        "before": {bucket.value: result.before[bucket] for bucket in Bucket},
        "after": {bucket.value: result.after[bucket] for bucket in Bucket},
        "not_sent": {then.value: count for then, count in result.not_sent.items()},
        "late_before": result.late_before,
        "late_after": result.late_after,
    }
