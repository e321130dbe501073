"""The machine of orders, and complaints: lodged before or after a cut, decided, disputed, at any time and too late."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.metering_point.complaints import Decision
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.pipeline.operator import complaint_actions
from tests.support.defaults import LAW
from tests.support.model.machine import POINTS, OrdersMachine

__all__ = ["ComplaintMachine"]

_DAY = timedelta(days=1)


class ComplaintMachine(OrdersMachine):
    """``checks`` works out from what was entered whether a complaint stands, not from what the product makes of it."""

    @rule(
        at=st.sampled_from(range(len(POINTS))),
        days=st.sampled_from([0, 1, 13, 14, 20]),
        after_cut=st.booleans(),
        then=st.integers(0, 2),
    )
    def complaint_is_lodged(self, at: int, days: int, after_cut: bool, then: int) -> None:
        act = OperatorAction("Anna", self.world.bridge_clock(), "a model")
        with self.parts.database.transaction() as tx:
            complaint_actions.lodge(tx, POINTS[at], act.at - days * _DAY, act, LAW, after_cut=after_cut)
        self._turns(then)

    @rule(which=st.integers(0, 99), what=st.sampled_from([*[Decision.REJECTED] * 3, Decision.UPHELD, None]))
    def complaint_is_decided_or_disputed(self, which: int, what: Decision | None) -> None:
        act = OperatorAction("Jan", self.world.bridge_clock(), "a model")
        with suppress(ActionRefused), self.parts.database.transaction() as tx:
            complaints = [hold.key for hold in tx.guards.holds() if hold.complaint is not None]
            if complaints and what is not None:
                complaint_actions.decide(tx, complaints[which % len(complaints)], what, act)
            elif complaints:
                complaint_actions.dispute(tx, complaints[which % len(complaints)], act)

    @rule(days=st.sampled_from([1, 7, 14]), then=st.integers(0, 2))
    def days_go_by(self, days: int, then: int) -> None:
        self.world.now += days * _DAY
        self._turns(then)
