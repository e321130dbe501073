"""What the law changed in a simulated month: suspensions that it moved or refused, and none on a forbidden day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.law.bans import Bans
from csire_bridge.domain.law.judge import Forbidden, LawVerdict, Permitted, judge
from csire_bridge.domain.meter.contactor import ControlState
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind, OrderState
from csire_bridge.domain.order.requests.sources import source_of
from csire_bridge.domain.rules.timeline import Timeline, plan
from csire_bridge.lab.simulation.play import Play
from csire_bridge.lab.simulation.population import index_of, meter_name

__all__ = ["LawOutcome", "forbidden_movements", "lawful_at", "point_index"]


@dataclass
class LawOutcome:
    """Suspensions for debt at protected households. Days are Polish dates; the last day is that of the simulation.

    ``without`` counts them by the day on which the operator's rules alone would have sent them, ``done`` by the day on
    which they were carried out. ``moved`` were sent on another day for the law, ``refused`` were answered with the
    rule; the others were permitted at once, paid for meanwhile, or are still open.
    """

    suspensions: int = 0
    protected: int = 0
    moved: int = 0
    refused: int = 0
    without: Counter[date] = field(default_factory=Counter)
    done: Counter[date] = field(default_factory=Counter)

    def add(self, play: Play, order: Order, timeline: Timeline) -> None:
        """Count an order, if it is a suspension for debt."""
        if order.disconnection_kind is not DisconnectionKind.DEBT:
            return
        self.suspensions += 1
        if play.population.protection(point_index(order)).kind is None:
            return
        self.protected += 1
        alone = plan(order, timeline, order.registered_at, source_of(order)).at
        lawful = plan(order, timeline, order.registered_at, source_of(order), lambda at: lawful_at(play, order, at))
        self.without[_day(alone)] += 1
        if isinstance(lawful.what, Forbidden):
            self.refused += order.state is OrderState.REJECTED
        elif _day(lawful.at) != _day(alone):
            self.moved += 1
        if order.state is OrderState.DONE and order.executed_at is not None:
            self.done[_day(order.executed_at)] += 1


def lawful_at(play: Play, order: Order, moment: datetime) -> LawVerdict:
    """What the law says about an order that is sent at ``moment`` (UTC)."""
    if order.kind is not OrderKind.DISCONNECT:
        return Permitted()
    protection = play.population.protection(point_index(order))
    return judge(order, protection, play.policy.law, moment, play.policy.last_moment(moment, moment))


def forbidden_movements(play: Play, order: Order) -> Iterator[str]:
    """The movements of a contactor that cut a protected household off for debt on a day that the law forbids."""
    if order.kind is not OrderKind.DISCONNECT or order.meter is None:
        return
    protection = play.population.protection(point_index(order))
    for movement in play.head_end.movements.get(order.meter, []):
        if movement.order == order.key and movement.state is ControlState.DISCONNECTED:
            banned = Bans(order, protection, play.policy.law).on(_day(movement.at))
            if banned is not None:
                yield f"order {order.key} cut a household off on {_day(movement.at)}: {banned.ban.words}"


def point_index(order: Order) -> int:
    """Which point it is, counted from 0: its number stands before the check digit."""
    index = int(order.metering_point[8:17])
    return index_of(order.meter) if order.meter is not None else index_of(meter_name(index))


def _day(moment: datetime) -> date:
    return moment.astimezone(WARSAW).date()
