"""Releases parked work: work that failed for a reason that a person has removed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.domain.work import ParkedWork, WorkStep
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["release"]


_ABOUT_MESSAGES = (WorkStep.INTAKE, WorkStep.SID_INTAKE)
_ABOUT_ORDERS = (WorkStep.EXECUTE, WorkStep.PERFORM, WorkStep.ACKNOWLEDGE)


@audited(Act.WORK_RELEASE, "parked work", lambda _, given: given["pieces"])
def release(tx: Transaction, pieces: Sequence[ParkedWork], act: OperatorAction) -> None:
    """Make ``pieces`` due again, each with a line in its subject's history. Their attempts are counted from zero.

    Answers and reports that could not be sent are sent again, with the same bytes.
    """
    act.require_few(len(pieces))
    text = act.history_line("parked work goes on")
    messages, orders = _subjects(pieces, *_ABOUT_MESSAGES), _subjects(pieces, *_ABOUT_ORDERS)
    reports = _subjects(pieces, WorkStep.REPORT)
    tx.messages.note((key, act.at, WorkStep.INTAKE.value, text) for key in messages)
    orders += [report.order for report in tx.sid.reports(reports).values()]
    tx.orders.note_all([(order.key, order.state, text) for order in tx.orders.get_many(orders).values()], act.at)
    for key in _subjects(pieces, WorkStep.DELIVER):
        tx.outbox.release(key, act.at, text)
    tx.restores.vouch(_subjects(pieces, WorkStep.ACKNOWLEDGE))
    tx.sid.release(reports)
    tx.work.release([piece.key for piece in pieces], act.at)


def _subjects(pieces: Sequence[ParkedWork], *steps: WorkStep) -> list[int]:
    return [piece.subject for piece in pieces if piece.step in steps]
