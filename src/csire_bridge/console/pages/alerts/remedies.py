"""What to do about each kind of alert, in a sentence, and the page where it is done."""

from __future__ import annotations

from collections.abc import Mapping

from csire_bridge.domain.operations.alerts import AlertKind

__all__ = ["REMEDIES"]


def N_(text: str) -> str:  # noqa: N802 - the name by which the catalogs' tools find texts
    """The text, to be translated where it is shown."""
    return text


_PARKED = N_("Look at each order, find the cause, then retry it, give it to field work or withdraw it.")
_SUPPLY = N_("Find out who switched it; restore the supply where no order explains it, and explain the movement.")
_TIME = N_("Look at what these orders wait for, those with the least time left first.")
_PARTNER = N_("Ask the partner's operator; everything is tried again by itself, and orders at meters go on.")
_COMPLAINT = N_("Decide the complaints; after 14 days they count as upheld.")
_WORK = N_("An administrator finds the cause in the log, mends it and releases the work.")
_REFUSED = "/messages?state=refused"
_SENDER = N_("Look at the messages, and ask the sender which of them counts.")

REMEDIES: Mapping[AlertKind, tuple[str, str | None]] = {
    AlertKind.SUPPLY_OFF_UNEXPLAINED: (_SUPPLY, "/movements"),
    AlertKind.SUPPLY_ON_UNEXPLAINED: (_SUPPLY, "/movements"),
    AlertKind.FOREIGN_TIMES: (
        N_("Have the clock of the head-end system set right; until then its times prove nothing."),
        None,
    ),
    AlertKind.OLD_READINGS: (N_("Ask the head-end system's operator why it answers with old readings."), None),
    AlertKind.RESULTS_MISSING: (
        N_("Ask the hub's operator; the alert closes when the results come."),
        "/orders?answer=delivered",
    ),
    AlertKind.ANSWERS_CONTESTED: (
        N_("Look why the hub refuses the answer, then settle the order."),
        "/orders?answer=contested",
    ),
    AlertKind.ORDERS_PARKED: (_PARKED, "/orders?state=parked"),
    AlertKind.DELIVERIES_PARKED: (_WORK, "/work"),
    AlertKind.DELIVERIES_WAITING: (_PARTNER, None),
    AlertKind.HUB_QUEUE_SILENT: (_PARTNER, None),
    AlertKind.SID_ORDERS_SILENT: (_PARTNER, None),
    AlertKind.REPORTS_WAITING: (_PARTNER, None),
    AlertKind.REPORTS_PARKED: (_WORK, "/work"),
    AlertKind.WORK_PARKED: (_WORK, "/work"),
    AlertKind.IDS_REUSED: (_SENDER, _REFUSED),
    AlertKind.PROCESSES_REPEATED: (_SENDER, _REFUSED),
    AlertKind.RESULTS_EARLY: (
        N_("After a restore, answers sent since the backup are not known here; otherwise ask the hub."),
        None,
    ),
    AlertKind.SAID_EARLY: (N_("Ask the hub, or SID, whether the order was sent: it may be lost on its way."), None),
    AlertKind.REFUSALS_OF_TRUST: (
        N_("See who sends them; a new certificate of a partner may have to be entered."),
        _REFUSED,
    ),
    AlertKind.REFUSED_FOR_NOW: (
        N_("Mend what the text names (certificate, clock, settings); they are judged again by themselves."),
        _REFUSED,
    ),
    AlertKind.STRANGERS_TRIMMED: (N_("See who sends so much; close the door to strangers at the firewall."), _REFUSED),
    AlertKind.STOP_SWITCH: (N_("Find out why it was thrown; a supervisor lifts it."), "/stop"),
    AlertKind.CAP_REACHED: (
        N_("Wait for the next hour, or have more approved by two persons."),
        "/cap",
    ),
    AlertKind.HEAD_END_DOWN: (
        N_("Ask the head-end system's operator; the bridge tries a call now and then, and goes on by itself."),
        None,
    ),
    AlertKind.EVENTS_NOT_USED: (
        N_("Enter what the text names in head_end.codes or in the file of the dialect; the reports are kept."),
        None,
    ),
    AlertKind.FIELD_WORK: (N_("Send a crew, and enter what it has done."), "/orders?state=field-work"),
    AlertKind.METERS_UNREACHABLE: (
        N_("Look at the meters; give the orders to field work if they can't be reached."),
        None,
    ),
    AlertKind.HOLDS_WAITED_FOR: (
        N_("See whether the emergency is over; a supervisor releases the hold."),
        "/orders?waits_for=hold",
    ),
    AlertKind.DANGER_WAITED_FOR: (N_("Find out whether the danger is gone, then lift it."), "/orders?waits_for=danger"),
    AlertKind.DANGER_NOT_CUT: (N_("SEND PEOPLE at once: the supply could not be cut remotely."), None),
    AlertKind.METERS_AT_TWO_POINTS: (N_("Find out where the meter is, and correct the other point."), None),
    AlertKind.CERTIFICATES: (N_("Get a new certificate in time, and enter it."), "/partners"),
    AlertKind.ALERTS_UNSENT: (
        N_("Try the channel (csire-bridge alerts test), and correct the settings of [alerts]."),
        "/alerts/sent",
    ),
    AlertKind.CLOCKS_DIFFER: (N_("Find out which clock is right, and correct the other one."), "/system"),
    AlertKind.DATABASE_LOG_LONG: (N_("Find who reads the database for so long, and end it."), "/system"),
    AlertKind.DEADLINE_HALF: (_TIME, "/orders?clock=half"),
    AlertKind.DEADLINE_FOUR_FIFTHS: (_TIME, "/orders?clock=four-fifths"),
    AlertKind.DEADLINE_PAST: (_TIME, "/orders?clock=past"),
    AlertKind.PROTECTION_UNDECIDED: (N_("Decide it, and set law.unknown_protection."), None),
    AlertKind.LAW_LOOSENED: (N_("See whether the decision that the text names still stands."), None),
    AlertKind.COMPLAINT_HALF: (_COMPLAINT, None),
    AlertKind.COMPLAINT_FOUR_FIFTHS: (_COMPLAINT, None),
    AlertKind.COMPLAINT_UPHELD: (N_("By the law they block disconnections now; a supervisor releases them."), None),
}
"""Of every kind: the sentence, and the page where one begins."""
