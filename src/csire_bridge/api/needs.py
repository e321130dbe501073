"""What the API needs of the bridge; the service gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from csire_bridge.access.authenticate import Authenticator
from csire_bridge.channels.hub.probe.findings import ProbeStep
from csire_bridge.config.settings import Settings
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.order.order import Order
from csire_bridge.pipeline.execute.gates.gates import Gates
from csire_bridge.pipeline.execution_policy import ExecutionPolicy
from csire_bridge.pipeline.jobs.tools import JobTools
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.store.database import Database
from csire_bridge.store.queries.alerts.alert_list import ListedAlert
from csire_bridge.worker.certificate_job import NamedCertificate
from csire_bridge.xml.reading.names import Names

__all__ = ["AddressOf", "ApiNeeds", "InstallationNeeds"]


class AddressOf(Protocol):
    """Tells the address of whoever sends a request."""

    def __call__(self, request: Any) -> str: ...


@dataclass(frozen=True)
class InstallationNeeds:
    """What administrators see of this installation.

    ``certificates`` are all that we use or trust. ``versions`` are of the program, its parts and what it has loaded.
    ``ping`` calls the hub step by step; raises ConfigurationError where it has no address.
    """

    settings: Settings
    certificates: Callable[[], Sequence[NamedCertificate]]
    versions: Callable[[], Mapping[str, str]]
    ping: Callable[[], Sequence[ProbeStep]]


@dataclass(frozen=True)
class ApiNeeds:
    """``head_end`` reads contactors (None: none is set up); ``gates`` are those that decide, for explanations.

    ``answer_due`` tells the number of the message that tells the hub of an order's end; None if there is none.
    ``alerts`` finds the conditions that hold at a moment (UTC); ``partners`` lists them as they are then.
    ``wake`` tells the worker that something is due. ``names`` has the names of elements and codes. ``jobs``: by
    what the items of jobs are looked at.
    """

    database: Database
    clock: Clock
    authenticator: Authenticator
    policy: ExecutionPolicy
    gates: Callable[[], Gates]
    head_end: Callable[[], AbstractContextManager[HeadEnd | None]]
    answer_due: Callable[[Order], str | None]
    alerts: Callable[[datetime], Sequence[ListedAlert]]
    address_of: AddressOf
    wake: Callable[[], None]
    names: Callable[[], Names]
    installation: InstallationNeeds
    jobs: JobTools
