"""Alerts: one message when a condition begins, one when it ends, and nothing in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csire_bridge.domain.words import agreed

__all__ = ["Alert", "AlertKind", "Extent"]


class AlertKind(StrEnum):
    """The kind of a condition that needs a person."""

    SUPPLY_OFF_UNEXPLAINED = "supply-off-unexplained"
    SUPPLY_ON_UNEXPLAINED = "supply-on-unexplained"
    FOREIGN_TIMES = "foreign-times"
    OLD_READINGS = "old-readings"
    RESULTS_MISSING = "results-missing"
    ANSWERS_CONTESTED = "answers-contested"
    ORDERS_PARKED = "orders-parked"
    DELIVERIES_PARKED = "deliveries-parked"
    DELIVERIES_WAITING = "deliveries-waiting"
    HUB_QUEUE_SILENT = "hub-queue-silent"
    SID_ORDERS_SILENT = "sid-orders-silent"
    REPORTS_WAITING = "reports-waiting"
    REPORTS_PARKED = "reports-parked"
    WORK_PARKED = "work-parked"
    IDS_REUSED = "ids-reused"
    PROCESSES_REPEATED = "processes-repeated"
    RESULTS_EARLY = "results-early"
    SAID_EARLY = "said-early"
    REFUSALS_OF_TRUST = "refusals-of-trust"
    REFUSED_FOR_NOW = "refused-for-now"
    STRANGERS_TRIMMED = "strangers-trimmed"
    STOP_SWITCH = "stop-switch"
    CAP_REACHED = "cap-reached"
    HEAD_END_DOWN = "head-end-down"
    EVENTS_NOT_USED = "events-not-used"
    FIELD_WORK = "field-work"
    METERS_UNREACHABLE = "meters-unreachable"
    HOLDS_WAITED_FOR = "holds-waited-for"
    DANGER_WAITED_FOR = "danger-waited-for"
    DANGER_NOT_CUT = "danger-not-cut"
    METERS_AT_TWO_POINTS = "meters-at-two-points"
    CERTIFICATES = "certificates"
    ALERTS_UNSENT = "alerts-unsent"
    CLOCKS_DIFFER = "clocks-differ"
    DATABASE_LOG_LONG = "database-log-long"
    DEADLINE_HALF = "deadline-half"
    DEADLINE_FOUR_FIFTHS = "deadline-four-fifths"
    DEADLINE_PAST = "deadline-past"
    PROTECTION_UNDECIDED = "protection-undecided"
    LAW_LOOSENED = "law-loosened"
    COMPLAINT_HALF = "complaint-half"
    COMPLAINT_FOUR_FIFTHS = "complaint-four-fifths"
    COMPLAINT_UPHELD = "complaint-upheld"


@dataclass(frozen=True, slots=True)
class Extent:
    """How bad a condition is: how many things, which stage, and since when (UTC) the newest of them waits."""

    count: int
    level: int = 0
    newest: datetime | None = None

    def exceeds(self, before: Extent, *, urgent: bool) -> bool:
        """Whether it is markedly worse than ``before``: a further stage, or twice as many.

        Of something ``urgent`` each further thing counts, also where another one has ended meanwhile.
        """
        if self.level > before.level or self.count >= max(2 * before.count, before.count + 1):
            return True
        newer = self.newest is not None and (before.newest is None or self.newest > before.newest)
        return urgent and (newer or self.count > before.count)


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that holds: how many things it concerns, and since when (UTC) the oldest of them waits; None: not
    known.

    ``detail`` is further text for people, such as counts by cause. If each thing has an alert of its own, ``subject``
    identifies it, and ``words`` describe it. ``level`` rises with each stage that is worse; ``newest`` is since when
    (UTC) the newest of the things waits.
    """

    kind: AlertKind
    count: int
    oldest: datetime | None = None
    detail: str = ""
    subject: str = ""
    words: str = ""
    level: int = 0
    newest: datetime | None = None

    @property
    def extent(self) -> Extent:
        """How bad it is now."""
        return Extent(self.count, self.level, self.newest)

    def text(self, now: datetime) -> str:
        """A sentence for people, with the age of the oldest."""
        words = self.words or agreed(_SENTENCES[self.kind], self.count)
        detail = f" ({self.detail})" if self.detail else ""
        if self.oldest is None:
            return f"{words}{detail}"
        minutes = int((now - self.oldest).total_seconds() // 60)
        age = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
        return f"{words}{detail}; {'' if self.subject else 'the oldest '}for {age}"


_SENTENCES = {
    AlertKind.SUPPLY_OFF_UNEXPLAINED: "{count} meter{s} {has} NO SUPPLY although no order asks for that",
    AlertKind.SUPPLY_ON_UNEXPLAINED: "{count} meter{s} {has} supply although the last order left them without",
    AlertKind.FOREIGN_TIMES: "the head-end system's clock differs from ours",
    AlertKind.OLD_READINGS: "the head-end system answers with old readings of {count} meter{s}",
    AlertKind.RESULTS_MISSING: "{count} delivered answer{s} {has} no result (R_1) of the hub yet",
    AlertKind.ANSWERS_CONTESTED: "{count} answer{s} {is} contested by the hub",
    AlertKind.ORDERS_PARKED: "{count} order{s} {waits} for a person",
    AlertKind.DELIVERIES_PARKED: "{count} answer{s} can't be delivered",
    AlertKind.DELIVERIES_WAITING: "{count} answer{s} {has} not reached the hub yet; {it} {is} tried again and again",
    AlertKind.HUB_QUEUE_SILENT: "the hub's queue can't be read",
    AlertKind.SID_ORDERS_SILENT: "new orders can't be fetched from SID, or not all of them",
    AlertKind.REPORTS_WAITING: "{count} report{s} {has} not reached SID yet",
    AlertKind.REPORTS_PARKED: "{count} report{s} {was} refused by SID",
    AlertKind.WORK_PARKED: "{count} piece{s} of work {is} parked",
    AlertKind.IDS_REUSED: "{count} message{s} used the id of an earlier message, with other content",
    AlertKind.PROCESSES_REPEATED: "{count} message{s} named a process that was answered, or asks for something else",
    AlertKind.RESULTS_EARLY: "{count} result{s} (R_1) of the hub about messages that are not ours, or were not sent",
    AlertKind.SAID_EARLY: "{count} order{s} {was} taken back before {it} came, and {has} not come since",
    AlertKind.REFUSALS_OF_TRUST: "{count} message{s} {was} refused because sender or signature could not be trusted",
    AlertKind.REFUSED_FOR_NOW: "{count} message{s} {was} refused for a cause that may be ours, and {is} judged again",
    AlertKind.STRANGERS_TRIMMED: "{count} message{s} of unproven senders {is} kept in part only: too many for one day",
    AlertKind.STOP_SWITCH: "the stop switch was thrown ({count} time{s}) and not lifted",
    AlertKind.CAP_REACHED: "{count} disconnection{s} {waits} because the hour's cap is reached",
    AlertKind.HEAD_END_DOWN: "the head-end system is down",
    AlertKind.EVENTS_NOT_USED: "{count} report{s} of the head-end system can't be used",
    AlertKind.FIELD_WORK: "{count} order{s} {waits} for people on site",
    AlertKind.METERS_UNREACHABLE: "{count} order{s} failed in 5 tries and more: the meter{s} can't be reached",
    AlertKind.DEADLINE_HALF: "half of the time is over for {count} order{s} with a deadline",
    AlertKind.DEADLINE_FOUR_FIFTHS: "four fifths of the time are over for {count} order{s} with a deadline",
    AlertKind.DEADLINE_PAST: "{count} order{s} {is} past {its} deadline",
    AlertKind.PROTECTION_UNDECIDED: "nobody has decided how unknown households are treated",
    AlertKind.LAW_LOOSENED: "{count} rule{s} of the law {is} not applied",
    AlertKind.COMPLAINT_HALF: "half of the time to decide is over for {count} complaint{s}",
    AlertKind.COMPLAINT_FOUR_FIFTHS: "four fifths of the time to decide are over for {count} complaint{s}",
    AlertKind.COMPLAINT_UPHELD: "{count} complaint{s} {was} not decided in time: upheld; see `hold list`",
    AlertKind.HOLDS_WAITED_FOR: "{count} connection{s} {waits} for an emergency hold to be released",
    AlertKind.CLOCKS_DIFFER: "{count} process{es} {sees} clocks that disagree (the log says by how much)",
    AlertKind.DATABASE_LOG_LONG: "the database's write-ahead log grows and can't be cut: somebody reads for very long",
    AlertKind.DANGER_WAITED_FOR: "{count} connection{s} must not be carried out before registered danger is lifted",
    AlertKind.DANGER_NOT_CUT: "{count} cut{s} because of DANGER {is} NOT DONE: send people (`danger list`)",
    AlertKind.METERS_AT_TWO_POINTS: "{count} metering point{s} {has} a meter that is known at another one, too",
    AlertKind.CERTIFICATES: "{count} certificate{s} must be replaced: {it} {ends} within 60 days, or {has} ended",
    AlertKind.ALERTS_UNSENT: "{count} alert{s} can't be sent",
}
