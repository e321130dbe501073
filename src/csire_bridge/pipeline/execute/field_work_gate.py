"""Whether a field crew may be sent: what forbids a remote command forbids the same work on site."""

from __future__ import annotations

from datetime import datetime

from csire_bridge.domain.metering_point.interlocks import DANGER, danger, holding_back, protection
from csire_bridge.domain.order.order import Order
from csire_bridge.pipeline.execute.meter_gate import doubts_of
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["against_field_work"]


def against_field_work(tx: Transaction, order: Order, now: datetime) -> str | None:
    """Why nobody may be sent to carry out ``order`` at ``now`` (UTC); None when a crew may go.

    Protection from disconnection, holds, registered danger (PL-278), doubt about the meter, and the stop switch count
    here as they do before a command: a household that must not be cut off remotely must not be cut off on site.
    """
    code, action = order.metering_point, order.kind.contactor_action
    point, holds = tx.points.of([code], now).get(code), tx.guards.holds_of([code], now).get(code, [])
    if point is None:
        return "the metering point is not known to the operator"
    protected, hold, stop = protection(order, point, holds), holding_back(order, holds), tx.guards.stop()
    against = [
        protected.text if protected else None,
        f"{hold.kind} hold {hold.key} is in force" if hold else None,
        DANGER if danger(order, point) else None,
        doubts_of(tx, order, now),
        f"the stop switch was thrown ({stop.scope})" if stop and action and stop.scope.stops(action) else None,
    ]
    return next((text for text in against if text is not None), None)
