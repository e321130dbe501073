"""What each kind of alert is about, and which of them can't wait for the morning."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from csire_bridge.domain.operations.alerts import AlertKind

__all__ = ["URGENT", "AlertArea", "area_of"]


class AlertArea(StrEnum):
    """Who has to look at an alert, for routes.

    ``SUPPLY``: households and contactors (dispatchers). ``ORDERS``: orders, answers, messages (the office).
    ``PARTNERS``: hub, SID and head-end system can't be reached, or tell what can't be right. ``LAW``: settings of the
    law and complaints. ``SYSTEM``: the bridge itself (administrators).
    """

    SUPPLY = "supply"
    ORDERS = "orders"
    PARTNERS = "partners"
    LAW = "law"
    SYSTEM = "system"


URGENT = frozenset({AlertKind.SUPPLY_OFF_UNEXPLAINED, AlertKind.DANGER_NOT_CUT})
"""They are sent in quiet times too, and each further thing is told."""


def area_of(kind: AlertKind) -> AlertArea:
    """What a kind is about."""
    return _AREA_OF[kind]


_KINDS: Mapping[AlertArea, tuple[AlertKind, ...]] = {
    AlertArea.SUPPLY: (
        AlertKind.SUPPLY_OFF_UNEXPLAINED,
        AlertKind.SUPPLY_ON_UNEXPLAINED,
        AlertKind.DANGER_NOT_CUT,
        AlertKind.DANGER_WAITED_FOR,
        AlertKind.HOLDS_WAITED_FOR,
        AlertKind.STOP_SWITCH,
        AlertKind.CAP_REACHED,
        AlertKind.METERS_AT_TWO_POINTS,
        AlertKind.METERS_UNREACHABLE,
    ),
    AlertArea.ORDERS: (
        AlertKind.ORDERS_PARKED,
        AlertKind.FIELD_WORK,
        AlertKind.DEADLINE_HALF,
        AlertKind.DEADLINE_FOUR_FIFTHS,
        AlertKind.DEADLINE_PAST,
        AlertKind.ANSWERS_CONTESTED,
        AlertKind.RESULTS_MISSING,
        AlertKind.RESULTS_EARLY,
        AlertKind.SAID_EARLY,
        AlertKind.PROCESSES_REPEATED,
        AlertKind.IDS_REUSED,
        AlertKind.REFUSED_FOR_NOW,
    ),
    AlertArea.PARTNERS: (
        AlertKind.HEAD_END_DOWN,
        AlertKind.EVENTS_NOT_USED,
        AlertKind.FOREIGN_TIMES,
        AlertKind.OLD_READINGS,
        AlertKind.HUB_QUEUE_SILENT,
        AlertKind.DELIVERIES_WAITING,
        AlertKind.SID_ORDERS_SILENT,
        AlertKind.REPORTS_WAITING,
        AlertKind.REFUSALS_OF_TRUST,
        AlertKind.STRANGERS_TRIMMED,
    ),
    AlertArea.LAW: (
        AlertKind.PROTECTION_UNDECIDED,
        AlertKind.LAW_LOOSENED,
        AlertKind.COMPLAINT_HALF,
        AlertKind.COMPLAINT_FOUR_FIFTHS,
        AlertKind.COMPLAINT_UPHELD,
    ),
    AlertArea.SYSTEM: (
        AlertKind.CERTIFICATES,
        AlertKind.CLOCKS_DIFFER,
        AlertKind.WORK_PARKED,
        AlertKind.DELIVERIES_PARKED,
        AlertKind.REPORTS_PARKED,
        AlertKind.ALERTS_UNSENT,
        AlertKind.DATABASE_LOG_LONG,
    ),
}
_AREA_OF = {kind: area for area, kinds in _KINDS.items() for kind in kinds}
