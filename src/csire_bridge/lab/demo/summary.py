"""The results of messages and orders: for people, for programs, and compared with the expectations."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from csire_bridge.cli.figures.executions_table import seconds_taken
from csire_bridge.domain.message.message import MessageState
from csire_bridge.domain.operations.statistics import count_buckets
from csire_bridge.lab.simulators.expectations import Ends, Expectations
from csire_bridge.store.database import Database
from csire_bridge.store.queries.reports import MessageLine, OrderLine, executed, message_lines, order_lines

__all__ = ["differences", "summary_of"]


def summary_of(database: Database, target: Path, sent: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What ``summary.json`` tells. Moments are ISO 8601 in UTC; files are told relative to ``target``."""
    files = {sha256: name for name, hashes in sent.items() for sha256 in hashes}
    with database.reading() as connection:
        lines = list(order_lines(connection))
        messages = message_lines(connection)
        buckets = count_buckets(done.seconds for done in executed(connection))
    return {
        "orders": [_order(line, target) for line in lines],
        "refused": [
            {"file": files.get(m.sha256, m.origin), "code": m.code, "reason": m.problem}
            for m in messages
            if m.state is MessageState.REFUSED
        ],
        "messages": {state.value: sum(m.state is state for m in messages) for state in MessageState},
        "buckets": {bucket.value: count for bucket, count in buckets.items()},
    }


def _order(line: OrderLine, target: Path) -> dict[str, Any]:
    return {
        "message_id": line.message_id,
        "number": line.number,
        "kind": line.kind.value,
        "step_of": line.parent,
        "metering_point": line.metering_point,
        "state": line.state.value,
        "outcome": line.outcome,
        "registered_at": _iso(line.registered_at),
        "executed_at": _iso(line.executed_at),
        "execution_seconds": seconds_taken(line),
        "acknowledgement": _file_of(line, target),
        "acknowledgement_number": line.answer_number,
        "acknowledgement_state": line.answer_state,
        "detail": line.detail,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None


def _file_of(line: OrderLine, target: Path) -> str | None:
    file = f"acknowledgements/{line.answer_name}" if line.answer_name else None
    return file if file and (target / file).is_file() else None


def _by_name(lines: Sequence[MessageLine], sent: Mapping[str, Sequence[str]]) -> dict[str, MessageLine]:
    """The journal's line of each name; the same bytes sent under two names are told apart by their order."""
    waiting: dict[str, deque[MessageLine]] = defaultdict(deque)
    for line in lines:
        waiting[line.sha256].append(line)
    return {name: waiting[h].popleft() for name, hashes in sent.items() for h in hashes[:1] if waiting[h]}


def differences(database: Database, expected: Expectations, sent: Mapping[str, Sequence[str]]) -> list[str]:
    """A sentence for every sample that did not end as expected; ``sent`` tells under which hashes it was sent."""
    with database.reading() as connection:
        messages = _by_name(message_lines(connection), sent)
        orders = {line.message_id: line for line in order_lines(connection, with_answer=True) if line.message_id}
    fed = (sample for sample in expected.samples if sample.feed and sample.ends)
    return [
        f"{sample.file}: {sentence}"
        for sample in fed
        if sample.ends
        for sentence in _compare(sample.ends, messages.get(sample.file), orders)
    ]


def _compare(ends: Ends, message: MessageLine | None, orders: dict[str, OrderLine]) -> Iterator[str]:
    if message is None:
        yield "the message is not in the journal"
        return
    order = orders.get(message.message_id or "") if message.state is MessageState.ACCEPTED else None
    facts = {
        "message": (message.state, ends.message),
        "code": (message.code, ends.code),
        "kind": (order and order.kind, ends.kind),
        "order": (order and order.state, ends.order),
        "answer": (order and order.answer_number, ends.answer),
    }
    for name, (found, due) in facts.items():
        if found != due:
            yield f"{name} is {found}, expected {due}{f' ({message.problem})' if message.problem else ''}"
    if ends.answer_code and f">{ends.answer_code}<".encode() not in ((order and order.answer) or b""):
        yield f"the answer does not say {ends.answer_code}"
