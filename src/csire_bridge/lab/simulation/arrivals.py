"""Turns requests into orders by the product's own registration, without bytes, signature and schema."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from csire_bridge.domain.identifiers import Eic, MessageId, MessageNumber, ProcessInstanceId
from csire_bridge.domain.message.message import Channel, Form, Header, OrderRequest, UnderstoodMessage
from csire_bridge.domain.message.sid import SidNumber, SidRequest
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, ReconnectionReason
from csire_bridge.lab.shared.workload import point_code
from csire_bridge.lab.simulation.head_end import SimulatedHeadEnd
from csire_bridge.lab.simulation.pattern import Asked, Wish
from csire_bridge.lab.simulation.population import SUPPLIER, Population
from csire_bridge.pipeline.answer.hub_results import KnownAnswers
from csire_bridge.pipeline.intake.register import register
from csire_bridge.pipeline.orders.merge_sources import accept_sid_order
from csire_bridge.pipeline.orders.order_policy import OrderPolicy
from csire_bridge.pipeline.orders.processes import KnownProcesses
from csire_bridge.pipeline.ports.store import Store, Transaction

__all__ = ["Registration"]

_OFF, _ON = OrderKind.DISCONNECT, OrderKind.RECONNECT
_MEANS: Mapping[Wish, tuple[str, OrderKind, DisconnectionKind | ReconnectionReason | None]] = MappingProxyType(
    {
        Wish.DEBT_OFF: ("8.1.1.5", _OFF, DisconnectionKind.DEBT),
        Wish.SHUT_DOWN: ("8.1.1.5", _OFF, DisconnectionKind.SHUT_DOWN),
        Wish.PREPAID_OFF: ("8.1.1.5", _OFF, DisconnectionKind.PREPAID),
        Wish.PAID_ON: ("8.2.1.6", _ON, ReconnectionReason.REASON_GONE),
        Wish.COMPLAINT_ON: ("8.2.1.6", _ON, ReconnectionReason.COMPLAINT),
        Wish.PREPAID_ON: ("8.2.1.6", _ON, ReconnectionReason.PREPAID_TOPPED_UP),
        Wish.AGREEMENT_START: ("1.1.1.6", OrderKind.AGREEMENT_START, None),
        Wish.AGREEMENT_END: ("1.4.1.4", OrderKind.AGREEMENT_END, None),
        Wish.TARIFF: ("2.2.1.11", OrderKind.PARAMETRISATION, None),
    }
)
_HUB = Eic("10XPL-TSO------P")
_US = "19XENERGAOPERATS"


class Registration:
    """Registers arriving requests, as the steps after the signature do."""

    def __init__(
        self,
        store: Store,
        population: Population,
        head_end: SimulatedHeadEnd,
        policy: OrderPolicy,
        seed: int,
    ) -> None:
        self._store, self._population, self._head_end = store, population, head_end
        self._policy = policy
        self._rng = random.Random(f"{seed}/ids")  # noqa: S311 - a simulation
        self._known: set[int] = set()

    def take(self, arrived: Sequence[Asked], now: datetime) -> None:
        """Register orders of both sources, in the order in which they arrived within each, in one transaction."""
        with self._store.transaction() as tx:
            for first in arrived:
                self._install(tx, first)
            hub = [self._understood(one) for one in arrived if one.source is OrderSource.HUB]
            known, answers = KnownProcesses(tx, hub, now), KnownAnswers(tx, hub, _HUB, now)
            register(tx, hub, known, answers, now, self._policy)
            for one in arrived:
                if one.source is OrderSource.SID:
                    self._from_sid(tx, one, now)

    def _install(self, tx: Transaction, first: Asked) -> None:
        """Enter points and meters when they are first needed, so that a long run starts quickly."""
        if first.meter not in self._known:
            self._known.add(first.meter)
            tx.points.put(self._population.point(first))
            self._head_end.install(self._population.meter(first))

    def _understood(self, asked: Asked) -> UnderstoodMessage:
        number = _MEANS[asked.wish][0]
        header = Header(
            message_id=MessageId(self._uuid()),
            answers=None,
            message_type="",
            number=MessageNumber(number),
            process="",
            timestamp=asked.registered_at,
            physical_sender=_HUB,
            juridical_sender=_HUB,
            physical_recipient=_US,
            juridical_recipient=_US,
            sender_role="",
            retroactive_token=None,
        )
        return UnderstoodMessage(header, self._request(asked, ProcessInstanceId(self._uuid())), "")

    def _from_sid(self, tx: Transaction, asked: Asked, now: datetime) -> None:
        number = SidNumber(self._uuid())
        (message,) = tx.messages.add(Channel.SID, now, [(number, b"", "", Form.BARE)])
        request = SidRequest(number, asked.registered_at, self._request(asked, None))
        accept_sid_order(tx, request, message, now, self._policy)

    def _request(self, asked: Asked, process: ProcessInstanceId | None) -> OrderRequest:
        _, kind, detail = _MEANS[asked.wish]
        changes_tariff = asked.wish in (Wish.TARIFF, Wish.AGREEMENT_START)
        return OrderRequest(
            kind=kind,
            process_instance=process,
            metering_point=point_code(asked.meter),
            disconnection_kind=detail if isinstance(detail, DisconnectionKind) else None,
            reconnection_reason=detail if isinstance(detail, ReconnectionReason) else None,
            effective_date=asked.on,
            supplier=Eic(SUPPLIER),
            tariff_group="G12" if changes_tariff else None,
        )

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
