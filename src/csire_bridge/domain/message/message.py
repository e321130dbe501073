"""A message on its way in: its header, its state, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from csire_bridge.domain.errors import Problem
from csire_bridge.domain.identifiers import (
    Eic,
    MessageId,
    MessageNumber,
    MeteringPointCode,
    MeterNumber,
    ProcessInstanceId,
)
from csire_bridge.domain.order.kept import Kept
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, ReconnectionReason
from csire_bridge.domain.protection import Protection

__all__ = [
    "Channel",
    "Form",
    "Header",
    "MessageEnd",
    "MessageState",
    "OrderList",
    "OrderRequest",
    "RawMessage",
    "RegistryUpdate",
    "Request",
    "ResultNotice",
    "SentId",
    "SettledMessage",
    "SpecialKind",
    "SpecialNotice",
    "TakenId",
    "UnderstoodMessage",
]


class Channel(StrEnum):
    """The channel through which a message came in."""

    REPLAY = "replay"
    WEBHOOK = "webhook"
    QUEUE = "queue"
    SID = "sid"


class Form(StrEnum):
    """Whether a message came bare or in a SOAP envelope, and of which version; its receipt goes back in the same form.

    It is taken from the request, not from the content. It chooses the form of the receipt, and never affects trust.
    """

    BARE = "bare"
    SOAP = "soap"
    """SOAP 1.2, or an envelope of which nobody knows the version."""
    SOAP11 = "soap11"


class MessageState(StrEnum):
    """The state of a message. It starts as ``RECEIVED``; a refusal that may be our fault may return there, once."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class RawMessage:
    """The bytes of a message as stored in the journal.

    ``origin`` says where they came from: a file's name, or a partner. ``received_at`` is UTC. ``tries`` counts how
    often it was judged again after a refusal.
    """

    key: int
    channel: Channel
    origin: str
    received_at: datetime
    sha256: str
    raw: bytes
    form: Form = Form.BARE
    tries: int = 0


SentId = tuple[Eic, MessageId]
"""A message id together with its sender: nobody can use up an id of another sender."""


@dataclass(frozen=True, slots=True)
class Header:
    """The envelope of a business message. ``timestamp`` is the sender's, in UTC.

    ``answers`` is the identifier of the message that this one answers; absent when it starts something.
    ``agencies`` holds (place, code found, code that is due) of every code-list agency in the envelope.
    """

    message_id: MessageId
    answers: MessageId | None
    message_type: str
    number: MessageNumber
    process: str
    timestamp: datetime
    physical_sender: str
    juridical_sender: str
    physical_recipient: str
    juridical_recipient: str
    sender_role: str
    retroactive_token: str | None
    agencies: tuple[tuple[str, str, str], ...] = ()

    @property
    def sent_id(self) -> SentId:
        """The message id together with its sender: the signer, which is the physical sender."""
        return Eic(self.physical_sender), self.message_id


class SpecialKind(StrEnum):
    """Kinds of special message (komunikat specjalny)."""

    TIME_GATE = "time-gate"
    ANOMALY = "anomaly"
    PROCESS_ENDED = "process-ended"
    PRIORITY_MATRIX = "priority-matrix"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A message that asks for something at a metering point.

    ``requested_date`` and ``effective_date`` are Polish calendar dates. ``contracted_power`` is in kW. Only the hub's
    messages always name a process. ``kept`` is what its answers repeat. ``item`` is its place in a message that asks
    for several (from 1), 0 in one that asks for it alone.
    """

    kind: OrderKind
    process_instance: ProcessInstanceId | None
    metering_point: MeteringPointCode
    disconnection_kind: DisconnectionKind | None = None
    reconnection_reason: ReconnectionReason | None = None
    requested_date: date | None = None
    effective_date: date | None = None
    supplier: Eic | None = None
    description: str | None = None
    tariff_group: str | None = None
    contracted_power: Decimal | None = None
    prepaid: bool | None = None
    end_reason: str | None = None
    kept: Kept | None = None
    item: int = 0


@dataclass(frozen=True, slots=True)
class OrderList:
    """A message that asks for several things, each in a process of its own.

    ``refused`` are the problems of items that can't be taken; ``partly``: the others are taken all the same.
    """

    orders: tuple[OrderRequest, ...]
    refused: tuple[Problem, ...] = ()
    partly: bool = False

    @property
    def process_instance(self) -> ProcessInstanceId | None:
        """A list belongs to no single process."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultNotice:
    """The hub's answer (R_1) to a message of ours; ``accepted`` follows from the result code."""

    process_instance: ProcessInstanceId
    result_code: str
    accepted: bool
    description: str | None = None
    metering_point: MeteringPointCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryUpdate:
    """The characteristics of a metering point from ``effective_date`` (Polish date) on; None = not told.

    ``tariff_group`` and ``contracted_power`` (kW) are the terms of service; ``meter_kind`` is the hub's code. Only the
    hub's messages name a process. ``danger_registered`` is PL-278: the need to cut supply because of danger was
    registered. ``no_meter`` says that there is no meter any more; only an operator action says so.
    """

    process_instance: ProcessInstanceId | None
    metering_point: MeteringPointCode
    effective_date: date
    supplier: Eic | None = None
    meter_number: MeterNumber | None = None
    meter_kind: str | None = None
    has_contactor: bool | None = None
    connected: bool | None = None
    can_be_suspended: bool | None = None
    danger_registered: bool | None = None
    prepaid: bool | None = None
    tariff_group: str | None = None
    contracted_power: Decimal | None = None
    no_meter: bool | None = None
    protection: Protection | None = None
    station: str | None = None
    station_group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialNotice:
    """A special message of the hub."""

    kind: SpecialKind
    process_instance: ProcessInstanceId | None = None
    description: str | None = None


Request = OrderRequest | OrderList | ResultNotice | RegistryUpdate | SpecialNotice
"""What a message asks for, read by its mapping file."""


@dataclass(frozen=True, slots=True)
class UnderstoodMessage:
    """A message that passed every check: its header, what it asks for, and the SHA-256 of its canonical content.

    ``received_at`` (UTC) is when its bytes came in; None: just now.
    """

    header: Header
    request: Request
    content: str
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TakenId:
    """A message id that was accepted before from the same sender: by which message, with which content, and its
    receipts.

    ``content`` is the SHA-256 of the canonical document, the same however often the message was signed and wrapped
    again. ``receipts`` holds, for each form in which the message has come so far, the receipt that was given first.
    """

    message: int
    content: str
    receipts: Mapping[Form, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledMessage:
    """The result of settling a message. Fields that could not be trusted or read are None; ``problem`` is for people.

    ``claimed_sender``, ``claimed_number`` and ``claimed_id`` are what a refused message says of itself, which nothing
    proves. ``again_at`` (UTC) is when a refusal is judged again.
    """

    key: int
    state: MessageState
    receipt: bytes
    message_id: MessageId | None = None
    answers: MessageId | None = None
    number: MessageNumber | None = None
    sender: str | None = None
    process_instance: ProcessInstanceId | None = None
    metering_point: MeteringPointCode | None = None
    code: str | None = None
    problem: str | None = None
    duplicate_of: int | None = None
    claimed_sender: str | None = None
    claimed_number: str | None = None
    claimed_id: str | None = None
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageEnd:
    """The result of a message as stored in the journal, which its sender is told.

    ``sender`` is who sent an accepted message or its repeat; None if not loaded. ``receipt`` is None if it is not kept,
    which happens only for an unproven sender.
    """

    state: MessageState
    code: str | None
    receipt: bytes | None
    sender: str | None = None
