"""The catalogue of what is logged: each event with its level and its fields. ``docs/logs.md`` says what it means.

A name is ``subject.what_happened``. ``same`` are the fields by which two lines are the same (all of them where it is
not given): of the same lines, ``burst`` are told in a minute, and the others are counted (``log_storms``).
Fields may be left out of a line, but a line has no others.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["EVENTS", "RESERVED", "LogEvent"]

RESERVED = frozenset({"time", "level", "event", "logger", "pid", "repeated", "exception", "exc_info"})
"""Fields of every line, which an event can't have of its own."""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event. ``level`` is one of the standard library."""

    level: int
    fields: tuple[str, ...]
    same: tuple[str, ...] | None = None
    burst: int = 1


def _info(fields: str = "", *, same: str | None = None) -> LogEvent:
    return _event(logging.INFO, fields, same, 1)


def _warning(fields: str = "", *, same: str | None = None, burst: int = 1) -> LogEvent:
    return _event(logging.WARNING, fields, same, burst)


def _error(fields: str = "", *, same: str | None = None) -> LogEvent:
    return _event(logging.ERROR, fields, same, 1)


def _event(level: int, fields: str, same: str | None, burst: int) -> LogEvent:
    return LogEvent(level, tuple(fields.split()), None if same is None else tuple(same.split()), burst)


EVENTS: Mapping[str, LogEvent] = {
    "alert.closed": _warning("kind"),
    "alert.opened": _error("kind text"),
    "alert.worse": _error("kind text"),
    "answer.contested": _error("order number code"),
    "answer.contested_again": _error("order number code"),
    "answer.parked": _error("order number why"),
    "certificate.ends": _warning("whose fingerprint ends"),
    "certificate.unreadable": _error("why", same="why"),
    "clock.agrees": _warning(),
    "clock.corrected": _warning("by_seconds"),
    "clock.disagrees": _error("apart_seconds"),
    "clock.set": _warning("by_seconds"),
    "clock.set_back": _warning("until"),
    "clock.shared": _warning("ahead_seconds"),
    "command.not_cancelled": _info("order why"),
    "command.perhaps_cancelled": _info("order why"),
    "door.callers_gone": _info("callers", same=""),
    "door.not_accepting": _error("why", same="why"),
    "event.failed": _error("why", same="why"),
    "event.other_meter": _error("order code"),
    "head_end.down": _error("system why", same="system"),
    "head_end.up": _warning("system"),
    "intake.failed": _error("messages why", same="why"),
    "job.failed": _error("job why", same="job"),
    "job.left": _warning("job why", same="job"),
    "mail.recipients_refused": _error("recipients"),
    "message.failed": _error("message"),
    "message.good_now": _warning("message"),
    "message.id_reused": _error("message message_id"),
    "message.out_of_order": _error("message message_id why"),
    "message.refused": _warning("message sender proven code channel origin again", same="", burst=30),
    "meter.told_elsewhere": _error("meter point"),
    "metrics.incomplete": _warning("why", same=""),
    "movement.unexplained": _error("meter point state source at"),
    "notification.given_up": _error("channel route why", same="channel route"),
    "notification.unsent": _error("channel route why", same="channel"),
    "order.given_up": _error("order why"),
    "order.process_ended": _error("order"),
    "order.step_parked": _error("order step why"),
    "part.failed": _error("part why", same="part"),
    "partners.kept": _error("why", same=""),
    "partners.read": _info("version"),
    "partners.remark": _error("text"),
    "people_job.item_failed": _error("job item why"),
    "point.not_looked_up": _warning("point why", same="why"),
    "process.stood_still": _warning("seconds"),
    "queue.message_gone": _warning("reference", same=""),
    "queue.message_unreadable": _error("reference why"),
    "report.parked": _error("order why"),
    "report.unsent": _error("month target why", same="target"),
    "request.failed": _error("why", same="why"),
    "result.early": _warning("result document"),
    "result.unfit": _error("result document"),
    "retention.archived": _info("kind count archive"),
    "scheduler.leads": _info("term"),
    "service.started": _info("url role version"),
    "service.stopped": _info("role"),
    "settings.need_restart": _warning("names"),
    "settings.refused": _error("why"),
    "settings.reloaded": _info("changed"),
    "settings.remark": _warning("text remedy"),
    "sid.answer_unreadable": _error("orders", same=""),
    "sid.confirmation_refused": _error("number why"),
    "sid.number_reused": _error("number"),
    "sid.order_refused": _error("number why"),
    "sid.order_unreadable": _error("number"),
    "sid.order_without_number": _error(same=""),
    "sid.orders_left_out": _error("left", same=""),
    "sid.point_not_looked_up": _warning("number why", same="why"),
    "tls.not_renewed": _error("setting why"),
    "tls.renewed": _info("setting"),
    "trace.lost": _warning("why", same=""),
    "work.left": _info("step why", same=""),
    "work.parked": _error("step subject why"),
}
