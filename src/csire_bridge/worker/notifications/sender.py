"""The job that sends what is due, and tries again what failed: on one node at a time, beside everything else.

A crash after the sending and before the commit sends the same once more, with the same delivery id.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Event
from typing import Protocol

from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import BridgeError, ConfigurationError, PartnerRefused
from csire_bridge.domain.operations.alert_records import Notification, NotificationState, SendingChannel
from csire_bridge.domain.operations.alert_routes import AlertRoute
from csire_bridge.domain.operations.retry import RetryPolicy
from csire_bridge.telemetry.logs import logger
from csire_bridge.worker.notifications.notice import Notice
from csire_bridge.worker.scheduler import LedStore

__all__ = ["AlertSender", "Outlet"]

_AT_ONCE = 50
_KEPT = timedelta(days=90)
_RETRY = RetryPolicy.lasting(timedelta(days=3))
_log = logger(__name__)


class Outlet(Protocol):
    """A channel by which a notice leaves."""

    def send(self, delivery: str, recipients: tuple[str, ...], notice: Notice, now: datetime) -> None:
        """Raise PartnerRefused if this notice is refused, another BridgeError if the channel can't be reached."""


class AlertSender:
    """Sends notifications by their channel; ``outlets`` are those of the settings."""

    def __init__(
        self,
        outlets: Mapping[SendingChannel, Outlet],
        routes: Callable[[], Mapping[str, AlertRoute]],
        clock: Clock,
        jitter: random.Random,
    ) -> None:
        self._outlets = outlets
        self._routes = routes
        self._clock = clock
        self._jitter = jitter

    def run(self, led: LedStore, stop: Event) -> int:
        """Send what is due; return how many were sent."""
        with led.read_transaction() as tx:
            due = tx.notifications.due(self._clock(), _AT_ONCE)
        down: set[SendingChannel] = set()
        sent = 0
        for one in due:
            if stop.is_set():
                break
            if one.channel not in down:
                sent += self._one(led, one, down)
        return sent

    def forget(self, led: LedStore) -> int:
        """Delete what was settled long ago; return how many."""
        with led.transaction() as tx:
            return tx.notifications.forget(self._clock() - _KEPT)

    def _one(self, led: LedStore, one: Notification, down: set[SendingChannel]) -> bool:
        try:
            self._send(one)
        except BridgeError as error:
            self._failed(led, one, error, down)
            return False
        with led.transaction() as tx:
            tx.notifications.settle(one.key, NotificationState.SENT, self._clock())
        return True

    def _send(self, one: Notification) -> None:
        route, outlet = self._routes().get(one.route), self._outlets.get(one.channel)
        if route is None or outlet is None or one.channel not in route.channels:
            raise ConfigurationError(f"the settings have no route {one.route} by {one.channel} any more")
        outlet.send(one.delivery, route.recipients, Notice.of(one.body), self._clock())

    def _failed(self, led: LedStore, one: Notification, error: BridgeError, down: set[SendingChannel]) -> None:
        now = self._clock()
        again = None if isinstance(error, ConfigurationError) else _RETRY.next_try(one.attempts + 1, now, self._jitter)
        with led.transaction() as tx:
            if again is None:
                tx.notifications.settle(one.key, NotificationState.GIVEN_UP, now, str(error))
            else:
                tx.notifications.failed(one.key, str(error), again)
            if again is not None and not isinstance(error, PartnerRefused):
                tx.notifications.hold(one.channel, again)
                down.add(one.channel)
        if again is None:
            _log.error("notification.given_up", channel=one.channel, route=one.route, why=error)
        else:
            _log.error("notification.unsent", channel=one.channel, route=one.route, why=error)
