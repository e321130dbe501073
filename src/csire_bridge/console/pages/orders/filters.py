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
    moments_of,
)
from csire_bridge.console.lists.places import CURSOR
from csire_bridge.console.pages.orders.columns import ColumnName
from csire_bridge.domain.message.documents import DocumentState
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
from csire_bridge.store.queries.search.order_search import OrderSearch

__all__ = ["OrderFilters", "OrderListing"]


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
    care: Whose | None = None

    def search(self, visit: Visit) -> OrderSearch:
        """The same for the database. Raises NotAllowed where it would tell what the visitor may not read."""
        given = {name: getattr(self, name) for name in OrderFilters.model_fields}
        wanted = OrderSearch.of(given | moments_of(given), visit.now, visit.actor.name)
        wanted.require_permitted(visit.actor)
        return wanted


class OrderListing(OrderFilters):
    """The filters, the columns that are wanted, and where the page begins."""

    column: Annotated[list[ColumnName], Field(max_length=30)] = []
    after: Annotated[str | None, Field(pattern=f"^{CURSOR}$")] = None
