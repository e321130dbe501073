"""Operator actions on alerts: somebody knows of a condition, and takes care of it until a moment that is named."""

from __future__ import annotations

from datetime import datetime

from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.alert_records import Acknowledgement, AlertRecord
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import audited
from csire_bridge.pipeline.ports.store import Transaction

__all__ = ["acknowledge"]


@audited(Act.ALERT_ACKNOWLEDGE, "alert {kind} {subject}")
def acknowledge(
    tx: Transaction, kind: AlertKind, subject: str | None, until: datetime, act: OperatorAction
) -> list[Acknowledgement]:
    """Mute the open alerts of a kind, or the one with that subject, until ``until`` (UTC); return what was written.

    It ends sooner when the alert closes or becomes worse. Raises ActionRefused if there is no such open alert.
    """
    if until <= act.at:
        raise ActionRefused(f"{until.isoformat()} is past", "give a moment that is still to come")
    found = [one for one in tx.alerts.open() if one.kind is kind and subject in (None, one.subject)]
    if not found:
        which = f"{kind} {subject}" if subject else kind.value
        raise ActionRefused(
            f"no alert {which} is open", "look at `alerts`; the service notices a new condition within half a minute"
        )
    return [_acknowledged(tx, one, until, act) for one in found]


def _acknowledged(tx: Transaction, alert: AlertRecord, until: datetime, act: OperatorAction) -> Acknowledgement:
    why = act.why or ""
    new = Acknowledgement(0, alert.key, act.at, until, act.by, why, alert.count, alert.level, alert.newest)
    tx.alerts.acknowledge(new)
    return new
