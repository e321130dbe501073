"""An order that was asked for, held, carried out and answered, for tests of what is told of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from csire_bridge.domain.identifiers import CorrelationId, MessageId, MessageNumber, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.message import Channel, Form, MessageState, SettledMessage
from csire_bridge.domain.meter.contactor import HeadEndEvent, HeadEndEventKind
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import OrderState, Outcome
from csire_bridge.pipeline.operator import guard_actions
from csire_bridge.store.database import Database
from tests.support.store import CODE, HUB, NOW, SECOND, document, order

RAW = b"<a/>"
ANSWER = (
    b'<DisconnectionNotification xmlns="urn:pl:oire:unk_8_1_1_11:v1"><Payload><DisconnectionData>'
    b"<PhysicalStatus>CK0070</PhysicalStatus><MeterNumber>M1</MeterNumber>"
    b"</DisconnectionData></Payload></DisconnectionNotification>"
)
SHA = hashlib.sha256(ANSWER).hexdigest()


def played(database: Database) -> int:
    """An order that the hub asked for, that was held, executed, and answered; its key."""
    asked, process = MessageId.new(), ProcessInstanceId.new()
    with database.transaction() as tx:
        (message,) = tx.messages.add(
            Channel.WEBHOOK, NOW, [("127.0.0.1", RAW, hashlib.sha256(RAW).hexdigest(), Form.BARE)]
        )
        (key,) = tx.orders.add([order(source_message=asked, process_instance=process)], NOW + SECOND)
        tx.messages.settle([_accepted(message, asked)])
        tx.messages.note([(message, NOW + SECOND, "map", "understood as OrderRequest of message 8.1.1.5")])
    with database.transaction() as tx:
        act = OperatorAction("anna", NOW + 2 * SECOND, "fire")
        guard_actions.set_hold(tx, CODE, HoldKind.EMERGENCY, None, act)
    _moved(database, key, 3, OrderState.SUBMITTING, "command 1 to the meter is being given")
    _moved(database, key, 4, OrderState.SUBMITTED, "the head-end system accepted the command")
    with database.transaction() as tx:
        tx.head_end.add([(b"<event/>", _event(), key)], NOW + 5 * SECOND)
        tx.orders.note_all([(key, OrderState.SUBMITTED, "head-end says so")], NOW + 5 * SECOND)
    facts = {"outcome": Outcome.DISCONNECTED, "executed_at": NOW + 5 * SECOND, "verified_at": NOW + 6 * SECOND}
    text = "contactor read: disconnected"
    _moved(database, key, 6, OrderState.DONE, text, meter=MeterNumber("M1"), **facts)
    with database.transaction() as tx:
        tx.outbox.add(document(key, document=ANSWER, sha256=SHA, created_at=NOW + 7 * SECOND))
    return key


def _accepted(message: int, asked: MessageId) -> SettledMessage:
    accepted = SettledMessage(key=message, state=MessageState.ACCEPTED, receipt=b"<r/>", message_id=asked)
    return replace(accepted, number=MessageNumber("8.1.1.5"), sender=HUB)


def _event() -> HeadEndEvent:
    kind = HeadEndEventKind.DISCONNECTED
    return HeadEndEvent(CorrelationId("c"), MeterNumber("M1"), kind, "3.31.0.68", NOW + 4 * SECOND)


def _moved(database: Database, key: int, seconds: int, state: OrderState, text: str, **facts: object) -> None:
    with database.transaction() as tx:
        before = tx.orders.get(key)
        after = replace(before, state=state, version=before.version + 1, **facts)  # type: ignore[arg-type]
        tx.orders.move_all([(before, after, text)], NOW + seconds * SECOND)
