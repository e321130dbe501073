"""Messages of SID, fetched or submitted: judged, registered and answered; the answer is stored beside the bytes.

The steps are those of the hub's messages: the bytes are in the journal before anything is looked into, and all results
are written in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from csire_bridge.domain.clock import WARSAW, Clock
from csire_bridge.domain.errors import (
    ConfigurationError,
    OutcomeUnknown,
    PartnerFault,
    PartnerRefused,
    PartnerUnreachable,
    Problem,
    ProblemCode,
    RuleBroken,
    StaleWrite,
    StoreFailure,
    TransientFailure,
)
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.message.message import MessageState, RawMessage, RegistryUpdate, SettledMessage
from csire_bridge.domain.message.sid import (
    SidNumber,
    SidOrder,
    SidQuestion,
    SidReading,
    SidRequest,
    SidWithdrawal,
    WithdrawalResult,
)
from csire_bridge.domain.metering_point.facts import Source
from csire_bridge.domain.work import Lease, WorkItem
from csire_bridge.pipeline.batch_step import Committed, Completed, Prepared, Task
from csire_bridge.pipeline.counting import count_settled
from csire_bridge.pipeline.intake.point_finder import PointFinder
from csire_bridge.pipeline.intake.receive import load_messages
from csire_bridge.pipeline.orders.cancel import withdraw
from csire_bridge.pipeline.orders.merge_sources import accept_sid_order
from csire_bridge.pipeline.orders.order_policy import OrderPolicy
from csire_bridge.pipeline.orders.recheck import recheck_told
from csire_bridge.pipeline.ports.sid import SidMessages
from csire_bridge.pipeline.ports.store import Store, Transaction
from csire_bridge.pipeline.tracing import tell_sid_orders
from csire_bridge.telemetry.logs import logger

__all__ = ["SidIntake"]

_log = logger(__name__)
Judgement = SidReading | PartnerFault
_PASSING = (TransientFailure, StoreFailure, StaleWrite, ConfigurationError)
"""What has nothing to do with the message: it is judged again."""


class SidIntake:
    """Decides about messages of SID and writes the results."""

    def __init__(
        self,
        store: Store,
        messages: SidMessages,
        points: PointFinder,
        clock: Clock,
        policy: OrderPolicy,
    ) -> None:
        self._store = store
        self._messages = messages
        self._points = points
        self._clock = clock
        self._policy = policy

    def prepare(self, items: Sequence[WorkItem], lease: Lease | None) -> Prepared[RawMessage]:
        """Load the messages; finish the work of those that another worker has settled."""
        return load_messages(self._store, items)

    def perform(self, task: Task[RawMessage]) -> Judgement:
        """Judge one message as of its receipt. A fault of its sender is returned as the result, not raised."""
        try:
            reading = self._messages.read(task.about.raw, task.about.received_at)
            if isinstance(reading, SidRequest) and not self._is_known(reading.number):
                self._check_point(reading)
        except PartnerFault as fault:
            return fault
        except _PASSING:
            raise
        except Exception as error:  # noqa: BLE001 - what can't be judged is refused, so that nothing waits behind it
            return _failed(task.about, error)
        return reading

    def commit(self, done: Sequence[Completed[RawMessage, Judgement]], lease: Lease | None) -> Committed:
        """Write the messages' results; their orders become due work.

        A message that can't be settled is refused: otherwise SID would offer it for ever, and nothing behind it.
        """
        try:
            self._write(done)
        except _PASSING:
            raise
        except Exception as error:  # one by one, each by itself, is the caller's part
            if len(done) != 1:
                raise
            self._write([replace(done[0], result=_failed(done[0].about, error))])
        return Committed()

    def _write(self, done: Sequence[Completed[RawMessage, Judgement]]) -> None:
        now, judged = self._clock(), list[tuple[RawMessage, SettledMessage]]()
        taken = list[tuple[RawMessage, SidNumber]]()
        with self._store.transaction() as tx:
            tx.sid.lock([piece.result.number for piece in done if not isinstance(piece.result, PartnerFault)])
            for piece in done:
                settled = self._settle(tx, piece.about, piece.result, now)
                tx.messages.settle([settled])
                judged.append((piece.about, settled))
                if isinstance(piece.result, SidRequest) and settled.state is MessageState.ACCEPTED:
                    taken.append((piece.about, piece.result.number))
                tx.messages.note([(settled.key, now, "map", settled.problem or f"answered as {settled.state}")])
            tx.work.finish([piece.item for piece in done])
        for raw, settled in judged:
            count_settled(raw.channel, settled)
        tell_sid_orders(self._store, taken, now)

    def _settle(self, tx: Transaction, raw: RawMessage, judgement: Judgement, now: datetime) -> SettledMessage:
        if isinstance(judgement, PartnerFault):
            return self._refused(raw, judgement.problems)
        if isinstance(judgement, SidRequest):
            return self._request(tx, raw, judgement, now)
        known = tx.sid.known(judgement.number)
        if known is None and isinstance(judgement, SidWithdrawal):
            return self._kept(tx, raw, judgement, now)
        report = tx.sid.latest(judgement.number)
        if known is None or report is None:
            return self._refused(raw, [_unknown(judgement.number)])
        if isinstance(judgement, SidQuestion):
            return SettledMessage(key=raw.key, state=MessageState.ACCEPTED, receipt=self._messages.standing(report))
        result = withdraw(tx, known, judgement, now)
        answer = self._messages.withdrawal(judgement.number, result, tx.orders.get(known.order).detail)
        return SettledMessage(key=raw.key, state=MessageState.ACCEPTED, receipt=answer)

    def _kept(self, tx: Transaction, raw: RawMessage, asked: SidWithdrawal, now: datetime) -> SettledMessage:
        """Keep a withdrawal that comes before its order; the order ends as soon as it comes."""
        tx.sid.keep_withdrawal(asked, raw.key, now)
        text = f"order {asked.number} has not come yet: its withdrawal is kept, and counts when it comes"
        tx.messages.note([(raw.key, now, "map", text)])
        answer = self._messages.withdrawal(asked.number, WithdrawalResult.KEPT, text)
        return SettledMessage(key=raw.key, state=MessageState.ACCEPTED, receipt=answer)

    def _take(self, tx: Transaction, raw: RawMessage, request: SidRequest, now: datetime) -> SidOrder:
        _record_protection(tx, request, now)
        taken = accept_sid_order(tx, request, raw.key, now, self._policy)
        early, known = tx.sid.kept_withdrawal(request.number), tx.sid.known(request.number)
        if early is not None and known is not None:
            tx.messages.note([(raw.key, now, "map", "SID took the order back before it came: it ends at once")])
            withdraw(tx, known, early, now)
        return taken

    def _request(self, tx: Transaction, raw: RawMessage, request: SidRequest, now: datetime) -> SettledMessage:
        earlier = tx.sid.known(request.number)
        if earlier is not None and earlier.content != request.content:
            _log.error("sid.number_reused", number=request.number)
            return self._refused(raw, [_reused(request.number)])
        try:
            taken = earlier or self._take(tx, raw, request, now)
        except RuleBroken as fault:
            _log.error("sid.order_refused", number=request.number, why=fault)
            return self._refused(raw, fault.problems)
        return SettledMessage(
            key=raw.key,
            state=MessageState.DUPLICATE if earlier else MessageState.ACCEPTED,
            receipt=self._messages.taken(taken),
            process_instance=request.order.process_instance,
            metering_point=request.order.metering_point,
            duplicate_of=earlier.message if earlier else None,
        )

    def _refused(self, raw: RawMessage, problems: Sequence[Problem]) -> SettledMessage:
        return SettledMessage(
            key=raw.key,
            state=MessageState.REFUSED,
            receipt=self._messages.refused(problems),
            code=problems[0].code,
            problem="\n".join(map(str, problems)),
        )

    def _is_known(self, number: SidNumber) -> bool:
        """Whether SID sent this order before; a repeat gets its answer, whatever has happened to the point since."""
        with self._store.read_transaction() as tx:
            return tx.sid.known(number) is not None

    def _check_point(self, request: SidRequest) -> None:
        """Raise RuleBroken for a point that nobody knows, or that has another meter than SID believes.

        If the lookup fails, the order is accepted; the interlocks check the point again before anything moves.
        """
        code = request.order.metering_point
        try:
            point = self._points.find(code)
            if point is not None and _other_meter(request, point.meter):
                point = self._points.find(code, refresh=True)
        except (PartnerUnreachable, OutcomeUnknown, PartnerRefused) as error:
            _log.warning("sid.point_not_looked_up", number=request.number, why=error)
            return
        if point is None:
            raise RuleBroken([_unknown_point(request)])
        if _other_meter(request, point.meter):
            raise RuleBroken([_meter(request, str(point.meter))])


def _record_protection(tx: Transaction, request: SidRequest, now: datetime) -> None:
    """What SID says with an order about the protection of its household holds from the day of its registration."""
    if request.protection is not None:
        told = RegistryUpdate(
            process_instance=None,
            metering_point=request.order.metering_point,
            effective_date=request.registered_at.astimezone(WARSAW).date(),
            protection=request.protection,
        )
        tx.points.record_notices([told], now, Source.SID)
        recheck_told(tx, [told], now)


def _other_meter(request: SidRequest, meter: MeterNumber | None) -> bool:
    return request.meter is not None and meter is not None and not meter.is_spelled(request.meter)


def _failed(raw: RawMessage, error: Exception) -> PartnerFault:
    _log.error("message.failed", message=raw.key, exc_info=error)
    text = f"the bridge could not take this message, by an error of its own ({type(error).__name__})"
    return RuleBroken([Problem(ProblemCode.BRIDGE_FAILED, text, "have the bridge's operators look at its log")])


def _unknown(number: SidNumber) -> Problem:
    return Problem(ProblemCode.UNKNOWN_ORDER, f"no order {number} is known here", "submit the order first")


def _reused(number: SidNumber) -> Problem:
    return Problem(
        ProblemCode.ID_REUSED,
        f"the order number {number} was used before for an order with other content",
        "submit the order under a number of its own; withdraw the earlier one if it is not wanted",
    )


def _unknown_point(request: SidRequest) -> Problem:
    return Problem(
        ProblemCode.UNKNOWN_POINT,
        f"the metering point {request.order.metering_point} of order {request.number} is not known to the operator",
        "correct the code, or have the point entered, and submit the order again",
    )


def _meter(request: SidRequest, known: str) -> Problem:
    return Problem(
        ProblemCode.METER_MISMATCH,
        f"order {request.number} names meter {request.meter}, but the metering point has meter {known}",
        "correct the meter number, or leave it out, and submit the order again",
    )
