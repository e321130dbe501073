"""The bridge's side and the simulated head-end system, wired together for tests."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from csire_bridge.channels.hes.client import HeadEndConnector, HeadEndProfile
from csire_bridge.channels.hes.dialect.dialect import OURS
from csire_bridge.channels.hes.dialect.loader import shipped
from csire_bridge.channels.hes.event_address import with_key
from csire_bridge.channels.hes.event_endpoint import EventListener
from csire_bridge.channels.transport.inbound.caller_proofs import Proofs
from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import (
    ContactorAction,
    ContactorCommand,
    HeadEndEvent,
)
from csire_bridge.lab.simulators.hes.simulator import HeadEndSimulator, meter_number
from tests.support.patience import PATIENCE

__all__ = ["CONNECT", "DISCONNECT", "KEY", "METER", "Bridge", "bridge_to", "command", "running", "until"]

METER = meter_number(0)
KEY = "a-key-for-tests"
DISCONNECT, CONNECT = ContactorAction.DISCONNECT, ContactorAction.CONNECT


class Bridge:
    """A connector and a listener whose events are collected."""

    def __init__(self, endpoint: str, **profile_facts: Any) -> None:
        self.events: queue.Queue[HeadEndEvent] = queue.Queue()
        self.failures: list[Exception] = []
        dialect = shipped(profile_facts.pop("speaks", OURS))
        facts = {"read_timeout": 10, "dialect": dialect, "codes": dialect.codes, **profile_facts}
        profile = HeadEndProfile(endpoint=endpoint, reply_address="", **facts)
        self.listener = EventListener(self._on_events, profile, Proofs(keys=(KEY,))).start()
        self.profile = replace(profile, reply_address=self.url)
        self.connector = HeadEndConnector(self.profile)

    @property
    def url(self) -> str:
        """Where events are taken, with the key that proves who reports."""
        return with_key(self.listener.url, KEY)

    def _on_events(self, events: Sequence[tuple[bytes, HeadEndEvent]]) -> None:
        if self.failures:
            raise self.failures.pop()
        for raw, event in events:
            assert raw
            self.events.put(event)

    def event(self) -> HeadEndEvent:
        return self.events.get(timeout=PATIENCE)

    def order(self, action: ContactorAction, **changes: Any) -> HeadEndEvent:
        sent = command(action, **changes)
        self.connector.submit(sent)
        event = self.event()
        assert (event.correlation_id, event.meter) == (sent.correlation_id, sent.meter)
        return event


def command(action: ContactorAction, meter: str = METER, lifetime: float = 3600) -> ContactorCommand:
    now = datetime.now(UTC)
    end = now + timedelta(seconds=lifetime)
    return ContactorCommand(CorrelationId.new(), MeterNumber(meter), action, now, end, "order-1", "unpaid & <late>")


@contextmanager
def bridge_to(endpoint: str, **profile_facts: Any) -> Iterator[Bridge]:
    bridge = Bridge(endpoint, **profile_facts)
    try:
        yield bridge
    finally:
        bridge.connector.close()
        bridge.listener.stop()


@contextmanager
def running(**options: Any) -> Iterator[tuple[HeadEndSimulator, Bridge]]:
    simulator = HeadEndSimulator([METER], **options).start()
    try:
        with bridge_to(simulator.url) as bridge:
            yield simulator, bridge
    finally:
        simulator.stop()


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    deadline = datetime.now(UTC) + timedelta(seconds=seconds)
    tick = threading.Event()
    while not condition():
        if datetime.now(UTC) > deadline:
            return False
        tick.wait(0.005)
    return True
