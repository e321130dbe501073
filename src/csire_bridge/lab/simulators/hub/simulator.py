"""A simulated market hub: a real HTTP server on 127.0.0.1 that keeps a queue for us and judges what we send.

It checks signature, schema, parties and ids like the real one, answers with R_1 by queue or push, and misbehaves as it
is told. For demo and tests.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType

from csire_bridge.channels.hub.faults import Operation
from csire_bridge.channels.hub.profile import HubSecurity
from csire_bridge.config.resources import folder
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import PartnerFault
from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.lab.simulators.faults.hub import HubDice, HubFaults
from csire_bridge.lab.simulators.http_server import Contract, HttpServer
from csire_bridge.lab.simulators.hub.judge import DocumentJudge, ReceivedDocument, Refused
from csire_bridge.lab.simulators.hub.pusher import PushAnswer, Pusher, PushForm
from csire_bridge.lab.simulators.hub.queue import HubQueue, Waiting
from csire_bridge.lab.simulators.hub.soap import (
    HubRequest,
    container_response,
    dequeue_response,
    send_response,
)
from csire_bridge.lab.simulators.hub.soap_front import SoapFront
from csire_bridge.lab.simulators.pki import DemoPki
from csire_bridge.xml.envelope import read_header
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.catalogue import SchemaCatalogue

__all__ = ["HubFaults", "HubSimulator", "PushAnswer", "ReceivedDocument"]

_CONTRACT = Contract("hub", "cms.wsdl", "http://127.0.0.1/soap")
_MAX_BYTES = 64 * 1024 * 1024


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _accept(_number: MessageNumber) -> str:
    return "CA001"


class HubSimulator:
    """The hub as the bridge sees it. Start it, or use it in ``with``.

    May be changed at any time: ``faults``; ``verdict``, which names the result code for a message number (CA...
    accepts, CE... refuses); ``webhook``, our URL, to which R_1 is then pushed instead of queued; ``push_form``.
    May be read at any time: ``received``, the documents that were taken, each once; ``problems``, everything that was
    wrong with what came; ``asked``, the operations in the order in which they came; ``pushed``, the answers to R_1
    that were pushed.
    """

    def __init__(
        self,
        pki: DemoPki,
        *,
        clock: Clock = _utc_now,
        security: HubSecurity = HubSecurity.ENVELOPED,
        tenant: str = "OSD",
        user: str = "bridge",
        repeats_succeed: bool = False,
        seed: int = 0,
        port: int = 0,
    ) -> None:
        """``repeats_succeed``: the same document again gets its reference again, instead of fault 006."""
        self.pki, self.tenant, self.user = pki, tenant, user
        self.faults = HubFaults()
        self.verdict: Callable[[MessageNumber], str] = _accept
        self.webhook: str | None = None
        self.push_form: PushForm = "bare"
        self.received: list[ReceivedDocument] = []
        self.pushed: queue.Queue[PushAnswer] = queue.Queue()
        self._repeats_succeed = repeats_succeed
        self._dice = HubDice(seed)
        self._waiting = HubQueue(self.faults, self._dice)
        catalogue = SchemaCatalogue([folder("schemas")])
        self._judge = DocumentJudge(pki, catalogue, clock, security, self.faults, self._dice)
        self._pusher = Pusher(pki.hub.signing, pki.operator_book(), clock, security)
        path = f"/soap/{tenant}?organisationUser={user}"
        self._front = SoapFront(pki, catalogue, clock, security, self.faults, self._dice, self._serve, path)
        self._server = HttpServer(self._front.answer, contract=_CONTRACT, max_bytes=_MAX_BYTES, port=port)
        self._to_push: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._push_thread = threading.Thread(target=self._push_results, daemon=True)

    @property
    def url(self) -> str:
        """Scheme, host and port; with ``tenant`` and ``user`` the address of the service."""
        return self._server.url

    @property
    def waiting(self) -> int:
        """How many messages are in our queue."""
        return len(self._waiting)

    @property
    def problems(self) -> list[str]:
        """What was wrong with requests and receipts."""
        return self._front.problems

    @property
    def asked(self) -> list[Operation]:
        """Operations that reached the hub, in their order."""
        return self._front.asked

    @property
    def connections(self) -> int:
        """How many connections were ever opened."""
        return self._server.connections

    def start(self) -> HubSimulator:
        """Begin to answer."""
        self._server.start()
        self._push_thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        self._server.stop()
        self._to_push.put(None)

    def __enter__(self) -> HubSimulator:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def enqueue(self, document: bytes, reference: str | None = None, *, told: bool = True) -> str:
        """Put any bytes into our queue and return their reference: the given one, the MessageId, or a name.

        ``told``: whether the container will tell it.
        """
        chosen = reference or _message_id(document) or self._dice.name()
        self._waiting.put(Waiting(chosen, document, told))
        return chosen

    def push(self, document: bytes, form: PushForm = "bare") -> PushAnswer:
        """Post a document to our webhook and check the receipt's signature."""
        if self.webhook is None:
            raise ValueError("the simulated hub knows no webhook to push to")
        answer = self._pusher.push(self.webhook, document, form)
        if answer.problem:
            self.problems.append(f"push: {answer.problem}")
        return answer

    def _serve(self, request: HubRequest) -> bytes:
        if request.operation is Operation.PEEK:
            head = self._waiting.head()
            if head is None:
                return container_response(Operation.PEEK, None, None)
            return container_response(Operation.PEEK, head.reference if head.told else None, head.document)
        if request.operation is Operation.DEQUEUE:
            if not self._waiting.remove(request.reference):
                raise Refused("MHB.MHD.007", f"{request.reference} is not the head of the queue")
            return dequeue_response()
        return self._take(request)

    def _take(self, request: HubRequest) -> bytes:
        tree, header = self._judge.judge(request.document)
        taken = self._judge.take(header, request.document)
        if taken is None and not self._repeats_succeed:
            raise Refused("MHB.MHD.006", f"{header.message_id} was used before")
        result = None
        if taken is not None:
            self.received.append(taken)
            result = self._judge.result(tree, self.verdict(header.number))
        if request.operation is Operation.PROCESS and result is not None:
            return container_response(Operation.PROCESS, header.message_id, result)
        if result is not None:
            self._hand_out(result)
        return send_response(header.message_id)

    def _hand_out(self, result: bytes) -> None:
        if self.webhook is not None:
            self._to_push.put(result)
        else:
            self.enqueue(result)

    def _push_results(self) -> None:
        while (result := self._to_push.get()) is not None:
            self.pushed.put(self.push(result, self.push_form))


def _message_id(document: bytes) -> str | None:
    try:
        return read_header(parse(document)).message_id
    except PartnerFault:
        return None
