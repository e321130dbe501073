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
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.order.care import Whose
from csire_bridge.domain.order.clock_stage import ClockStage
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import (
    DisconnectionKind,
    NotDelivered,
    OrderKind,
    OrderState,
    RejectionReason,
    WaitsFor,
)
from csire_bridge.store.queries.search.message_search import MessageSearch
from csire_bridge.store.queries.search.order_search import OrderSearch

__all__ = ["MessageFilter", "MessageListing", "OrderFilter", "OrderListing", "words_of"]


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
    care: Annotated[Whose | None, Field(description="Who takes care of it.")] = None
    failing: Annotated[bool | None, Field(description="Its work failed several times and is tried again.")] = None
    answer: Annotated[DocumentState | None, Field(description="How one of its answers stands.")] = None
    dated_since: Annotated[MomentText | None, Field(description="It may run then or later.")] = None
    dated_until: Annotated[MomentText | None, Field(description="It may run before.")] = None

    def search(self, call: Call) -> OrderSearch:
        """The same for the database; raises NotAllowed where it would tell what the caller may not read."""
        given = {name: getattr(self, name) for name in OrderFilter.model_fields}
        wanted = OrderSearch.of(given, call.now, call.actor.name)
        wanted.require_permitted(call.actor)
        return wanted


class MessageFilter(Strict):
    """Criteria for messages; those that are given must all be met."""

    state: Annotated[
        tuple[MessageState, ...] | None, Field(max_length=20, description="May be given more than once.")
    ] = None
    code: Annotated[Short | None, Field(description="A code of refusal, or the part before its dot.")] = None
    sender: EicText | None = None
    channel: Channel | None = None
    number: Annotated[Short | None, Field(description="Number of the message, such as 8.1.1.5.")] = None
    point: PointText | None = None
    message: Annotated[MessageIdText | None, Field(description="Its id.")] = None
    process: Annotated[ProcessText | None, Field(description="The instance of its market process.")] = None
    since: Annotated[MomentText | None, Field(description="Received then or later.")] = None
    until: Annotated[MomentText | None, Field(description="Received before.")] = None
    again: Annotated[bool, Field(description="Only those that were judged again.")] = False

    def search(self, call: Call) -> MessageSearch:
        """The same for the database; raises NotAllowed where it would tell what the caller may not read."""
        wanted = MessageSearch.of({name: getattr(self, name) for name in MessageFilter.model_fields})
        wanted.require_permitted(call.actor)
        return wanted


class _OnePage(Strict):
    """Which page of a list is wanted. A parameter that is not known is an error: it would find everything."""

    after: Annotated[
        str | None,
        Field(max_length=100, description="The cursor `next` of the page before.", pattern=r"^[A-Za-z0-9_=-]+$"),
    ] = None
    limit: Annotated[int, Field(ge=1, le=LONGEST, description="At most this many.")] = 50


class OrderListing(OrderFilter, _OnePage):
    """The criteria, and which page is wanted."""

    oldest_first: bool = False


class MessageListing(MessageFilter, _OnePage):
    """The criteria, and which page is wanted."""


def words_of(wanted: BaseModel) -> str:
    """The criteria in words, such as `state=parked, kind=disconnect`."""
    given = wanted.model_dump(mode="json", exclude_defaults=True)
    return ", ".join(f"{name}={'|'.join(value) if isinstance(value, list) else value}" for name, value in given.items())
