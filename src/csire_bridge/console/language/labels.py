"""Words for codes: an enum's value as people read it.

In English that is the value itself with spaces; in Polish what ``locale/pl/codes.po`` has under the enum's name.
"""

from __future__ import annotations

from enum import Enum

from csire_bridge.access.people_facts import AccountState, TokenState
from csire_bridge.console.language.catalogs import translations
from csire_bridge.console.language.languages import Language
from csire_bridge.domain.jobs.job import ItemState, JobState
from csire_bridge.domain.jobs.kinds import JobKind, Subject
from csire_bridge.domain.law.clock_counts import ClockFate
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.message.partners import PartnerRole, SecurityProfile
from csire_bridge.domain.metering_point.complaints import Decision
from csire_bridge.domain.metering_point.facts import Source
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.order.care import Whose
from csire_bridge.domain.order.clock_stage import ClockStage
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import (
    DisconnectionKind,
    NotDelivered,
    OrderKind,
    OrderState,
    Outcome,
    ReconnectionReason,
    RejectionReason,
    WaitsFor,
)
from csire_bridge.domain.order.outcome.supply import Supply
from csire_bridge.domain.order.steps import StepKind
from csire_bridge.domain.people.roles import Permission, Role
from csire_bridge.domain.protection import ProtectedKind
from csire_bridge.domain.rules.preview import PlannedFate
from csire_bridge.domain.work import WorkStep
from csire_bridge.store.queries.dossiers.stored_documents import DocumentKind
from csire_bridge.store.queries.story.entries import EntryKind
from csire_bridge.store.queries.story.related import Relation
from csire_bridge.worker.partners.check import Condition

__all__ = ["SHOWN", "english", "label"]

SHOWN: tuple[type[Enum], ...] = (
    AccountState,
    Channel,
    ClockFate,
    ClockStage,
    Condition,
    Decision,
    DisconnectionKind,
    DocumentKind,
    DocumentState,
    EntryKind,
    HoldKind,
    ItemState,
    JobKind,
    JobState,
    MessageState,
    NotDelivered,
    OrderKind,
    OrderSource,
    OrderState,
    Outcome,
    PartnerRole,
    Permission,
    PlannedFate,
    ProtectedKind,
    ReconnectionReason,
    RejectionReason,
    Relation,
    Role,
    SecurityProfile,
    Source,
    StepKind,
    StopScope,
    Subject,
    Supply,
    TokenState,
    WaitsFor,
    Whose,
    WorkStep,
)
"""The enums that pages show; a test holds that each value has its Polish words."""


def english(value: Enum) -> str:
    """The value with spaces."""
    return str(value.value).replace("-", " ").replace("_", " ")


def label(value: Enum, language: Language) -> str:
    """The words for a value of an enum."""
    text = english(value)
    return text if language is Language.ENGLISH else translations(language).pgettext(type(value).__name__, text)
