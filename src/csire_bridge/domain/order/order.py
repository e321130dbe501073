"""Orders: what is to be done at a metering point, its states, and the allowed transitions.

The history of an order is append-only; its state is derived in the same transaction and only moves along
``TRANSITIONS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from csire_bridge.domain.identifiers import (
    CorrelationId,
    Eic,
    MessageId,
    MessageNumber,
    MeteringPointCode,
    MeterNumber,
    ProcessInstanceId,
)
from csire_bridge.domain.meter.contactor import ContactorAction
from csire_bridge.domain.order.kept import Kept
from csire_bridge.domain.work import IMMEDIATE, ORDINARY, PROMPT, URGENT, WorkStep

__all__ = [
    "COMMAND_IN_FLIGHT",
    "FINAL_STATES",
    "NEEDS_OPERATOR",
    "TRANSITIONS",
    "DisconnectionKind",
    "NotDelivered",
    "Order",
    "OrderEvent",
    "OrderKind",
    "OrderState",
    "Outcome",
    "ReconnectionReason",
    "RejectionReason",
    "WaitsFor",
    "check_transition",
]


class OrderKind(StrEnum):
    """What is to be done."""

    DISCONNECT = "disconnect"
    RECONNECT = "reconnect"
    AGREEMENT_START = "agreement-start"
    AGREEMENT_END = "agreement-end"
    PARAMETRISATION = "parametrisation"

    @property
    def contactor_action(self) -> ContactorAction | None:
        """The movement of the contactor; None for kinds that have several steps."""
        return _ACTIONS.get(self)


_ACTIONS = {OrderKind.DISCONNECT: ContactorAction.DISCONNECT, OrderKind.RECONNECT: ContactorAction.CONNECT}


class OrderState(StrEnum):
    """The state of an order.

    ``SUBMITTING`` is written before the head-end system is called, so that a crash during the call is seen as
    ``UNKNOWN`` afterwards. ``SUBMITTED`` means accepted by the head-end system, never that anything switched.
    ``ARMED`` is no success: the supply is still off. ``IN_STEPS`` is an order of several steps, some of which
    may be done. ``FIELD_WORK`` waits for a field crew, because the remote command has failed for good; ``PARKED``
    waits for a decision of a person in the office.
    """

    REGISTERED = "registered"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    ARMED = "armed"
    IN_STEPS = "in-steps"
    FIELD_WORK = "field-work"
    PARKED = "parked"
    DONE = "done"
    REJECTED = "cannot"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


_S = OrderState
_AFTER_A_COMMAND = frozenset({_S.DONE, _S.REJECTED, _S.SUPERSEDED, _S.WITHDRAWN, _S.FIELD_WORK, _S.PARKED})
_BY_A_PERSON = frozenset({_S.REGISTERED, _S.DONE, _S.REJECTED, _S.SUPERSEDED, _S.WITHDRAWN})
TRANSITIONS: Mapping[OrderState, frozenset[OrderState]] = {
    _S.REGISTERED: frozenset(
        {_S.SUBMITTING, _S.IN_STEPS, _S.FIELD_WORK, _S.PARKED, _S.REJECTED, _S.SUPERSEDED, _S.WITHDRAWN}
    ),
    _S.SUBMITTING: frozenset({_S.SUBMITTED, _S.UNKNOWN, _S.REGISTERED, _S.REJECTED, _S.FIELD_WORK, _S.PARKED}),
    _S.SUBMITTED: _AFTER_A_COMMAND | {_S.UNKNOWN, _S.ARMED, _S.REGISTERED},
    _S.UNKNOWN: _AFTER_A_COMMAND | {_S.ARMED, _S.REGISTERED},
    _S.ARMED: _AFTER_A_COMMAND,
    _S.IN_STEPS: frozenset({_S.DONE, _S.REJECTED, _S.WITHDRAWN, _S.FIELD_WORK, _S.PARKED}),
    _S.FIELD_WORK: _BY_A_PERSON | {_S.PARKED},
    _S.PARKED: _BY_A_PERSON | {_S.FIELD_WORK},
    _S.DONE: frozenset(),
    _S.REJECTED: frozenset(),
    _S.SUPERSEDED: frozenset(),
    _S.WITHDRAWN: frozenset(),
}
FINAL_STATES = frozenset(state for state, onward in TRANSITIONS.items() if not onward)
COMMAND_IN_FLIGHT = frozenset({_S.SUBMITTING, _S.SUBMITTED, _S.UNKNOWN, _S.ARMED})
"""While an order is in one of these and its command was not cancelled, its meter gets no other command."""
NEEDS_OPERATOR = frozenset({_S.FIELD_WORK, _S.PARKED})


def check_transition(before: OrderState, after: OrderState) -> None:
    """Raise ValueError when an order may not go from ``before`` to ``after``."""
    if after not in TRANSITIONS[before]:
        raise ValueError(f"an order can't go from {before} to {after}")


class WaitsFor(StrEnum):
    """Why a registered order that is due is waiting."""

    METER = "meter"
    RECONNECTION = "reconnection"
    HEAD_END = "head-end"
    CAP = "cap"
    STOP = "stop"
    HOLD = "hold"
    DANGER = "danger"
    RULES = "rules"
    LAW = "law"


class Outcome(StrEnum):
    """What is known about the contactor at the end of an order."""

    DISCONNECTED = "disconnected"
    CONNECTED = "connected"
    ARMED = "armed"
    UNKNOWN = "unknown"
    NOT_SWITCHED = "not-switched"


class RejectionReason(StrEnum):
    """Why an order can't be carried out; mapping files turn it into the hub's code."""

    NOT_POSSIBLE = "not-possible"
    DEBT_BOTH_SIDES = "debt-both-sides"
    OTHER = "other"


class NotDelivered(StrEnum):
    """Why a command could not be delivered to the meter: refused by the head-end system; that system or the meter could
    not be reached; or the command's end came without a sign of the meter."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed-out"


class DisconnectionKind(StrEnum):
    """Kind of disconnection asked for.

    ``DANGER``: direct danger to life, health or the environment (Energy Law art. 6b(4)). Only a named person of the
    operator orders that; nobody outside can ask for it.
    """

    DEBT = "debt"
    SHUT_DOWN = "shut-down"
    PREPAID = "prepaid"
    DANGER = "danger"


class ReconnectionReason(StrEnum):
    """Why a connection is asked for.

    ``DANGER_GONE``: the operator had cut the supply because of danger, and a named person has lifted it (art. 6b(5)).
    """

    WRONG_REQUEST = "wrong-request"
    REASON_GONE = "reason-gone"
    COMPLAINT = "complaint"
    PREPAID_TOPPED_UP = "prepaid-topped-up"
    CUSTOMER_REQUEST = "customer-request"
    CHANGE_OF_SUPPLIER_OR_USER = "change-of-supplier-or-user"
    DANGER_GONE = "danger-gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order. All moments are UTC; dates are Polish calendar dates.

    ``source_message`` and ``source_number`` name the hub's message behind the order, ``source_sender`` who sent it (the
    hub, or whoever may send in its place), ``source_item`` its place in a message that asks for several (0: it asks for
    it alone), ``process_instance`` its process; all are None where the hub has not asked.
    Several sources may ask for one order: ``registered_at`` is when the first did, ``renewed_at`` when the last one
    did.

    ``registered_at`` is the moment from which execution time counts: the message's own timestamp, which is the
    strict reading of the one-working-day rule. ``not_before`` is when it may run, ``executed_at`` the meter's or
    head-end system's time of switching, else that of verification; ``executed_from`` says from where it is.
    ``recalled_at`` is when the command under way was no longer wanted: because a newer order supersedes it
    (``superseded_by``), else because the hub ended the process by force. ``cancelled_at`` is when the head-end
    system confirmed that it dropped the command, ``refused`` what it said when it refused the latest one.
    ``may_run_until`` is the end of a command that may still run although the order is done: until then its meter gets
    no other.
    ``parent`` is the order of which this one is a step. ``deadline`` is by when it must be carried out, by the
    terms of the day on which it was registered or its date changed; at ``half_time`` and ``four_fifths`` so much of
    the time until then is over. ``dated_at`` is when the message was written that set its dates, where that is not
    the one that it was registered by. ``received_at`` is when we received what asks for it (None: not kept).
    ``first_given_at`` is when its first command was given, ``delivered_at`` the first sign that its meter had one.
    ``undelivered_at`` is when it was first found that a command could not be delivered, ``undelivered_why`` the
    reason. ``kept`` is what the answers repeat of the request. ``generation`` is that of the last restore up to
    which the order is known to stand as it does (``restores.py``). ``version`` is for compare-and-set.
    """

    key: int
    kind: OrderKind
    state: OrderState
    metering_point: MeteringPointCode
    process_instance: ProcessInstanceId | None
    source_message: MessageId | None
    source_number: MessageNumber | None
    registered_at: datetime
    not_before: datetime
    version: int
    disconnection_kind: DisconnectionKind | None = None
    reconnection_reason: ReconnectionReason | None = None
    supplier: Eic | None = None
    requested_date: date | None = None
    effective_date: date | None = None
    description: str | None = None
    tariff_group: str | None = None
    contracted_power: Decimal | None = None
    end_reason: str | None = None
    meter: MeterNumber | None = None
    correlation_id: CorrelationId | None = None
    attempts: int = 0
    submitted_at: datetime | None = None
    expires_at: datetime | None = None
    outcome: Outcome | None = None
    executed_at: datetime | None = None
    executed_from: str | None = None
    verified_at: datetime | None = None
    cannot_reason: RejectionReason | None = None
    detail: str | None = None
    recalled_at: datetime | None = None
    superseded_by: int | None = None
    cancelled_at: datetime | None = None
    refused: str | None = None
    may_run_until: datetime | None = None
    waits_for: WaitsFor | None = None
    parent: int | None = None
    renewed_at: datetime | None = None
    half_time: datetime | None = None
    four_fifths: datetime | None = None
    deadline: datetime | None = None
    dated_at: datetime | None = None
    generation: int = 0
    source_sender: Eic | None = None
    received_at: datetime | None = None
    first_given_at: datetime | None = None
    delivered_at: datetime | None = None
    undelivered_at: datetime | None = None
    undelivered_why: NotDelivered | None = None
    kept: Kept | None = None
    source_item: int = 0

    @property
    def priority(self) -> int:
        """One of ``PRIORITIES``: danger goes first, then supply comes back, then prepaid accounts are served."""
        if self.disconnection_kind is DisconnectionKind.DANGER:
            return IMMEDIATE
        if self.kind is OrderKind.RECONNECT:
            return URGENT
        return PROMPT if self.disconnection_kind is DisconnectionKind.PREPAID else ORDINARY

    @property
    def work_step(self) -> WorkStep:
        """The kind of work that carries it out: a command, or steps for orders that are more than one movement."""
        return WorkStep.EXECUTE if self.kind.contactor_action else WorkStep.PERFORM

    @property
    def execution_seconds(self) -> float | None:
        """Time from registration to execution, in seconds; None while not executed."""
        return (self.executed_at - self.registered_at).total_seconds() if self.executed_at else None


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One line of an order's history. ``at`` is UTC."""

    at: datetime
    state: OrderState
    text: str
