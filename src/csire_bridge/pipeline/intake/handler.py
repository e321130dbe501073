"""Steps 2 to 4 for a batch of messages, and their one commit.

Verifying, validating and mapping are pure and take a millisecond together, so they share one lease. Their results (the
message's state, its order, the used message id, the signed receipt, the next work) are written in one transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import PartnerFault, Problem, ProblemCode, RuleBroken
from csire_bridge.domain.identifiers import Eic, MessageId, ProcessInstanceId
from csire_bridge.domain.message.message import (
    Channel,
    MessageEnd,
    MessageState,
    OrderList,
    RawMessage,
    SentId,
    SettledMessage,
    TakenId,
    UnderstoodMessage,
)
from csire_bridge.domain.message.refusals import Claims, may_be_ours
from csire_bridge.domain.work import Lease, WorkItem
from csire_bridge.pipeline.answer.hub_results import KnownAnswers
from csire_bridge.pipeline.batch_step import Committed, Completed, Prepared, Task
from csire_bridge.pipeline.counting import count_settled
from csire_bridge.pipeline.intake.intake_policy import IntakePolicy
from csire_bridge.pipeline.intake.map import Mapper
from csire_bridge.pipeline.intake.receipt import Receipts
from csire_bridge.pipeline.intake.receive import load_messages
from csire_bridge.pipeline.intake.register import register
from csire_bridge.pipeline.intake.validate import Validator
from csire_bridge.pipeline.intake.verify import Verifier
from csire_bridge.pipeline.orders.processes import KnownProcesses
from csire_bridge.pipeline.ports.store import Store, Transaction
from csire_bridge.pipeline.refused.refusal_log import tell_refused
from csire_bridge.pipeline.refused.trim_unproven import trim_strangers
from csire_bridge.telemetry.logs import logger

__all__ = ["Intake"]

_log = logger(__name__)
Judgement = UnderstoodMessage | PartnerFault
_Judged = tuple[RawMessage, Judgement]


@dataclass
class _Batch:
    """What one commit writes, gathered so that each table is written once."""

    settled: list[SettledMessage] = field(default_factory=list)
    notes: list[tuple[object, datetime, str, str]] = field(default_factory=list)
    taken: dict[SentId, TakenId] = field(default_factory=dict)
    new_ids: list[tuple[SentId, int, str]] = field(default_factory=list)
    unproven: int = 0


class Intake:
    """Decides about messages of the hub (verify, validate, map) and writes the results."""

    def __init__(
        self,
        store: Store,
        verifier: Verifier,
        validator: Validator,
        mapper: Mapper,
        receipts: Receipts,
        hub: Eic,
        clock: Clock,
        policy: IntakePolicy,
    ) -> None:
        """``hub``: the only sender whose results (R_1) are accepted."""
        self._store = store
        self._policy = policy
        self._verifier = verifier
        self._validator = validator
        self._mapper = mapper
        self._receipts = receipts
        self._hub = hub
        self._clock = clock

    def judge(self, raw: bytes, now: datetime, *, judge_age: bool = True) -> Judgement:
        """Verify, validate and map one message. A fault of its sender is returned as the result, not raised."""
        signer = None
        try:
            trusted = self._verifier.verify(raw, now)
            signer = trusted.party
            self._validator.check_schema(trusted.tree, trusted.received)
            header = self._validator.read_header(trusted.tree)
            self._verifier.check_sender(header, trusted.signer)
            self._validator.check_envelope(str(trusted.tree.tag), header, now, judge_age=judge_age)
            return UnderstoodMessage(header, self._mapper.read(trusted.tree, now), trusted.content, now)
        except PartnerFault as fault:
            fault.signer = signer
            return fault

    def judge_again(self, raw: RawMessage, now: datetime) -> Judgement:
        """Judge a message that was refused, as at its receipt or, if our clock was wrong then, as at ``now`` (UTC)."""
        then = self._judge_at(raw, raw.received_at)
        found = then if isinstance(then, UnderstoodMessage) else self._judge_at(raw, now)
        return replace(found, received_at=raw.received_at) if isinstance(found, UnderstoodMessage) else found

    def _judge_at(self, raw: RawMessage, moment: datetime) -> Judgement:
        """Judge a message at a moment; one from the hub's queue is never too old, because we fetched it late."""
        if raw.channel is Channel.QUEUE:
            return self.judge(raw.raw, moment, judge_age=False)
        return self.judge(raw.raw, moment)

    def prepare(self, items: Sequence[WorkItem], lease: Lease | None) -> Prepared[RawMessage]:
        """Load the messages; finish the work of those that another worker has settled."""
        return load_messages(self._store, items)

    def perform(self, task: Task[RawMessage]) -> Judgement:
        """Judge one message as of its receipt, so that a delay of ours does not make it too old."""
        raw = task.about
        return self.judge_again(raw, self._clock()) if raw.tries else self._judge_at(raw, raw.received_at)

    def commit(self, done: Sequence[Completed[RawMessage, Judgement]], lease: Lease | None) -> Committed:
        """Write the messages' results; return them, and the work that follows, held under ``lease`` if given."""
        now = self._clock()
        following: list[WorkItem] = []
        with self._store.transaction() as tx:
            judged = [(piece.about, piece.result) for piece in done]
            ids = [judgement.header.sent_id for _, judgement in judged if isinstance(judgement, UnderstoodMessage)]
            batch = _Batch(taken=tx.messages.taken(ids) if ids else {})
            for wave in _waves(judged):
                following += self._settle(tx, batch, wave, now, lease)
            tx.messages.take(batch.new_ids)
            tx.messages.settle(batch.settled)
            tx.messages.note(batch.notes)
            states = {one.key: one for one in batch.settled if one.state is MessageState.REFUSED}
            refused = [(raw, states[raw.key]) for raw, _ in judged if raw.key in states]
            trim_strangers(tx, refused, self._policy.strangers, now)
            tx.work.finish([piece.item for piece in done])
        tell_refused(refused)
        channels = {raw.key: raw.channel for raw, _ in judged}
        for one in batch.settled:
            count_settled(channels[one.key], one)
        return Committed(following, {settled.key: _end_of(settled) for settled in batch.settled})

    def _settle(
        self, tx: Transaction, batch: _Batch, wave: Sequence[_Judged], now: datetime, lease: Lease | None
    ) -> list[WorkItem]:
        """Settle messages of different processes, and write what they ask for; return the work that follows."""
        new = [j for _, j in wave if isinstance(j, UnderstoodMessage) and j.header.sent_id not in batch.taken]
        known, answers = KnownProcesses(tx, new, now), KnownAnswers(tx, new, self._hub, now)
        asking: list[UnderstoodMessage] = []
        for raw, judgement in wave:
            if isinstance(judgement, PartnerFault):
                self._refuse(tx, batch, raw, judgement, now)
            elif (earlier := batch.taken.get(judgement.header.sent_id)) is not None:
                self._repeat(tx, batch, raw, judgement, earlier, now)
            elif (against := known.refusal(judgement) or answers.refusal(judgement)) is not None:
                _log.error(
                    "message.out_of_order", message=raw.key, message_id=judgement.header.message_id, why=str(against)
                )
                self._refuse(tx, batch, raw, _signed(RuleBroken([against]), judgement), now)
            else:
                remark = known.remark(judgement) or answers.remark(judgement)
                self._accept(batch, raw, judgement, known.left_out(judgement), remark, now)
                asking += [judgement] if known.asks(judgement) else []
        return register(tx, asking, known, answers, now, self._policy.orders, lease)

    def _accept(
        self,
        batch: _Batch,
        raw: RawMessage,
        understood: UnderstoodMessage,
        left_out: Sequence[Problem],
        remark: str | None,
        now: datetime,
    ) -> None:
        """Accept a message; ``left_out`` are the problems of items of its list that are not taken."""
        header, asked = understood.header, type(understood.request).__name__
        receipt = self._receipts.accepted(raw, header, now, left_out)
        batch.taken[header.sent_id] = TakenId(raw.key, understood.content, {raw.form: receipt})
        batch.new_ids.append((header.sent_id, raw.key, understood.content))
        batch.settled.append(_settled(raw, understood, MessageState.ACCEPTED, receipt))
        batch.notes.append((raw.key, now, "map", f"understood as {asked} of message {header.number}"))
        if remark is not None:
            batch.notes.append((raw.key, now, "map", remark))
        batch.notes += [(raw.key, now, "map", f"not taken: {problem}") for problem in left_out]

    def _repeat(
        self,
        tx: Transaction,
        batch: _Batch,
        raw: RawMessage,
        understood: UnderstoodMessage,
        earlier: TakenId,
        now: datetime,
    ) -> None:
        """A repeat with the same content gets the stored receipt; other content under a used id is refused and logged.

        A repeat that comes in a new form (bare or SOAP) gets a new receipt, which is then stored for that form.
        """
        header = understood.header
        if earlier.content != understood.content:
            _log.error("message.id_reused", message=raw.key, message_id=header.message_id)
            self._refuse(tx, batch, raw, _signed(RuleBroken([_reused(header.message_id)]), understood), now)
            return
        receipt = earlier.receipts.get(raw.form) or self._receipts.accepted(raw, header, now)
        batch.taken[header.sent_id] = replace(earlier, receipts={**earlier.receipts, raw.form: receipt})
        batch.settled.append(_settled(raw, understood, MessageState.DUPLICATE, receipt, earlier.message))
        batch.notes.append((raw.key, now, "map", f"repeats message {earlier.message}: its receipt is given again"))

    def _refuse(self, tx: Transaction, batch: _Batch, raw: RawMessage, fault: PartnerFault, now: datetime) -> None:
        claims = self._verifier.claims(raw.raw)
        problem = "\n".join(str(p) for p in fault.problems)
        batch.settled.append(
            SettledMessage(
                key=raw.key,
                state=MessageState.REFUSED,
                receipt=self._receipts.refused(raw, fault.problems, now),
                code=fault.code,
                problem=problem,
                sender=fault.signer,
                claimed_sender=claims.sender,
                claimed_number=claims.number,
                claimed_id=claims.message_id,
                again_at=self._next_verdict(tx, batch, raw, fault, claims, now),
            )
        )
        batch.notes.append((raw.key, now, fault.code.partition(".")[0], problem))

    def _next_verdict(
        self, tx: Transaction, batch: _Batch, raw: RawMessage, fault: PartnerFault, claims: Claims, now: datetime
    ) -> datetime | None:
        """When to judge the message again; None unless every cause may be our fault and the message may be the hub's.

        A message that its partner was not allowed to send stays refused, even if more is allowed later.
        """
        if not all(may_be_ours(problem.code) for problem in fault.problems):
            return None
        if raw.channel is not Channel.QUEUE:
            sender = fault.signer or claims.sender
            if sender is None or not self._verifier.sends_to_us(sender):
                return None
            if fault.signer is None:
                if tx.messages.unproven_again() + batch.unproven >= self._policy.judging_again.most_unproven:
                    return None
                batch.unproven += 1
        if fault.code is ProblemCode.NUMBER_NOT_ALLOWED and not self._verifier.is_the_hub(fault.signer):
            return None
        return self._policy.judging_again.next_time(raw.received_at, raw.tries, now)


def _settled(
    raw: RawMessage, understood: UnderstoodMessage, state: MessageState, receipt: bytes, duplicate_of: int | None = None
) -> SettledMessage:
    """The end of a message that was understood: accepted, or a repeat of the message ``duplicate_of``."""
    header, request = understood.header, understood.request
    return SettledMessage(
        key=raw.key,
        state=state,
        receipt=receipt,
        message_id=header.message_id,
        answers=header.answers,
        number=header.number,
        sender=header.physical_sender,
        process_instance=request.process_instance,
        metering_point=getattr(request, "metering_point", None),
        duplicate_of=duplicate_of,
    )


def _signed(fault: PartnerFault, understood: UnderstoodMessage) -> PartnerFault:
    """The fault of a message whose sender is proven."""
    fault.signer = understood.header.physical_sender
    return fault


def _waves(judged: Sequence[_Judged]) -> list[list[_Judged]]:
    """Groups of messages of different processes, so that messages of one process are settled in their order."""
    waves: list[list[_Judged]] = []
    met: Counter[ProcessInstanceId] = Counter()
    for pair in judged:
        processes = _processes_of(pair[1])
        wave = max((met[process] for process in processes), default=0)
        for process in processes:
            met[process] = wave + 1
        while wave >= len(waves):
            waves.append([])
        waves[wave].append(pair)
    return waves


def _processes_of(judgement: Judgement) -> list[ProcessInstanceId]:
    """The processes that a message names: one, or that of each item of its list."""
    if not isinstance(judgement, UnderstoodMessage):
        return []
    request = judgement.request
    named = [one.process_instance for one in request.orders] if isinstance(request, OrderList) else []
    return [process for process in (*named, request.process_instance) if process is not None]


def _end_of(settled: SettledMessage) -> MessageEnd:
    accepted = settled.state in (MessageState.ACCEPTED, MessageState.DUPLICATE)
    return MessageEnd(settled.state, settled.code, settled.receipt, settled.sender if accepted else None)


def _reused(message_id: MessageId) -> Problem:
    return Problem(
        ProblemCode.ID_REUSED,
        f"the message id {message_id} was used before for a message with other content",
        "send the message under an id of its own",
    )
