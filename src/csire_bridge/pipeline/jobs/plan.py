"""A set is frozen, and each item is looked at: what would be done, by the very code that does it; undone at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.jobs.job import DRAFT_LASTS, Job, JobItem, JobState, digest_of
from csire_bridge.domain.jobs.kinds import ABOUT, JobDetails, JobKind, check_details
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.actor import trusted
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.pipeline.jobs import message_hands, order_hands
from csire_bridge.pipeline.jobs.hands import HANDS
from csire_bridge.pipeline.jobs.tools import Hand, JobTools
from csire_bridge.pipeline.operator.orders.undone import Undo, undo, undone
from csire_bridge.pipeline.ports.store import Store, Transaction

__all__ = ["AT_ONCE", "SEEN_AT_ONCE", "freeze", "frozen", "plan", "preview", "seen_of"]

AT_ONCE = 20
"""So many items are looked at in one transaction."""
_READ_AT_ONCE = 1000
SEEN_AT_ONCE = 200
"""So many items are looked at while the person waits; the worker looks at the others."""


def plan(
    store: Store,
    kind: JobKind,
    details: JobDetails,
    items: Sequence[str],
    tools: JobTools,
    why: str,
) -> list[JobItem]:
    """Freeze a set, and look at its first items. Nothing is written: ``freeze`` does that.

    Raises ActionRefused for a detail that is wrong, and for a set that is empty or too large.
    """
    check_details(kind, details)
    _check_size(kind, items, tools)
    found = frozen(store, kind, items)
    first = found[:SEEN_AT_ONCE]
    seen = [
        one
        for start in range(0, len(first), AT_ONCE)
        for one in preview(store, kind, details, first[start : start + AT_ONCE], tools, why)
    ]
    return [*seen, *found[SEEN_AT_ONCE:]]


def _check_size(kind: JobKind, items: Sequence[str], tools: JobTools) -> None:
    if not items:
        raise ActionRefused("the set is empty: nothing would be done", "choose something else")
    if ABOUT[kind].alone and len(items) > 1:
        raise ActionRefused(f"{kind} is decided for each by itself, not for {len(items)} at once", "give one")
    if len(items) > tools.most_items:
        raise ActionRefused(
            f"the set has more than {tools.most_items} items", "choose a smaller one, such as those of one day"
        )


def frozen(store: Store, kind: JobKind, items: Sequence[str]) -> list[JobItem]:
    """The items in their order, each once, with how they are now."""
    distinct, as_they_are = list(dict.fromkeys(items)), HANDS[kind].as_they_are
    known: dict[str, str] = {}
    if as_they_are is not None:
        with store.read_transaction() as tx:
            for start in range(0, len(distinct), _READ_AT_ONCE):
                known |= as_they_are(tx, distinct[start : start + _READ_AT_ONCE])
    return [JobItem(number=number, item=item, as_it_was=known.get(item, "")) for number, item in enumerate(distinct, 1)]


def preview(
    store: Store, kind: JobKind, details: JobDetails, items: Sequence[JobItem], tools: JobTools, why: str
) -> list[JobItem]:
    """The items with what would become of each, if each were done by itself now, with all rights."""
    act = replace(OperatorAction.of(trusted("preview"), tools.clock(), why, tools.rules), approved_by="another person")
    hands = [_hand(store, kind, details, item, tools) for item in items]
    found = []
    with undone(store) as tx:
        for item, hand in zip(items, hands, strict=True):
            would, text = hand if isinstance(hand, tuple) else _tried(tx, kind, item.item, act, hand)
            found.append(replace(item, would=would, foreseen=text))
    return found


def _hand(store: Store, kind: JobKind, details: JobDetails, item: JobItem, tools: JobTools) -> Hand | tuple[bool, str]:
    """What was seen of an item for the preview; or that it would be skipped, and why."""
    try:
        return seen_of(store, kind, details, item.item, tools, preview=True)
    except ActionRefused as error:
        return False, error.text


def seen_of(
    store: Store, kind: JobKind, details: JobDetails, item: str, tools: JobTools, *, preview: bool = False
) -> Hand:
    """What has to be seen of an item before its transaction; no meter is read for a preview. Raises ActionRefused."""
    how, hand = HANDS[kind], Hand(tools, details, preview)
    if how.judges:
        return replace(hand, judged=message_hands.judge(store, item, tools))
    if how.reads_meter and not preview:
        return replace(hand, observed=order_hands.look(store, item, tools))
    return hand


def _tried(tx: Transaction, kind: JobKind, item: str, act: OperatorAction, hand: Hand) -> tuple[bool, str]:
    text = ""
    try:
        with tx.attempt():
            text = HANDS[kind].do(tx, item, act, hand)
            undo()
    except Undo:
        return True, text
    except ActionRefused as error:
        return False, error.text


def freeze(
    tx: Transaction, kind: JobKind, details: JobDetails, items: Sequence[JobItem], chosen: str, act: OperatorAction
) -> Job:
    """Write a planned job. ``chosen`` says how the set was found. It can be started once each item was looked at.

    Whoever may read may plan: starting it checks the rights, and asks those who may.
    """
    would = sum(one.would is True for one in items)
    skip = sum(one.would is False for one in items)
    whole = all(one.would is not None for one in items)
    who = act.who
    job = Job(
        key=0,
        kind=kind,
        details=details,
        chosen=chosen,
        count=len(items),
        sha256=digest_of(items),
        state=JobState.READY if whole else JobState.PLANNING,
        asked_at=act.at,
        asked_by=act.by,
        asked_kind=who.kind.value,
        why=act.why or "",
        address=who.origin.address,
        host=who.origin.host,
        request_id=who.origin.request_id,
        ends_at=act.at + DRAFT_LASTS,
        would_do=would,
        would_skip=skip,
    )
    job = replace(job, key=tx.jobs.add(job, items))
    facts = {"kind": kind, "chosen": chosen, "count": job.count, "sha256": job.sha256}
    note(tx, who, Act.JOB_PLAN, f"job {job.key}", act.at, act.why, after=facts)
    return job
