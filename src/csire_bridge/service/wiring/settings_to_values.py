"""Turns settings into values of the other packages; every default is in the settings, and nowhere else."""

from __future__ import annotations

from datetime import timedelta

from csire_bridge.channels.hub.profile import ContentTypeStyle, HubProfile, HubSecurity
from csire_bridge.config.files.law_file import load_law
from csire_bridge.config.settings import Settings
from csire_bridge.domain.law.clocks import Deadlines
from csire_bridge.domain.law.policy import LawPolicy
from csire_bridge.domain.message.refusals import JudgingAgain
from csire_bridge.domain.message.strangers import StrangerBudget
from csire_bridge.domain.operations.circuit_breaker import CircuitPolicy
from csire_bridge.domain.order.requests.too_old import TooOld
from csire_bridge.domain.order.steps import StepKind, StepRules
from csire_bridge.pipeline.execution_policy import CALL_RETRY, ExecutionPolicy, FieldWork
from csire_bridge.pipeline.intake.intake_policy import IntakePolicy
from csire_bridge.pipeline.orders.order_policy import OrderPolicy

__all__ = [
    "deadlines_of",
    "execution_policy",
    "hub_profile",
    "intake_policy",
    "law_policy",
    "order_policy",
    "step_rules",
    "too_old",
]


def execution_policy(settings: Settings) -> ExecutionPolicy:
    """How long and how often an execution is tried."""
    head_end, execution = settings.head_end, settings.execution
    return ExecutionPolicy(
        response=timedelta(seconds=head_end.response_seconds),
        lifetime=timedelta(seconds=head_end.command_lifetime_seconds),
        expiry_margin=timedelta(seconds=execution.expiry_margin_seconds),
        unmeasured=timedelta(seconds=execution.unmeasured_clock_seconds),
        attempts=head_end.attempts,
        retry_pause=timedelta(seconds=execution.again_seconds),
        read_back_interval=timedelta(seconds=head_end.poll_seconds),
        recheck_interval=timedelta(seconds=execution.recheck_seconds),
        meter_pause=timedelta(seconds=execution.meter_pause_seconds),
        commands_per_second=execution.commands_per_second,
        disconnections_per_hour=execution.disconnections_per_hour,
        armed_counts=execution.armed_counts,
        field_work=FieldWork(execution.field_work),
        deadlines=deadlines_of(settings),
        circuit=CircuitPolicy(
            threshold=execution.circuit_failures,
            first=timedelta(seconds=execution.circuit_seconds),
            longest=timedelta(seconds=execution.circuit_longest_seconds),
        ),
        retry=CALL_RETRY,
        too_old=too_old(settings),
        law=law_policy(settings),
        rates={one.name: one.commands_per_second for one in head_end.system if one.commands_per_second},
    )


def law_policy(settings: Settings) -> LawPolicy:
    """The law file and what the operator has decided about it; raises ConfigurationError."""
    return settings.law.as_policy(load_law(settings.mapping_path))


def deadlines_of(settings: Settings) -> Deadlines:
    """By when orders must be carried out, by law and by the settings; raises ConfigurationError."""
    return settings.deadlines.as_deadlines(law_policy(settings))


def too_old(settings: Settings) -> TooOld:
    """Which disconnections were asked for too long ago."""
    return TooOld(timedelta(days=settings.limits.oldest_disconnection_days))


def step_rules(settings: Settings) -> StepRules:
    """Which steps agreements have."""
    agreements = settings.agreements
    return StepRules(
        start=tuple(map(StepKind, agreements.start)),
        end=tuple(map(StepKind, agreements.end)),
        write_ahead=timedelta(hours=agreements.tariff_ahead_hours),
        last_day_counts=agreements.last_day_counts,
    )


def order_policy(settings: Settings) -> OrderPolicy:
    """What requests become."""
    return OrderPolicy(
        too_old=too_old(settings),
        steps=step_rules(settings),
        deadlines=deadlines_of(settings),
        law=law_policy(settings),
    )


def intake_policy(settings: Settings) -> IntakePolicy:
    """How messages are taken in."""
    return IntakePolicy(
        orders=order_policy(settings),
        judging_again=JudgingAgain(give_up=timedelta(days=settings.limits.judge_again_days)),
        strangers=StrangerBudget(settings.web.strangers_bytes_per_day),
    )


def hub_profile(settings: Settings, url: str | None = None) -> HubProfile:
    """How to speak with the hub, or with another ``url`` that is a whole address; raises ConfigurationError."""
    hub = settings.hub
    own = url is None or url == hub.url
    certificate, key = hub.client_certificate, hub.client_key
    return HubProfile(
        url=url or hub.url or "",
        tenant=hub.tenant if own else None,
        user=hub.user if own else None,
        content_type_style=ContentTypeStyle(hub.content_type),
        connect_seconds=hub.connect_seconds,
        send_seconds=hub.send_seconds,
        peek_seconds=hub.peek_seconds,
        kept_seconds=hub.kept_seconds,
        ca_bundle=hub.ca_bundle,
        client_certificate=(certificate, key) if certificate and key else None,
        security=HubSecurity(hub.security),
        max_bytes=hub.max_bytes,
        unsigned_faults=hub.unsigned_faults,
        slow_retry=timedelta(seconds=hub.slow_retry_seconds),
    )
