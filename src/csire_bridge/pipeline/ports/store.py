"""Ports of the database: the transaction (unit of work), and the store that opens it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from csire_bridge.domain.people.ports import PeopleTransaction
from csire_bridge.pipeline.ports.delivery import Outbox
from csire_bridge.pipeline.ports.guards import Complaints, DangerCuts, Guards, RuleSets
from csire_bridge.pipeline.ports.head_end import Contactors, HeadEndEvents
from csire_bridge.pipeline.ports.journal import Journal, StrangerBytes
from csire_bridge.pipeline.ports.metering_points import PointRegistry
from csire_bridge.pipeline.ports.orders import Neighbours, OrderBook, ProcessBook, Restores, Steps
from csire_bridge.pipeline.ports.sid import SidBook
from csire_bridge.pipeline.ports.work_queue import WorkQueue

__all__ = ["Store", "Transaction"]


class Transaction(PeopleTransaction, Protocol):
    """The unit of work: everything that is committed together."""

    @property
    def messages(self) -> Journal: ...
    @property
    def strangers(self) -> StrangerBytes: ...
    @property
    def orders(self) -> OrderBook: ...
    @property
    def neighbours(self) -> Neighbours: ...
    @property
    def processes(self) -> ProcessBook: ...
    @property
    def points(self) -> PointRegistry: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def head_end(self) -> HeadEndEvents: ...
    @property
    def contactors(self) -> Contactors: ...
    @property
    def steps(self) -> Steps: ...
    @property
    def guards(self) -> Guards: ...
    @property
    def complaints(self) -> Complaints: ...
    @property
    def danger_cuts(self) -> DangerCuts: ...
    @property
    def restores(self) -> Restores: ...
    @property
    def rule_sets(self) -> RuleSets: ...
    @property
    def sid(self) -> SidBook: ...
    @property
    def work(self) -> WorkQueue: ...
    def attempt(self) -> AbstractContextManager[object]: ...

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have something told once the transaction is committed."""
        ...


class Store(Protocol):
    """Opens transactions: committed at the end, rolled back by any exception. ``read_transaction`` writes nothing."""

    def transaction(self) -> AbstractContextManager[Transaction]: ...
    def read_transaction(self) -> AbstractContextManager[Transaction]: ...
