"""``csire-bridge orders explain``: why an order goes, waits or has ended, in sentences for a clerk."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from csire_bridge.cli.figures.clock_lines import clock_lines
from csire_bridge.cli.orders.actions import KeyArgument
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, out, print_json
from csire_bridge.cli.shared.moments import local
from csire_bridge.cli.shared.operator_action import opened, reading
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.order.order import FINAL_STATES, OrderEvent
from csire_bridge.domain.people.acts import Act
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.pipeline.execute.gates.explain import Explanation, FactUsed
    from csire_bridge.pipeline.execute.gates.round import GateAnswer

__all__ = ["explain"]


def explain(
    key: KeyArgument, database: DatabaseOption = None, json_wanted: JsonOption = False, config: ConfigOption = None
) -> None:
    """Why an order goes, waits or has ended: gates, facts with age and source, the law's rule, the clock.

    Nothing is changed. Last comes what would have to change for the order to be sent now.

    Example:

        csire-bridge orders explain 17
    """
    from csire_bridge.pipeline.execute.gates.clocks import NO_CLOCKS
    from csire_bridge.pipeline.execute.gates.gates import Gates
    from csire_bridge.pipeline.operator.orders.explanations import explained, explanation_facts
    from csire_bridge.service.wiring.settings_to_values import execution_policy
    from csire_bridge.store.queries.clock_facts import clock_facts

    settings, now = load_settings(config, database=database), system_clock()
    policy = execution_policy(settings)
    gates = Gates(policy, random.Random(), NO_CLOCKS, can_ask=bool(settings.sid.url and settings.sid.look_up))  # noqa: S311 - spreads retries, no secret
    with reading(settings, Act.ORDER_READ, f"order {key}"), opened(settings) as store:
        found, history = explained(store, key, gates, policy, now)
    clocks = clock_facts(found.order, policy.deadlines, policy.law, now)
    if json_wanted:
        print_json(explanation_facts(found, history, clocks))
        return
    for line in _lines(found, history, clocks):
        out.print(line, markup=False, highlight=False)


def _lines(found: Explanation, history: list[OrderEvent], clocks: list[dict[str, Any]]) -> Iterator[str]:
    order = found.order
    waits = f", waits for {order.waits_for}" if order.waits_for else ""
    kind = f"{order.kind}{f' ({order.disconnection_kind})' if order.disconnection_kind else ''}"
    yield f"order {order.key}: {kind} at {order.metering_point}, {order.state}{waits}"
    if history:
        yield f"last: {local(history[-1].at)}: {history[-1].text}"
    yield "facts used:"
    yield from (f"  {_fact(fact)}" for fact in found.facts)
    if found.gates:
        yield "gates, asked one by one now:"
        yield from (f"  {_gate(answer)}" for answer in found.gates)
    if found.rule is not None:
        yield f"rule of the law: {found.rule.words}"
        yield f"  po polsku: {found.rule.pl} ({found.rule.source})"
    yield from clock_lines(clocks) if clocks else ["no clock runs"]
    yield from _ending(found)


def _ending(found: Explanation) -> Iterator[str]:
    if found.order.state in FINAL_STATES:
        yield f"it has ended: {found.order.detail or found.order.state}"
    elif found.to_go:
        yield "to be sent now, this would have to change:"
        yield from (f"  {text}" for text in found.to_go)
    elif found.gates:
        yield "nothing holds it up: it is sent when its work falls due"
    else:
        yield "it is under way: `csire-bridge orders show` has its command and events"


def _fact(fact: FactUsed) -> str:
    if fact.value is None:
        return f"{fact.name}: not known"
    since = f"from {fact.effective} on" if fact.effective else "since a date that was not kept"
    heard = f"heard {local(fact.heard)}" if fact.heard else "heard at a time that was not kept"
    return f"{fact.name} = {fact.value}: {since}, {heard}, by {fact.source or 'an execution'}"


def _gate(answer: GateAnswer) -> str:
    if answer.passes:
        return f"{answer.gate}: passes{f' ({answer.text})' if answer.text else ''}"
    until = f"; looked at again {local(answer.until)}" if answer.until else ""
    return f"{answer.gate}: does NOT pass: {answer.text or 'it is not its turn'}{until}"
