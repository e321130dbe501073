"""Documents on A4, made of what is stored; for API and pages alike."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import Order
from csire_bridge.domain.order.requests.sources import source_of
from csire_bridge.pdf.acknowledgement import Acknowledgement, acknowledgement_pdf
from csire_bridge.pdf.moments import on_paper
from csire_bridge.store.queries.dossiers.stored_documents import DocumentKind, StoredDocument, stored_document
from csire_bridge.store.repositories.orders.orders import OrderBook
from csire_bridge.store.tables import sid_orders
from csire_bridge.xml.reading.explained import ExplainedDocument, explained
from csire_bridge.xml.reading.names import Names
from csire_bridge.xml.reading.signature_facts import SignatureFacts

__all__ = ["paper_of_answer"]

_MOST_ELEMENTS = 400


def paper_of_answer(connection: Connection, answer: int, names: Names) -> tuple[bytes, StoredDocument] | None:
    """The PDF of the answer of that key, and the stored answer that it tells of; None if there is none."""
    found = stored_document(connection, DocumentKind.ANSWER, answer)
    if found is None or found.order is None:
        return None
    order = OrderBook(connection).get(found.order)
    document = explained(found.raw, names, limit=_MOST_ELEMENTS)
    facts = Acknowledgement(
        order=order,
        asked_by=list(_asked_by(connection, order)),
        number=found.number or "",
        message_id=found.message_id or "",
        created_at=found.at,
        sha256=found.sha256,
        size=len(found.raw),
        state=found.state or "",
        delivered_at=found.facts["delivered_at"],
        result=" ".join(filter(None, (found.facts["result_code"], found.facts["result_text"]))) or None,
        content=list(_content(document)),
        signature=list(_signature(document.signature)),
    )
    return acknowledgement_pdf(facts), found


def _asked_by(connection: Connection, order: Order) -> Iterator[tuple[str, str]]:
    if order.source_message is not None:
        yield "Zlecił", f"komunikat {order.source_number} {order.source_message}"
        yield "Nadawca komunikatu (EIC)", str(order.source_sender or "CSIRE")
    if order.process_instance is not None:
        yield "Instancja procesu", str(order.process_instance)
    numbers = select(sid_orders.c.number).where(sid_orders.c.order == order.key).order_by(sid_orders.c.key)
    for number in connection.execute(numbers).scalars():
        yield "Numer zlecenia w SID", number
    if source_of(order) is OrderSource.PERSON:
        yield "Zlecił", "operator"
    if order.received_at is not None:
        yield "Otrzymano", on_paper(order.received_at)


def _content(document: ExplainedDocument) -> Iterator[tuple[int, str, str]]:
    for one in document.elements:
        if not one.security:
            means = f" ({one.means.pl or one.means.en})" if one.means.pl or one.means.en else ""
            yield one.depth, one.words.pl or one.name, f"{one.value or ''}{means}"


def _signature(facts: SignatureFacts | None) -> Iterator[tuple[str, str]]:
    if facts is None:
        return
    yield "Algorytm", facts.algorithm
    yield "Skrót podpisanej treści", facts.digest
    if facts.signed_as is not None and facts.issuer is not None:
        yield "Podpisał (certyfikat)", facts.signed_as
        yield "Wystawca certyfikatu", facts.issuer
        yield "Numer seryjny certyfikatu", facts.serial or "-"
        yield "Odcisk SHA-256 certyfikatu", facts.fingerprint or "-"
        yield "Ważność certyfikatu", f"{on_paper(facts.since)} - {on_paper(facts.until)}"
