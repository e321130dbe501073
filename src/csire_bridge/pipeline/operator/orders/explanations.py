"""Why an order goes, waits or has ended: asked of the gates that decide, in a transaction that writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.order.order import OrderEvent
from csire_bridge.pipeline.execute.gates.explain import Explanation, explain
from csire_bridge.pipeline.execute.gates.gates import Gates
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.operator.orders.undone import undone
from csire_bridge.pipeline.ports.store import Store

__all__ = ["explained", "explanation_facts"]


def explained(
    store: Store, key: int, gates: Gates, policy: ExecutionPolicy, now: datetime
) -> tuple[Explanation, list[OrderEvent]]:
    """The reasoning about an order at ``now`` (UTC), and its history. Raises ActionRefused if there is none."""
    with undone(store) as tx:
        order = tx.orders.get_many([key]).get(key)
        if order is None:
            raise ActionRefused(f"there is no order {key}", "look its key up with `orders list`")
        return explain(tx, order, gates, policy, now), tx.orders.history(key)


def explanation_facts(
    found: Explanation, history: Sequence[OrderEvent], clocks: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The same as values for programs."""
    order, rule = found.order, found.rule
    return {
        "order": order.key,
        "state": order.state,
        "waits_for": order.waits_for,
        "detail": order.detail,
        "last": history[-1].text if history else None,
        "facts": [
            {"name": f.name, "value": f.value, "source": f.source, "effective": f.effective, "heard": f.heard}
            for f in found.facts
        ],
        "gates": [{"gate": a.gate, "passes": a.passes, "text": a.text, "until": a.until} for a in found.gates],
        "rule": {"name": rule.version, "source": str(rule.source), "en": rule.en, "pl": rule.pl} if rule else None,
        "deadline": order.deadline,
        "clocks": list(clocks),
        "to_go": list(found.to_go),
    }
