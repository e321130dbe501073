"""A unit of work: the repositories of one transaction."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection

from csire_bridge.store.figures.figure_book import FigureBook
from csire_bridge.store.housekeeping.archives import Archives
from csire_bridge.store.housekeeping.restores import Restores
from csire_bridge.store.housekeeping.unproven_bytes import StrangerBytes
from csire_bridge.store.repositories.alerts.alert_book import AlertBook
from csire_bridge.store.repositories.alerts.notifications import Notifications
from csire_bridge.store.repositories.messages.head_end_events import HeadEndEvents
from csire_bridge.store.repositories.messages.messages import Journal
from csire_bridge.store.repositories.messages.outbox import Outbox
from csire_bridge.store.repositories.messages.partners import PartnerRegistry
from csire_bridge.store.repositories.orders.care import CareBook
from csire_bridge.store.repositories.orders.notes import Notes
from csire_bridge.store.repositories.orders.order_steps import Steps
from csire_bridge.store.repositories.orders.orders import OrderBook
from csire_bridge.store.repositories.orders.processes import ProcessBook
from csire_bridge.store.repositories.orders.related_orders import Neighbours
from csire_bridge.store.repositories.orders.rule_sets import RuleSets
from csire_bridge.store.repositories.orders.sid import SidBook
from csire_bridge.store.repositories.people.accounts import Accounts
from csire_bridge.store.repositories.people.api_requests import ApiRequests
from csire_bridge.store.repositories.people.audit import AuditLog
from csire_bridge.store.repositories.people.jobs import JobBook
from csire_bridge.store.repositories.people.login_tries import LoginTries
from csire_bridge.store.repositories.people.saved_views import SavedViews
from csire_bridge.store.repositories.people.sessions import Sessions
from csire_bridge.store.repositories.people.tokens import Tokens
from csire_bridge.store.repositories.points.complaints import Complaints
from csire_bridge.store.repositories.points.contactors import Contactors
from csire_bridge.store.repositories.points.danger_cuts import DangerCuts
from csire_bridge.store.repositories.points.guards import Guards
from csire_bridge.store.repositories.points.metering_points import PointRegistry
from csire_bridge.store.scheduling.job_runs import Ticks
from csire_bridge.store.scheduling.leases import Leases
from csire_bridge.store.scheduling.process_clocks import Clocks
from csire_bridge.store.scheduling.work_queue import WorkQueue

__all__ = ["UnitOfWork"]


class UnitOfWork:
    """The unit of work: every repository, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._afterwards: list[Callable[[], None]] = []
        self.messages = Journal(connection)
        self.strangers = StrangerBytes(connection)
        self.orders = OrderBook(connection)
        self.neighbours = Neighbours(connection)
        self.points = PointRegistry(connection)
        self.processes = ProcessBook(connection)
        self.outbox = Outbox(connection)
        self.partners = PartnerRegistry(connection)
        self.rule_sets = RuleSets(connection)
        self.head_end = HeadEndEvents(connection)
        self.contactors = Contactors(connection)
        self.steps = Steps(connection)
        self.figures = FigureBook(connection)
        self.notes = Notes(connection)
        self.care = CareBook(connection)
        self.guards = Guards(connection)
        self.danger_cuts = DangerCuts(connection)
        self.complaints = Complaints(connection)
        self.sid = SidBook(connection)
        self.work = WorkQueue(connection)
        self.leases = Leases(connection)
        self.ticks = Ticks(connection)
        self.alerts = AlertBook(connection)
        self.notifications = Notifications(connection)
        self.archives = Archives(connection)
        self.clocks = Clocks(connection)
        self.restores = Restores(connection)
        self.accounts = Accounts(connection)
        self.sessions = Sessions(connection)
        self.tokens = Tokens(connection)
        self.tries = LoginTries(connection)
        self.audit = AuditLog(connection)
        self.api_requests = ApiRequests(connection)
        self.jobs = JobBook(connection)
        self.views = SavedViews(connection)

    def attempt(self) -> AbstractContextManager[object]:
        """A part of the transaction that is undone alone if it raises."""
        return self.connection.begin_nested()

    def finish(self) -> None:
        """Write what is written last, just before the commit."""
        self.audit.write()

    def look_anew(self, now: datetime) -> None:
        """Make all waiting work due at ``now`` (UTC), because its moments were written by a clock that was ahead.

        Nothing is carried out too early by this: each step checks its own times again.
        """
        self.work.hasten_all(now)
        self.guards.try_again(now)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have something told that is true only once this transaction is committed, such as a count."""
        self._afterwards.append(call)

    def committed(self) -> None:
        """Tell it; for who commits."""
        for call in self._afterwards:
            call()
