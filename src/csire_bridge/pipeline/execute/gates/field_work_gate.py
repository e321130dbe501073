"""Whether a field crew may be sent: what forbids a remote command forbids the same work on site."""

from __future__ import annotations

from datetime import datetime

from csire_bridge.domain.law.bans import Bans
from csire_bridge.domain.law.judge import Forbidden, WaitForLaw, judge
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.metering_point.interlocks import DANGER, At, danger, holding_back, protection
from csire_bridge.domain.order.order import Order
from csire_bridge.domain.order.requests.operators_own import is_danger_cut
from csire_bridge.pipeline.execute.gates.meter_gate import doubts_of
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["against_field_work", "days_to_mind"]


def against_field_work(tx: Transaction, order: Order, now: datetime, law: LawPolicy) -> str | None:
    """Why nobody may be sent to carry out ``order`` at ``now`` (UTC); None when a crew may go.

    The law's bans, protection from disconnection, holds, registered danger (PL-278), doubt about the meter, and the
    stop switch count here as they do before a command: a household that must not be cut off remotely must not be cut
    off on site. A cut because of danger passes them all, but for a hold that says that the supply must stay on.
    """
    code, action = order.metering_point, order.kind.contactor_action
    point, holds = tx.points.of([code], now).get(code), tx.guards.holds_of([code], now).get(code, [])
    if point is None:
        return "the metering point is not known to the operator"
    at = At(now, law)
    if is_danger_cut(order):
        needed = protection(order, point, holds, at)
        return needed.text if needed else None
    protected, hold, stop = protection(order, point, holds, at), holding_back(order, holds), tx.guards.stop()
    verdict = judge(order, point.protection, law, now, now)
    against = [
        verdict.text if isinstance(verdict, WaitForLaw | Forbidden) else None,
        protected.text if protected else None,
        f"{hold.kind} hold {hold.key} is in force" if hold else None,
        DANGER if danger(order, point) else None,
        doubts_of(tx, order, now),
        f"the stop switch was thrown ({stop.scope})" if stop and action and stop.scope.stops(action) else None,
    ]
    return next((text for text in against if text is not None), None)


def days_to_mind(tx: Transaction, order: Order, now: datetime, law: LawPolicy) -> str | None:
    """The bans of the law that a crew must mind, because its work may take until another day; None: no ban."""
    point = tx.points.of([order.metering_point], now).get(order.metering_point)
    bans = Bans(order, point.protection if point else None, law).of_household(now)
    return "; ".join(ban.words for ban in bans if ban.name not in law.loosened) or None
