"""SID, the operator's customer system: what it asks for, and what it is told.

An order of SID is an order like any other; what is specific to SID is stored with its SID number.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.message.answers import ARMED_TEXT
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import OrderRequest
from csire_bridge.domain.order.order import Order, OrderState, Outcome, RejectionReason
from csire_bridge.domain.protection import Protection

__all__ = [
    "Report",
    "ReportKind",
    "SidNumber",
    "SidOrder",
    "SidQuestion",
    "SidReading",
    "SidRequest",
    "SidStatus",
    "SidWithdrawal",
    "WithdrawalResult",
    "status_of",
]

_NUMBER = re.compile(r"[!-~]{1,40}\Z")


class SidNumber(str):
    """SID's own number of an order: 1 to 40 printable ASCII characters without space."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the number, or raise ValueError."""
        if not _NUMBER.match(text):
            raise ValueError(f"{text!r} is no order number of SID: 1 to 40 characters without space are due")
        return cls(text)


class SidStatus(StrEnum):
    """The state of an order in the terms of SID's contract. ``SENT``: as far as is known, nothing has switched yet.

    ``ARMED``: the customer must switch on. ``IN_STEPS``: some of its steps may be done.
    """

    REGISTERED = "registered"
    SENT = "sent-to-meter"
    ARMED = "armed"
    IN_STEPS = "in-steps"
    FIELD_WORK = "field-work"
    WAITS = "waits-for-a-person"
    DONE = "done"
    REJECTED = "cannot"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


_STATUS: Mapping[OrderState, SidStatus] = {
    OrderState.REGISTERED: SidStatus.REGISTERED,
    OrderState.SUBMITTING: SidStatus.REGISTERED,
    OrderState.SUBMITTED: SidStatus.SENT,
    OrderState.UNKNOWN: SidStatus.SENT,
    OrderState.ARMED: SidStatus.ARMED,
    OrderState.IN_STEPS: SidStatus.IN_STEPS,
    OrderState.FIELD_WORK: SidStatus.FIELD_WORK,
    OrderState.PARKED: SidStatus.WAITS,
    OrderState.DONE: SidStatus.DONE,
    OrderState.REJECTED: SidStatus.REJECTED,
    OrderState.SUPERSEDED: SidStatus.SUPERSEDED,
    OrderState.WITHDRAWN: SidStatus.WITHDRAWN,
}


def status_of(state: OrderState) -> SidStatus:
    """The status that SID is told for an order in that state."""
    return _STATUS[state]


@dataclass(frozen=True, slots=True)
class SidRequest:
    """An order as SID registered it at ``registered_at`` (UTC); ``meter`` is the meter that SID knows at the point,
    ``protection`` what SID says about its household."""

    number: SidNumber
    registered_at: datetime
    order: OrderRequest
    meter: MeterNumber | None = None
    protection: Protection | None = None

    @property
    def content(self) -> str:
        """SHA-256 of what is asked for: the same however it is written in XML."""
        said = {name: value for name, value in asdict(self).items() if name != "protection" or value is not None}
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SidQuestion:
    """SID asks for the state of an order."""

    number: SidNumber


@dataclass(frozen=True, slots=True)
class SidWithdrawal:
    """SID takes an order back."""

    number: SidNumber
    text: str | None = None


SidReading = SidRequest | SidQuestion | SidWithdrawal
"""What a message of SID asks for."""


class WithdrawalResult(StrEnum):
    """The result of a withdrawal.

    ``RECALLED``: the command was under way, its outcome will be reported. ``GOES_ON``: the order is carried out for
    somebody else who asked for the same. ``TOO_LATE``: it has ended otherwise. ``KEPT``: no order of that number has
    come yet; it ends as soon as it comes.
    """

    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"
    GOES_ON = "goes-on"
    TOO_LATE = "too-late"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class SidOrder:
    """One order number of SID, and the order that is carried out for it. Moments are UTC.

    ``content`` is the SHA-256 of what was asked for, ``message`` the journal's row that brought it.
    """

    key: int
    number: SidNumber
    order: int
    message: int
    content: str
    registered_at: datetime
    taken_at: datetime
    withdrawn_at: datetime | None = None


class ReportKind(StrEnum):
    """What a report says: the state of an order, or that field work is needed."""

    STATUS = "status"
    FIELD_WORK = "field-work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report to SID. ``document`` are the bytes that are sent at every attempt, stored before the first one.

    ``sequence`` counts what was said under ``number``; for field work it is the version of the order. Moments are UTC.
    """

    key: int
    report_id: str
    kind: ReportKind
    order: int
    number: SidNumber | None
    sequence: int
    status: SidStatus
    at: datetime
    state: DocumentState = DocumentState.PENDING
    registered_at: datetime
    executed_at: datetime | None = None
    meter: MeterNumber | None = None
    reason: RejectionReason | None = None
    text: str | None = None
    document: bytes | None = None

    @property
    def execution_seconds(self) -> float | None:
        """From the registration in SID to the execution; never below zero."""
        return max(0.0, (self.executed_at - self.registered_at).total_seconds()) if self.executed_at else None

    @classmethod
    def of(cls, report_id: str, order: Order, source: SidOrder, sequence: int, at: datetime) -> Report:
        """The report on the state of ``order``.

        Raises ValueError for an order that claims to be done without a confirmed movement: such a report must never
        be sent.
        """
        done = order.state is OrderState.DONE
        if done and (order.executed_at is None or order.verified_at is None):
            raise ValueError(f"order {order.key} is done without a time of execution and a verification")
        return cls(
            key=0,
            report_id=report_id,
            kind=ReportKind.STATUS,
            order=order.key,
            number=source.number,
            sequence=sequence,
            status=status_of(order.state),
            at=at,
            registered_at=source.registered_at,
            executed_at=order.executed_at if done else None,
            meter=order.meter,
            reason=None if done else order.cannot_reason,
            text=ARMED_TEXT if done and order.outcome is Outcome.ARMED else order.detail,
        )
