"""What jobs do to one message that was refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.pipeline.intake.foretell import foretold
from csire_bridge.pipeline.intake.judge_again import reopen_by_hand
from csire_bridge.pipeline.jobs.tools import Hand, JobTools
from csire_bridge.pipeline.operator.orders import replay_actions
from csire_bridge.pipeline.ports.store import Store, Transaction

if TYPE_CHECKING:  # only who replays needs the parser
    from csire_bridge.pipeline.intake.handler import Judgement

__all__ = ["judge", "judge_again", "messages_as_they_are", "replay"]


def messages_as_they_are(tx: Transaction, items: Sequence[str]) -> dict[str, str]:
    """Of each message that is refused, how often it was judged again."""
    return {str(raw.key): f"refused {raw.tries}" for raw in tx.messages.refused([int(item) for item in items])}


def judge(store: Store, item: str, tools: JobTools) -> Judgement:
    """What the bytes of a message are worth now. Raises ActionRefused where there is nothing to judge."""
    with store.read_transaction() as tx:
        raw = replay_actions.replayable(tx, int(item))
    return tools.judge(raw.raw, tools.clock())


def judge_again(tx: Transaction, item: str, act: OperatorAction, _: Hand) -> str:
    reopen_by_hand(tx, [int(item)], act)
    return f"message {item}: judged again; its old verdict stays in its history"


def replay(tx: Transaction, item: str, act: OperatorAction, hand: Hand) -> str:
    judged = hand.judged
    if judged is None:
        raise ActionRefused(f"message {item} was not judged", "report it")
    good, text = foretold(tx, judged)
    if not good:
        raise ActionRefused(text, "see `messages show`; one that was refused for our fault is judged again instead")
    new = replay_actions.replay(tx, int(item), act)
    return text if hand.preview else f"taken in as message {new}: {text}"
