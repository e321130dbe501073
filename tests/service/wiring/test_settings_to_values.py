"""The settings as values of other rooms: each value comes from its own setting, and no room has a default beside it."""

from __future__ import annotations

from dataclasses import MISSING, fields
from datetime import timedelta

import pytest

from csire_bridge.channels.hes.profile import HeadEndProfile
from csire_bridge.channels.hub.profile import HubProfile
from csire_bridge.channels.sid.profile import SidProfile
from csire_bridge.channels.transport.inbound.request_body import BodyLimits
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.law.policy import UnknownProtection, WhenBanned
from csire_bridge.domain.message.envelope_rules import Limits
from csire_bridge.domain.message.partners import PartnerLimits
from csire_bridge.domain.operations.circuit_breaker import CircuitPolicy
from csire_bridge.domain.order.requests.too_old import TooOld
from csire_bridge.domain.order.steps import StepKind, StepRules
from csire_bridge.pipeline.execution_policy import ExecutionPolicy, FieldWork
from csire_bridge.pipeline.intake.intake_policy import IntakePolicy
from csire_bridge.pipeline.orders.order_policy import OrderPolicy
from csire_bridge.service.wiring.bridge_sid import sid_profile
from csire_bridge.service.wiring.settings_to_values import (
    deadlines_of,
    execution_policy,
    hub_profile,
    intake_policy,
    law_policy,
    order_policy,
)
from tests.support.defaults import EXECUTION, INTAKE, ORDERS, STEP_RULES

OTHER = load_settings(
    environment=False,
    head_end={
        "response_seconds": 1,
        "command_lifetime_seconds": 2,
        "attempts": 4,
        "poll_seconds": 5,
    },
    execution={
        "expiry_margin_seconds": 6,
        "unmeasured_clock_seconds": 7,
        "again_seconds": 8,
        "recheck_seconds": 9,
        "meter_pause_seconds": 10,
        "commands_per_second": 11,
        "disconnections_per_hour": 12,
        "armed_counts": True,
        "field_work": "always",
        "circuit_failures": 14,
        "circuit_seconds": 15,
        "circuit_longest_seconds": 16,
    },
    agreements={"start": ["connect"], "end": ["disconnect"], "tariff_ahead_hours": 17, "last_day_counts": True},
    deadlines={"near_seconds": 18},
    limits={"judge_again_days": 19, "oldest_disconnection_days": 20},
    web={"strangers_bytes_per_day": 21},
    law={"unknown_protection": "protected", "wait_days": 22, "when_banned": {"suspension-winter": "wait"}},
)


def seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


def test_given_settings_when_the_execution_policy_is_made_then_each_value_is_its_settings() -> None:
    deadlines = deadlines_of(OTHER)
    assert deadlines.near == seconds(18)
    assert execution_policy(OTHER) == ExecutionPolicy(
        response=seconds(1),
        lifetime=seconds(2),
        expiry_margin=seconds(6),
        unmeasured=seconds(7),
        attempts=4,
        retry_pause=seconds(8),
        read_back_interval=seconds(5),
        recheck_interval=seconds(9),
        meter_pause=seconds(10),
        commands_per_second=11,
        disconnections_per_hour=12,
        armed_counts=True,
        field_work=FieldWork.ALWAYS,
        deadlines=deadlines,
        circuit=CircuitPolicy(threshold=14, first=seconds(15), longest=seconds(16)),
        retry=EXECUTION.retry,
        too_old=TooOld(timedelta(days=20)),
        rates={},
        law=law_policy(OTHER),
    )
    assert law_policy(OTHER).unknown is UnknownProtection.PROTECTED
    assert law_policy(OTHER).wait_days == 22
    assert law_policy(OTHER).when_banned == {"suspension-winter": WhenBanned.WAIT}


def test_given_settings_when_the_order_and_intake_policies_are_made_then_each_value_is_its_settings() -> None:
    orders = order_policy(OTHER)
    assert orders == OrderPolicy(
        too_old=TooOld(timedelta(days=20)),
        steps=StepRules((StepKind.CONNECT,), (StepKind.DISCONNECT,), timedelta(hours=17), last_day_counts=True),
        deadlines=deadlines_of(OTHER),
        law=law_policy(OTHER),
    )
    intake = intake_policy(OTHER)
    assert intake.orders == orders
    assert intake.judging_again.give_up == timedelta(days=19)
    assert intake.strangers.bytes_per_day == 21


def test_given_no_settings_when_values_are_made_then_they_are_what_was_always_promised() -> None:
    assert (EXECUTION.attempts, EXECUTION.disconnections_per_hour, EXECUTION.retry.attempts) == (3, 100, 100)
    assert ORDERS.too_old == TooOld(timedelta(days=3))
    assert STEP_RULES.start == (StepKind.TARIFF, StepKind.CONNECT, StepKind.READ)
    assert STEP_RULES.end == (StepKind.READ, StepKind.DISCONNECT)
    assert INTAKE.judging_again.give_up == timedelta(days=7)


@pytest.mark.parametrize(
    "value", [ExecutionPolicy, OrderPolicy, IntakePolicy, StepRules, Deadlines, Limits, CircuitPolicy]
)
def test_given_a_value_that_is_made_of_settings_then_it_has_no_default_of_its_own(value: type) -> None:
    assert [f.name for f in fields(value) if f.default is not MISSING or f.default_factory is not MISSING] == []


def test_given_no_settings_of_a_partner_then_its_profile_is_what_the_settings_default_to() -> None:
    given = load_settings(environment=False, hub={"url": "https://hub.example"}, sid={"url": "https://sid.example"})
    assert hub_profile(given) == HubProfile("https://hub.example")
    assert sid_profile(given) == SidProfile("https://sid.example")
    assert HeadEndProfile.of(given.head_end) == HeadEndProfile("", "")
    web, default = given.web, PartnerLimits(max_bytes=given.limits.max_message_bytes)
    assert BodyLimits(default.max_bytes, web.body_seconds, web.bytes_per_second, web.grace_seconds) == BodyLimits()
    assert PartnerLimits(web.strangers_per_minute, web.strangers_at_once) == PartnerLimits()
    assert PartnerLimits(given.sid.per_minute, given.sid.at_once) == PartnerLimits()
    profile = HubProfile("https://hub.example")
    assert (profile.connect_seconds, profile.send_seconds, profile.peek_seconds) == (5, 30, 70)
    assert (BodyLimits().seconds, default.per_minute, default.at_once, default.max_bytes) == (30, 6000, 64, 1 << 20)
