"""The acknowledgement of an order as a readable document in Polish, for the file of a complaint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.order.order import (
    DisconnectionKind,
    Order,
    OrderKind,
    OrderState,
    Outcome,
    ReconnectionReason,
)
from csire_bridge.pdf.moments import on_paper
from csire_bridge.pdf.sheet import Column, Sheet

__all__ = ["Acknowledgement", "acknowledgement_pdf"]

_KINDS = {
    OrderKind.DISCONNECT: "wyłączenie (wstrzymanie dostarczania energii)",
    OrderKind.RECONNECT: "załączenie (wznowienie dostarczania energii)",
    OrderKind.AGREEMENT_START: "zawarcie umowy",
    OrderKind.AGREEMENT_END: "zakończenie umowy",
    OrderKind.PARAMETRISATION: "parametryzacja licznika",
}
_REASONS: dict[str, str] = {
    DisconnectionKind.DEBT: "zaległość w płatnościach",
    DisconnectionKind.SHUT_DOWN: "wyłączenie na stałe",
    DisconnectionKind.PREPAID: "wyczerpana przedpłata",
    DisconnectionKind.DANGER: "zagrożenie życia, zdrowia lub środowiska",
    ReconnectionReason.WRONG_REQUEST: "błędne żądanie wyłączenia",
    ReconnectionReason.REASON_GONE: "przyczyna wyłączenia ustała",
    ReconnectionReason.COMPLAINT: "reklamacja odbiorcy",
    ReconnectionReason.PREPAID_TOPPED_UP: "doładowanie przedpłaty",
    ReconnectionReason.CUSTOMER_REQUEST: "wniosek odbiorcy",
    ReconnectionReason.CHANGE_OF_SUPPLIER_OR_USER: "zmiana sprzedawcy lub odbiorcy",
    ReconnectionReason.DANGER_GONE: "zagrożenie ustało",
}
_STATES = {
    OrderState.DONE: "wykonane",
    OrderState.REJECTED: "niewykonane: nie można było wykonać",
    OrderState.SUPERSEDED: "niewykonane: zastąpione nowszym zleceniem",
    OrderState.WITHDRAWN: "niewykonane: wycofane",
}
_OUTCOMES = {
    Outcome.DISCONNECTED: "dostarczanie energii wstrzymane, potwierdzone odczytem stycznika",
    Outcome.CONNECTED: "dostarczanie energii wznowione, potwierdzone odczytem stycznika",
    Outcome.ARMED: "licznik gotowy do załączenia; odbiorca załącza energię przyciskiem na liczniku",
    Outcome.NOT_SWITCHED: "stycznik nie został przełączony",
    Outcome.UNKNOWN: "stan stycznika nieznany",
}
_DELIVERY = {
    "pending": "podpisane, jeszcze niedoręczone",
    "delivered": "doręczone, bez rezultatu CSIRE",
    "confirmed": "doręczone, przyjęte przez CSIRE",
    "contested": "doręczone, zakwestionowane przez CSIRE",
    "parked": "niedoręczone, czeka na decyzję operatora",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The facts of one answer to an order. Moments are UTC.

    ``asked_by`` are (name, value) of who asked: message and sender, SID's number, or the operator. ``content`` are
    (depth, name, value) of the signed document, element by element; ``signature`` are (name, value) of its signature.
    """

    order: Order
    asked_by: Sequence[tuple[str, str]]
    number: str
    message_id: str
    created_at: datetime
    sha256: str
    size: int
    state: str
    delivered_at: datetime | None
    result: str | None
    content: Sequence[tuple[int, str, str]]
    signature: Sequence[tuple[str, str]]


def acknowledgement_pdf(of: Acknowledgement) -> bytes:
    """The document as PDF; the same facts make the same bytes."""
    foot = f"Zlecenie {of.order.key}, komunikat {of.number}, SHA-256 {of.sha256[:16]}..."
    sheet = Sheet("Potwierdzenie realizacji zlecenia", at=of.created_at, foot=foot)
    sheet.heading("Zlecenie")
    sheet.facts([*_order(of.order), *of.asked_by])
    sheet.heading("Co zrobiono")
    sheet.facts(list(_outcome(of.order)))
    sheet.heading("Komunikat do CSIRE")
    sheet.facts(list(_document(of)))
    sheet.heading("Treść podpisanego komunikatu")
    rows = [(f"{'   ' * depth}{name}", value) for depth, name, value in of.content]
    sheet.table((Column("Pole", 1.1), Column("Wartość", 1.4)), rows)
    sheet.heading("Podpis elektroniczny")
    sheet.facts(list(of.signature) or [("Podpis", "komunikat nie ma podpisu")])
    sheet.small(
        "Ten wydruk powstał z podpisanego komunikatu, który przechowuje operator. Dowodem jest plik XML o podanym "
        "skrócie SHA-256; godziny podano według czasu polskiego z przesunięciem względem UTC."
    )
    return sheet.done()


def _order(order: Order) -> Iterator[tuple[str, str]]:
    yield "Numer zlecenia", str(order.key)
    yield "Czynność", _KINDS[order.kind]
    reason = order.disconnection_kind or order.reconnection_reason
    if reason is not None:
        yield "Powód", _REASONS[reason]
    yield "Kod punktu poboru (PPE)", str(order.metering_point)
    if order.supplier is not None:
        yield "Sprzedawca (EIC)", str(order.supplier)
    yield "Zarejestrowano", on_paper(order.registered_at)


def _outcome(order: Order) -> Iterator[tuple[str, str]]:
    yield "Wynik", _STATES.get(order.state, "w realizacji")
    if order.outcome is not None:
        yield "Stan punktu", _OUTCOMES[order.outcome]
    if order.executed_at is not None:
        yield "Czas realizacji", on_paper(order.executed_at)
        yield "Stan sprawdzono w liczniku", on_paper(order.verified_at)
    if order.meter is not None:
        yield "Numer licznika", str(order.meter)
    if order.state in _STATES and order.state is not OrderState.DONE and order.detail:
        yield "Wyjaśnienie", order.detail


def _document(of: Acknowledgement) -> Iterator[tuple[str, str]]:
    yield "Numer komunikatu", of.number
    yield "Identyfikator komunikatu", of.message_id
    yield "Podpisano", on_paper(of.created_at)
    yield "Stan", _DELIVERY.get(of.state, of.state)
    yield "Doręczono", on_paper(of.delivered_at)
    if of.result is not None:
        yield "Rezultat CSIRE (R_1)", of.result
    yield "Skrót SHA-256 pliku XML", of.sha256
    yield "Wielkość pliku XML", f"{of.size} bajtów"
