"""The columns of lists of orders, on the page and in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from csire_bridge.console.lists.marked import N_
from csire_bridge.domain.order.requests.sources import source_of
from csire_bridge.sheets.cells import PlainColumn
from csire_bridge.store.queries.lists.listed_order import ListedOrder

__all__ = ["IN_FILES", "TITLES", "USUAL", "ColumnName"]


class ColumnName(StrEnum):
    """A column that can be chosen."""

    KIND = "kind"
    POINT = "point"
    STATE = "state"
    WAITS_FOR = "waits-for"
    UNTIL = "until"
    NEXT_TRY = "next-try"
    REGISTERED = "registered"
    DEADLINE = "deadline"
    ATTEMPTS = "attempts"
    SOURCE = "source"
    SUPPLIER = "supplier"
    METER = "meter"
    MESSAGE = "message"
    PROCESS = "process"
    EXECUTED = "executed"
    REASON = "reason"
    CARE = "care"


_C = ColumnName
TITLES: Mapping[ColumnName, str] = {
    _C.KIND: N_("Kind"),
    _C.POINT: N_("Point"),
    _C.STATE: N_("State"),
    _C.WAITS_FOR: N_("Waits for"),
    _C.UNTIL: N_("Until"),
    _C.NEXT_TRY: N_("Next try"),
    _C.REGISTERED: N_("Registered"),
    _C.DEADLINE: N_("Deadline"),
    _C.ATTEMPTS: N_("Commands"),
    _C.SOURCE: N_("Source"),
    _C.SUPPLIER: N_("Supplier"),
    _C.METER: N_("Meter"),
    _C.MESSAGE: N_("Message"),
    _C.PROCESS: N_("Process"),
    _C.EXECUTED: N_("Executed"),
    _C.REASON: N_("Reason"),
    _C.CARE: N_("Who takes care"),
}
"""The headings; English, as in the catalogs."""
USUAL: Sequence[ColumnName] = (
    _C.KIND,
    _C.POINT,
    _C.STATE,
    _C.WAITS_FOR,
    _C.REGISTERED,
    _C.REASON,
)
IN_FILES: Sequence[PlainColumn[ListedOrder]] = (
    PlainColumn("order", lambda row: row.order.key),
    PlainColumn("kind", lambda row: row.order.kind),
    PlainColumn("disconnection kind", lambda row: row.order.disconnection_kind),
    PlainColumn("point", lambda row: str(row.order.metering_point)),
    PlainColumn("meter", lambda row: row.order.meter),
    PlainColumn("state", lambda row: row.order.state),
    PlainColumn("waits for", lambda row: row.waits_for),
    PlainColumn("until", lambda row: row.until),
    PlainColumn("next try", lambda row: row.next_try),
    PlainColumn("registered", lambda row: row.order.registered_at),
    PlainColumn("may run from", lambda row: row.order.not_before),
    PlainColumn("deadline", lambda row: row.order.deadline),
    PlainColumn("commands", lambda row: row.order.attempts),
    PlainColumn("source", lambda row: source_of(row.order)),
    PlainColumn("supplier", lambda row: row.order.supplier),
    PlainColumn("message", lambda row: row.order.source_message),
    PlainColumn("process", lambda row: row.order.process_instance),
    PlainColumn("executed", lambda row: row.order.executed_at),
    PlainColumn("reason", lambda row: row.words),
    PlainColumn("who takes care", lambda row: row.care.person if row.care else None),
)
