"""How each kind of job does one item: what is seen of it beforehand, and the use case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from csire_bridge.domain.jobs.kinds import JobKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.pipeline.jobs import message_hands, order_hands, point_hands
from csire_bridge.pipeline.jobs.tools import Hand
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["HANDS", "AsTheyAre", "Do", "Looks"]

Do = Callable[[Transaction, str, OperatorAction, Hand], str]
"""Does one item, by the use case of a single act; returns what was done in words. Raises ActionRefused."""
AsTheyAre = Callable[[Transaction, Sequence[str]], dict[str, str]]
"""How items are now, each as a short text that differs when it changed; those that are not there are left out."""


@dataclass(frozen=True, slots=True)
class Looks:
    """``do`` does an item. ``as_they_are``: an item that differs from what it was in the preview is skipped; None: the
    act is right however the item changed. ``reads_meter``: its contactor is read first. ``judges``: the message is
    judged first, in the preview too.
    """

    do: Do
    as_they_are: AsTheyAre | None = None
    reads_meter: bool = False
    judges: bool = False


def _order(do: Do, *, reads_meter: bool = False) -> Looks:
    return Looks(do, order_hands.orders_as_they_are, reads_meter=reads_meter)


HANDS: Mapping[JobKind, Looks] = {
    JobKind.RETRY: _order(order_hands.retry),
    JobKind.FIELD_WORK: _order(order_hands.field_work),
    JobKind.REPORT_DONE: _order(order_hands.report_done, reads_meter=True),
    JobKind.REPORT_NOT_DONE: _order(order_hands.report_not_done, reads_meter=True),
    JobKind.WITHDRAW: _order(order_hands.withdraw, reads_meter=True),
    JobKind.SETTLE: _order(order_hands.settle),
    JobKind.RESEND: _order(order_hands.resend),
    JobKind.RELEASE_WORK: Looks(order_hands.release_parked),
    JobKind.JUDGE_AGAIN: Looks(message_hands.judge_again, message_hands.messages_as_they_are),
    JobKind.REPLAY: Looks(message_hands.replay, message_hands.messages_as_they_are, judges=True),
    JobKind.HOLD: Looks(point_hands.hold),
    JobKind.RELEASE_HOLD: Looks(point_hands.release_hold, point_hands.holds_as_they_are),
    JobKind.COMPLAINT: Looks(point_hands.complaint),
    JobKind.DECIDE_COMPLAINT: Looks(point_hands.decide_complaint, point_hands.holds_as_they_are),
    JobKind.DISPUTE_COMPLAINT: Looks(point_hands.dispute_complaint, point_hands.holds_as_they_are),
    JobKind.PROTECT: Looks(point_hands.protect, point_hands.points_as_they_are),
    JobKind.UNPROTECT: Looks(point_hands.unprotect, point_hands.points_as_they_are),
    JobKind.DANGER_CUT: Looks(point_hands.danger_cut),
    JobKind.DANGER_LIFT: Looks(point_hands.danger_lift),
    JobKind.SET_METER: Looks(point_hands.set_meter),
    JobKind.EXPLAIN_MOVEMENT: Looks(point_hands.explain_movement),
    JobKind.STOP: Looks(point_hands.stop),
    JobKind.LIFT_STOP: Looks(point_hands.lift_stop),
}
