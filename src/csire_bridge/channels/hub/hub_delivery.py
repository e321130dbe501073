"""Delivery to the hub: each answer is sent as the same document until the hub has it."""

from __future__ import annotations

import threading
from collections import OrderedDict

from csire_bridge.channels.hub.client import HubClient
from csire_bridge.channels.hub.faults import Operation
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.message.documents import Delivery, OutgoingDocument

__all__ = ["HubChannel"]

_REMEMBERED = 10_000


class HubChannel:
    """Sends documents to the hub. Safe to use from several threads."""

    def __init__(self, client: HubClient, operation: Operation = Operation.SEND) -> None:
        self._client = client
        self._operation = operation
        self._tried: OrderedDict[MessageId, None] = OrderedDict()
        self._lock = threading.Lock()

    def deliver(self, document: OutgoingDocument) -> Delivery:
        """Return where it went; raise PartnerUnreachable, PartnerRefused or OutcomeUnknown.

        An id that the hub knows already counts as delivered, because an earlier attempt may have arrived. The returned
        place says so, and whether this process tried it before; if it did not, a person can see that somebody else may
        have used the id.
        """
        tried_before = self._note(document.message_id)
        result = self._client.send(document.document, self._operation)
        if not result.repeated:
            place = f"hub: {result.reference or 'taken, without a reference'}"
        elif tried_before:
            place = "hub: had it from an earlier try"
        else:
            place = "hub: says the id was used before, but this process sends it for the first time; look at its R_1"
        return Delivery(place, result.raw)

    def _note(self, message_id: MessageId) -> bool:
        with self._lock:
            known = message_id in self._tried
            self._tried[message_id] = None
            self._tried.move_to_end(message_id)
            while len(self._tried) > _REMEMBERED:
                self._tried.popitem(last=False)
        return known
