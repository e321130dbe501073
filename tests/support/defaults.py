"""The values that hold where a test sets nothing else: those of the settings, as the service builds them."""

from __future__ import annotations

from datetime import timedelta

from csire_bridge.config.settings import Settings
from csire_bridge.service.wiring.settings_to_values import (
    deadlines_of,
    execution_policy,
    intake_policy,
    law_policy,
    order_policy,
    step_rules,
)

__all__ = [
    "DEADLINES",
    "EXECUTION",
    "INTAKE",
    "LAW",
    "LEASE",
    "LIMITS",
    "MOST_LAPSES",
    "ORDERS",
    "PARTNER_WAIT",
    "RESULT_WAIT",
    "RETENTION_BATCH",
    "STEP_RULES",
]

_SETTINGS = Settings()
EXECUTION = execution_policy(_SETTINGS)
INTAKE = intake_policy(_SETTINGS)
ORDERS = order_policy(_SETTINGS)
STEP_RULES = step_rules(_SETTINGS)
LAW = law_policy(_SETTINGS)
DEADLINES = deadlines_of(_SETTINGS)
LIMITS = _SETTINGS.limits.as_limits()
LEASE = timedelta(seconds=_SETTINGS.worker.lease_seconds)
MOST_LAPSES = _SETTINGS.worker.most_lapses
RESULT_WAIT = timedelta(seconds=_SETTINGS.limits.result_wait_seconds)
PARTNER_WAIT = timedelta(seconds=_SETTINGS.limits.partner_wait_seconds)
RETENTION_BATCH = _SETTINGS.retention.batch
