"""Every table of the bridge. Histories are append-only; states beside them are derived in the same transaction.

``execution`` (orders on their way), ``journal`` (messages), ``registry`` (metering points), ``partners``, ``work``,
``administration`` (people and their work); ``parts`` serves them. Migrations create the tables
(``store/migrations``); a test holds both to each other.
"""

from __future__ import annotations

from csire_bridge.store.tables.administration.alerts import (
    alert_acknowledgements,
    alert_tellings,
    alerts,
    notifications,
)
from csire_bridge.store.tables.administration.api import api_requests
from csire_bridge.store.tables.administration.figures import figure_cells, figure_progress, law_months, report_runs
from csire_bridge.store.tables.administration.jobs import OPEN_JOBS, job_items, jobs
from csire_bridge.store.tables.administration.people import (
    accounts,
    api_tokens,
    audit_days,
    audit_entries,
    login_tries,
    sessions,
)
from csire_bridge.store.tables.administration.rules import rule_drafts, rule_sets
from csire_bridge.store.tables.administration.views import STANDING_VIEWS, saved_views
from csire_bridge.store.tables.execution.contactors import OPEN_MOVEMENTS, contactors, foreign_times, movements
from csire_bridge.store.tables.execution.guards import (
    STANDING_CUTS,
    UNDECIDED,
    allowances,
    circuits,
    complaints,
    danger_cuts,
    holds,
    restores,
    stops,
)
from csire_bridge.store.tables.execution.orders import (
    EVENTS_NOT_USED,
    FOR_A_PERSON,
    NOT_DONE,
    OPEN_COMMANDS,
    STANDING_CARE,
    WITH_DEADLINE,
    head_end_events,
    order_care,
    order_events,
    order_notes,
    order_steps,
    orders,
    register_readings,
)
from csire_bridge.store.tables.execution.outgoing import UNCOUNTED, UNSETTLED, kept_results, outbox, outbox_events
from csire_bridge.store.tables.execution.sid import UNTOLD, sid_orders, sid_reports, sid_withdrawals
from csire_bridge.store.tables.journal import (
    ENDED_EARLY,
    JUDGED_AGAIN,
    NOT_ACCEPTED,
    accepted_ids,
    message_events,
    message_verdicts,
    messages,
    processes,
    stranger_bytes,
)
from csire_bridge.store.tables.partners import partner_certificates, partner_events, partners
from csire_bridge.store.tables.parts import Moment, metadata
from csire_bridge.store.tables.registry import (
    IN_DANGER,
    SHARED_METER,
    meter_installations,
    metering_point_updates,
    metering_points,
    protection_readings,
)
from csire_bridge.store.tables.work import OFTEN_FAILED, archived_orders, archives, clocks, leases, ticks, work

__all__ = [
    "ENDED_EARLY",
    "EVENTS_NOT_USED",
    "FOR_A_PERSON",
    "IN_DANGER",
    "JUDGED_AGAIN",
    "NOT_ACCEPTED",
    "NOT_DONE",
    "OFTEN_FAILED",
    "OPEN_COMMANDS",
    "OPEN_JOBS",
    "OPEN_MOVEMENTS",
    "SHARED_METER",
    "STANDING_CARE",
    "STANDING_CUTS",
    "STANDING_VIEWS",
    "UNCOUNTED",
    "UNDECIDED",
    "UNSETTLED",
    "UNTOLD",
    "WITH_DEADLINE",
    "Moment",
    "accepted_ids",
    "accounts",
    "alert_acknowledgements",
    "alert_tellings",
    "alerts",
    "allowances",
    "api_requests",
    "api_tokens",
    "archived_orders",
    "archives",
    "audit_days",
    "audit_entries",
    "circuits",
    "clocks",
    "complaints",
    "contactors",
    "danger_cuts",
    "figure_cells",
    "figure_progress",
    "foreign_times",
    "head_end_events",
    "holds",
    "job_items",
    "jobs",
    "kept_results",
    "law_months",
    "leases",
    "login_tries",
    "message_events",
    "message_verdicts",
    "messages",
    "metadata",
    "meter_installations",
    "metering_point_updates",
    "metering_points",
    "movements",
    "notifications",
    "order_care",
    "order_events",
    "order_notes",
    "order_steps",
    "orders",
    "outbox",
    "outbox_events",
    "partner_certificates",
    "partner_events",
    "partners",
    "processes",
    "protection_readings",
    "register_readings",
    "report_runs",
    "restores",
    "rule_drafts",
    "rule_sets",
    "saved_views",
    "sessions",
    "sid_orders",
    "sid_reports",
    "sid_withdrawals",
    "stops",
    "stranger_bytes",
    "ticks",
    "work",
]
