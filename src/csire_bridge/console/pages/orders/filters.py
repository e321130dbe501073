"""The filters of the list of orders, as they stand in its address."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from csire_bridge.console.http.visit import Visit
from csire_bridge.console.lists.fields import (
    EicField,
    IdField,
    MeterField,
    MomentField,
    PointField,
    WordsField,
    moment_of,
)
from csire_bridge.console.lists.places import CURSOR
from csire_bridge.console.pages.orders.columns import ColumnName
from csire_bridge.domain.identifiers import Eic, MessageId, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.documents import DocumentState
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
from csire_bridge.domain.people.roles import Permission
from csire_bridge.store.queries.order_search import OrderSearch

__all__ = ["OrderFilters", "OrderListing"]

_TELLING = ("point", "meter", "reason", "text", "error", "sid_number")
"""Filters that tell, by what they find, what is masked for some."""
_SAME = (
    "waits_for",
    "kind",
    "disconnection_kind",
    "source",
    "station",
    "sid_number",
    "attempts",
    "undelivered",
    "cannot",
    "reason",
    "text",
    "error",
    "failing",
    "answer",
)


class OrderFilters(BaseModel):
    """Which orders; what is not given does not matter. Days and moments are by the Polish clock, days are whole."""

    model_config = ConfigDict(extra="ignore")

    state: Annotated[list[OrderState], Field(max_length=20)] = []
    waits_for: WaitsFor | None = None
    kind: OrderKind | None = None
    disconnection_kind: DisconnectionKind | None = None
    source: OrderSource | None = None
    supplier: EicField | None = None
    point: PointField | None = None
    meter: MeterField | None = None
    station: WordsField | None = None
    since: MomentField | None = None
    until: MomentField | None = None
    dated_since: MomentField | None = None
    dated_until: MomentField | None = None
    executed_since: MomentField | None = None
    executed_until: MomentField | None = None
    clock: ClockStage | None = None
    attempts: Annotated[int | None, Field(ge=1, le=1000)] = None
    undelivered: NotDelivered | None = None
    cannot: RejectionReason | None = None
    reason: WordsField | None = None
    text: WordsField | None = None
    error: WordsField | None = None
    message: IdField | None = None
    process: IdField | None = None
    sid_number: WordsField | None = None
    failing: bool = False
    answer: DocumentState | None = None

    def search(self, visit: Visit) -> OrderSearch:
        """The same for the database. Raises NotAllowed where it would tell what the visitor may not read."""
        for name in _TELLING:
            if getattr(self, name) is not None:
                visit.actor.require(Permission.READ_PERSONAL, f"the filter {name}")
        return OrderSearch(
            states=tuple(self.state),
            point=MeteringPointCode(self.point) if self.point else None,
            meter=MeterNumber(self.meter) if self.meter else None,
            supplier=Eic(self.supplier) if self.supplier else None,
            message=MessageId(self.message) if self.message else None,
            process=ProcessInstanceId(self.process) if self.process else None,
            since=moment_of(self.since) if self.since else None,
            until=moment_of(self.until, end=True) if self.until else None,
            dated_since=moment_of(self.dated_since) if self.dated_since else None,
            dated_until=moment_of(self.dated_until, end=True) if self.dated_until else None,
            executed_since=moment_of(self.executed_since) if self.executed_since else None,
            executed_until=moment_of(self.executed_until, end=True) if self.executed_until else None,
            clock=ClockAt(self.clock, visit.now) if self.clock else None,
            **{name: getattr(self, name) for name in _SAME},
        )


class OrderListing(OrderFilters):
    """The filters, the columns that are wanted, and where the page begins."""

    column: Annotated[list[ColumnName], Field(max_length=30)] = []
    after: Annotated[str | None, Field(pattern=f"^{CURSOR}$")] = None
