"""Gate: what the law forbids today is not sent, whatever entrance the order came by.

A command may act until its lifetime is over, so the days until then must be permitted too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.law.judge import AskFirst, Forbidden, LawVerdict, Permitted, WaitForLaw, judge
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import RejectionReason, WaitsFor
from csire_bridge.pipeline.execute.gates.clocks import Clocks
from csire_bridge.pipeline.execute.gates.round import LONGEST_WAIT, Ready
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.orders.order_changes import OrderChanges
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["LawGate"]

_ASKED_FOR = timedelta(days=1)
"""How long the answer of SID about a household's protection counts before it is asked again."""


class LawGate:
    """Applies the law's bans to registered orders.

    ``clocks`` are those of the head-end systems, by which a command ends.
    ``can_ask``: SID can be asked whether a household is protected.
    """

    def __init__(self, policy: ExecutionPolicy, clocks: Clocks, *, can_ask: bool) -> None:
        self._policy = policy
        self._clocks = clocks
        self._can_ask = can_ask

    def passing(
        self,
        tx: Transaction,
        new: Sequence[Ready],
        points: Mapping[MeteringPointCode, MeteringPoint],
        changes: OrderChanges,
    ) -> list[Ready]:
        """Return the orders that the law permits now; the others are moved in ``changes``."""
        verdicts = self._judged(tx, new, points, changes.now)
        goes_on: list[Ready] = []
        for ready in new:
            item, order, _ = ready
            match verdicts[order.key]:
                case Permitted(loosened):
                    for ban, by in loosened:
                        changes.notes.append((order, f"not applied by decision of {by.by} ({by.why}): {ban.words}"))
                    goes_on.append(ready)
                case AskFirst(ban):
                    changes.ask_protection(order, item, f"SID is asked whether the household is protected: {ban.words}")
                case WaitForLaw(_, until) as verdict:
                    changes.wait(order, item, WaitsFor.LAW, verdict.text, min(until, changes.now + LONGEST_WAIT))
                case Forbidden() as verdict:
                    changes.cannot(order, item, RejectionReason.OTHER, verdict.text)
        return goes_on

    def _judged(
        self,
        tx: Transaction,
        new: Sequence[Ready],
        points: Mapping[MeteringPointCode, MeteringPoint],
        now: datetime,
    ) -> dict[int, LawVerdict]:
        unknown = [order.metering_point for _, order, _ in new if points[order.metering_point].protection is None]
        asked = (
            tx.points.protection_asked_since(unknown, now - _ASKED_FOR) if self._can_ask and unknown else frozenset()
        )
        return {
            order.key: judge(
                order,
                points[order.metering_point].protection,
                self._policy.law,
                now,
                self._policy.last_moment(now, self._clocks.shows(meter, now)),
                can_ask=self._can_ask and order.metering_point not in asked,
            )
            for _, order, meter in new
        }
