"""Why an order goes, waits or has ended: the facts used, the gates asked in their order, the law's rule, the clock.

The gates are the same objects that decide; they are asked in a transaction that is undone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType

from csire_bridge.domain.law.judge import Forbidden, LawVerdict, Permitted, judge
from csire_bridge.domain.law.model import LawRule
from csire_bridge.domain.metering_point.facts import Since, Source, Telling, origins
from csire_bridge.domain.order.order import FINAL_STATES, NEEDS_OPERATOR, Order, OrderState, WaitsFor
from csire_bridge.domain.protection import Protection
from csire_bridge.domain.work import WorkItem
from csire_bridge.pipeline.execute.gates.gates import Gates
from csire_bridge.pipeline.execute.gates.round import GateAnswer
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["Explanation", "FactUsed", "explain"]

_USED = ("meter", "has_contactor", "can_be_suspended", "danger_registered", "protection", "connected")
_REMEDIES: Mapping[WaitsFor, str] = MappingProxyType(
    {
        WaitsFor.METER: "the other command to the meter must end first; nothing is to be done",
        WaitsFor.RECONNECTION: "the older connection at the point must end first",
        WaitsFor.HEAD_END: "the head-end system must answer again",
        WaitsFor.CAP: "a second person releases more: `csire-bridge allow ask` and `allow approve`",
        WaitsFor.STOP: "a person lifts the stop switch: `csire-bridge go`",
        WaitsFor.HOLD: "a person releases the hold: `csire-bridge hold list`, `hold release`",
        WaitsFor.DANGER: "a person lifts the danger once it is gone: `csire-bridge danger lift`",
        WaitsFor.RULES: "the hours of the operator's rules must come, or other rules: `csire-bridge configurator`",
        WaitsFor.LAW: "the forbidden days must pass; where nobody is protected: `csire-bridge points unprotect`",
    }
)


@dataclass(frozen=True, slots=True)
class FactUsed:
    """One fact about the point: its value (None: not known), who said so, since when it holds, and when we heard it.

    The value of a protection is never told here: only whether one is known.
    """

    name: str
    value: str | None
    source: Source | None
    effective: date | None
    heard: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The whole reasoning about one order at ``now`` (UTC).

    ``rule`` is the rule of the law that forbids it, if one does. ``to_go`` says what would have to change for the order
    to be sent now; empty when it may go, or when nothing can send it any more.
    """

    order: Order
    now: datetime
    facts: Sequence[FactUsed]
    gates: Sequence[GateAnswer]
    rule: LawRule | None
    to_go: Sequence[str]


def explain(tx: Transaction, order: Order, gates: Gates, policy: ExecutionPolicy, now: datetime) -> Explanation:
    """Explain ``order`` at ``now`` (UTC). The transaction must be undone afterwards: gates may write."""
    verdict = _verdict(tx, order, policy, now)
    rule = None if isinstance(verdict, Permitted) else verdict.ban
    answers: list[GateAnswer] = []
    if order.kind.contactor_action and order.state in {OrderState.REGISTERED, *NEEDS_OPERATOR}:
        asked = replace(order, state=OrderState.REGISTERED, waits_for=None)
        item = WorkItem(0, order.work_step, order.key, order.priority)
        answers = list(gates.answers(tx, item, asked, now))
    return Explanation(
        order=order,
        now=now,
        facts=list(_facts(tx, order)),
        gates=answers,
        rule=rule,
        to_go=list(_to_go(order, answers, verdict)),
    )


def _verdict(tx: Transaction, order: Order, policy: ExecutionPolicy, now: datetime) -> LawVerdict:
    if order.state in FINAL_STATES:
        return Permitted()
    point = tx.points.of([order.metering_point], now).get(order.metering_point)
    ends = policy.last_moment(now, None)
    return judge(order, point.protection if point else None, policy.law, now, ends)


def _facts(tx: Transaction, order: Order) -> Iterator[FactUsed]:
    record, history = tx.points.record(order.metering_point), tx.points.history(order.metering_point)
    known: Mapping[str, tuple[Since | None, Telling | None]] = origins(record, history) if record else {}
    for name in _USED:
        since, telling = known.get(name, (None, None))
        yield FactUsed(
            name,
            _shown(getattr(record.point, name)) if record else None,
            telling.source if telling else None,
            since.effective if since else None,
            since.heard if since else None,
        )


def _shown(value: object) -> str | None:
    if isinstance(value, Protection):
        return "known (masked)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)


def _to_go(order: Order, answers: Sequence[GateAnswer], verdict: LawVerdict) -> Iterator[str]:
    if order.state in NEEDS_OPERATOR:
        yield f"a person decides: `csire-bridge orders retry {order.key}`, or withdraw, field-work, report"
    for answer in (answer for answer in answers if not answer.passes):
        if answer.waits_for is not None:
            yield f"{answer.gate}: {_REMEDIES[answer.waits_for]}"
        elif answer.gate == "law" and isinstance(verdict, Forbidden):
            yield "law: nothing; the order is answered with the reason. The sender may ask again once it is permitted"
        else:
            yield f"{answer.gate}: {answer.text or 'it is asked again in a moment'}"
