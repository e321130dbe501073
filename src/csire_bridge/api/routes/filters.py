"""The filters of lists as an object in a request: all that match are meant."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from csire_bridge.api.http.call import Call
from csire_bridge.api.http.fields import (
    EicText,
    MessageIdText,
    MeterText,
    MomentText,
    PointText,
    ProcessText,
    Short,
    Strict,
    Words,
)
from csire_bridge.api.http.pages import LONGEST
from csire_bridge.domain.identifiers import Eic, MessageId, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.order.clock_stage import ClockAt, ClockStage
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import (
    DisconnectionKind,
    NotDelivered,
    OrderKind,
    OrderState,
    RejectionReason,
    WaitsFor,
)
from csire_bridge.store.queries.message_search import MessageSearch
from csire_bridge.store.queries.order_search import OrderSearch

_TELLING = ("point", "meter", "reason", "text", "error", "sid_number")
_SAME = (
    "waits_for",
    "kind",
    "source",
    "disconnection_kind",
    "station",
    "sid_number",
    "since",
    "until",
    "reason",
    "text",
    "error",
    "attempts",
    "undelivered",
    "cannot",
    "dated_since",
    "dated_until",
)

__all__ = ["MessageFilter", "OrderFilter", "OrderListing", "words_of"]


class OrderFilter(Strict):
    """Criteria for orders; those that are given must all be met."""

    state: Annotated[
        tuple[OrderState, ...] | None, Field(max_length=20, description="May be given more than once.")
    ] = None
    waits_for: Annotated[WaitsFor | None, Field(description="What a registered order waits for.")] = None
    point: Annotated[PointText | None, Field(description="Code of the metering point.")] = None
    kind: OrderKind | None = None
    source: Annotated[OrderSource | None, Field(description="Whose order it is.")] = None
    disconnection_kind: DisconnectionKind | None = None
    supplier: EicText | None = None
    meter: Annotated[MeterText | None, Field(description="Number of the meter, as orders tell it.")] = None
    station: Annotated[Short | None, Field(description="Station of the metering point.")] = None
    message: Annotated[MessageIdText | None, Field(description="The hub's message that asked for it.")] = None
    process: Annotated[ProcessText | None, Field(description="The instance of its market process.")] = None
    sid_number: Annotated[Words | None, Field(description="Its number at SID.")] = None
    since: Annotated[MomentText | None, Field(description="Registered then or later.")] = None
    until: Annotated[MomentText | None, Field(description="Registered before.")] = None
    reason: Annotated[Words | None, Field(description="Words of the reason.")] = None
    text: Annotated[Words | None, Field(description="Words of the reason, description or history.")] = None
    error: Annotated[Words | None, Field(description="Words of the last error of its work.")] = None
    attempts: Annotated[int | None, Field(ge=1, le=1000, description="So many commands were given, or more.")] = None
    undelivered: Annotated[NotDelivered | None, Field(description="Why a command could not be delivered.")] = None
    cannot: Annotated[RejectionReason | None, Field(description="Why it can't be carried out.")] = None
    clock: Annotated[ClockStage | None, Field(description="How much of the time until its deadline is over.")] = None
    dated_since: Annotated[MomentText | None, Field(description="It may run then or later.")] = None
    dated_until: Annotated[MomentText | None, Field(description="It may run before.")] = None

    def search(self, call: Call) -> OrderSearch:
        """The same for the database; raises NotAllowed where it would tell what the caller may not read."""
        call.require_personal(**{name: getattr(self, name) for name in _TELLING})
        same = {name: getattr(self, name) for name in _SAME}
        return OrderSearch(
            states=self.state or (),
            point=MeteringPointCode(self.point) if self.point else None,
            supplier=Eic(self.supplier) if self.supplier else None,
            meter=MeterNumber(self.meter) if self.meter else None,
            message=MessageId(self.message) if self.message else None,
            process=ProcessInstanceId(self.process) if self.process else None,
            clock=ClockAt(self.clock, call.now) if self.clock else None,
            **same,
        )


class OrderListing(OrderFilter):
    """The criteria, and which page is wanted. A parameter that is not known is an error: it would find everything."""

    oldest_first: bool = False
    after: Annotated[
        str | None,
        Field(max_length=100, description="The cursor `next` of the page before.", pattern=r"^[A-Za-z0-9_=-]+$"),
    ] = None
    limit: Annotated[int, Field(ge=1, le=LONGEST, description="At most this many.")] = 50


class MessageFilter(Strict):
    """As the parameters of `GET /messages`; at least one."""

    state: Annotated[tuple[MessageState, ...] | None, Field(max_length=20)] = None
    code: Short | None = None
    sender: EicText | None = None
    channel: Channel | None = None
    number: Short | None = None
    point: PointText | None = None
    message: MessageIdText | None = None
    process: ProcessText | None = None
    since: MomentText | None = None
    until: MomentText | None = None
    again: bool = False

    def search(self, call: Call) -> MessageSearch:
        """The same for the database; raises NotAllowed where it would tell what the caller may not read."""
        call.require_personal(point=self.point)
        return MessageSearch(
            states=self.state or (),
            code=self.code,
            sender=self.sender,
            channel=self.channel,
            number=self.number,
            point=self.point,
            message=self.message,
            process=self.process,
            since=self.since,
            until=self.until,
            again=self.again,
        )


def words_of(wanted: BaseModel) -> str:
    """The criteria in words, such as `state=parked, kind=disconnect`."""
    given = wanted.model_dump(mode="json", exclude_defaults=True)
    return ", ".join(f"{name}={'|'.join(value) if isinstance(value, list) else value}" for name, value in given.items())
