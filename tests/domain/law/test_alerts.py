"""What the law's settings leave open, or take away, stands on the first screen of `alerts`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from csire_bridge.domain.law.alerts import law_alerts
from csire_bridge.domain.law.policy import Loosened, UnknownProtection
from csire_bridge.domain.operations.alerts import AlertKind
from tests.support.defaults import LAW

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_given_nobody_has_decided_about_unknown_households_then_an_alert_says_what_holds_until_then() -> None:
    (alert,) = law_alerts(LAW)
    assert alert.kind is AlertKind.PROTECTION_UNDECIDED
    assert "counts as protected -> set law.unknown_protection" in alert.text(NOW)


@pytest.mark.parametrize("decided", [u for u in UnknownProtection if u is not UnknownProtection.UNDECIDED])
def test_given_somebody_has_decided_then_there_is_no_alert(decided: UnknownProtection) -> None:
    assert list(law_alerts(replace(LAW, unknown=decided))) == []


def test_given_loosened_rules_then_each_has_an_alert_with_who_and_why() -> None:
    by = [Loosened(f"rule-{n}", f"Anna {n}", f"reason {n}") for n in range(2)]
    law = replace(LAW, unknown=UnknownProtection.ASK, loosened={one.rule: one for one in by})
    told = [(alert.kind, alert.subject, alert.text(NOW)) for alert in law_alerts(law)]
    assert [(kind, subject) for kind, subject, _ in told] == [(AlertKind.LAW_LOOSENED, one.rule) for one in by]
    assert all(one.by in text and one.why in text for one, (_, _, text) in zip(by, told, strict=True))
