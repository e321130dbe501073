"""``/partners`` and ``/certificates``: who may send what, with which certificates, and until when these are valid."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import AfterValidator, Field

from csire_bridge.api.http.acts import act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import ForPartners, Reading
from csire_bridge.api.http.fields import EicText, IdempotencyKey, MaybeWhy, Why, Words
from csire_bridge.api.http.pages import Page
from csire_bridge.api.http.problems import missing
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.identifiers import Eic, MessageNumber
from csire_bridge.domain.message.partner_entries import PartnerEntry
from csire_bridge.domain.message.partners import PartnerRole, SecurityProfile
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.store.queries.messages.partner_messages import LOOKED_AT, messages_of
from csire_bridge.store.sql.row_mapper import to_row
from csire_bridge.store.unit_of_work import UnitOfWork
from csire_bridge.worker.partners.entry import enter_by_hand, withdraw_by_hand
from csire_bridge.worker.partners.facts import finding_facts, see_partners
from csire_bridge.worker.partners.roster import FilePartners

__all__ = ["partner_router"]

partner_router = APIRouter(tags=["partners"])
Code = Annotated[EicText, Path(description="EIC code of the partner.", examples=["10XPL-TSO------P"])]
_LOOK = "look it up with GET /api/v1/partners"
Pem = Annotated[str, Field(min_length=1, max_length=100_000, pattern=r"-----BEGIN CERTIFICATE-----")]
_Number = Annotated[str, Field(max_length=20), AfterValidator(lambda text: str(MessageNumber(text)))]


class EnteredPartner(MaybeWhy):
    """What is not given stays as it is. ``certificates`` are PEM texts, which count beside those that are there."""

    role: PartnerRole | None = None
    profile: SecurityProfile | None = None
    numbers: Annotated[list[_Number], Field(max_length=100)] | None = None
    may_send_as_the_hub: Annotated[list[_Number], Field(max_length=100)] | None = None
    user: Annotated[Words, Field(max_length=100)] | None = None
    per_minute: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    at_once: Annotated[int, Field(ge=1, le=100_000)] | None = None
    certificates: Annotated[list[Pem], Field(max_length=20)] = Field(default_factory=list)


class Withdrawn(Why):
    """The certificate, by its SHA-256 or 8 and more of its first digits."""

    fingerprint: Annotated[str, Field(min_length=8, max_length=100, pattern=r"^[0-9A-Fa-f: ]+$")]


@partner_router.get("/partners", response_model=Page[Facts], summary="Every partner with its certificates")
def partners(call: Reading) -> Response:
    """Those of the settings file and of the registry together: roles, limits, certificates with condition and days."""
    with call.reading() as connection:
        items = see_partners(call.needs.installation.settings, connection, call.now).facts()
    return answer(call, {"items": items, "next": None})


@partner_router.get("/partners/{eic}", response_model=Facts, summary="One partner, and what is wrong with it")
def partner(call: Reading, eic: Code) -> Response:
    """`findings` say what to do; `messages` are those among the newest 10,000 of all senders, by state."""
    with call.reading() as connection:
        seen = see_partners(call.needs.installation.settings, connection, call.now)
        counts = messages_of(connection, Eic(eic))
    found = next((one for one in seen.facts() if one["eic"] == eic), None)
    if found is None:
        raise missing(f"partner {eic}", _LOOK)
    findings = [finding_facts(one) for one in seen.findings(Eic(eic))]
    told = {"findings": findings, "looked_at": LOOKED_AT, "messages": dict(counts)}
    return answer(call, {**found, **told}, harmless={"text"})


@partner_router.get("/partners/{eic}/history", response_model=Page[Facts], summary="Its history")
def history(call: Reading, eic: Code) -> Response:
    """Everything that people did to a partner, the oldest first."""
    with call.reading() as connection:
        found = UnitOfWork(connection).partners.history(Eic(eic))
    if not found:
        raise missing(f"partner {eic} that people entered", _LOOK)
    return answer(call, {"items": [to_row(event) for event in found], "next": None})


@partner_router.post("/partners/{eic}", response_model=Facts, summary="Enter a partner, or change it")
def enter(call: ForPartners, eic: Code, body: EnteredPartner, idempotency: IdempotencyKey = None) -> Response:
    """A new one needs a certificate; of a known one, a further certificate is trusted beside the old (roll-over)."""
    file = FilePartners.load(call.needs.installation.settings)

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        pems = [one.encode() for one in body.certificates]
        return {"done": enter_by_hand(tx, file, _entry(Eic(eic), body, doing), pems, doing)}

    return act(call, Act.PARTNER_CHANGE, body, idempotency, lambda _: work)


def _entry(eic: Eic, body: EnteredPartner, doing: OperatorAction) -> PartnerEntry:
    given = body.model_dump(exclude={"why", "certificates", "numbers", "may_send_as_the_hub"})
    numbers, widened = (None if one is None else " ".join(one) for one in (body.numbers, body.may_send_as_the_hub))
    return PartnerEntry(eic, doing.at, doing.by, numbers=numbers, may_send_as_the_hub=widened, **given)


@partner_router.post("/partners/{eic}/withdraw", response_model=Facts, summary="Trust a certificate no more")
def withdraw(call: ForPartners, eic: Code, body: Withdrawn, idempotency: IdempotencyKey = None) -> Response:
    """Even if the settings file names it; and it can't be entered again."""
    file = FilePartners.load(call.needs.installation.settings)

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        return {"withdrawn": withdraw_by_hand(tx, file, Eic(eic), body.fingerprint, doing)}

    return act(call, Act.PARTNER_CERTIFICATE, body, idempotency, lambda _: work)


@partner_router.post("/hub/ping", response_model=Facts, summary="Test the connection to the hub step by step")
def ping(call: ForPartners) -> Response:
    """Name, connection, TLS, certificate, HTTP; no business document is sent."""
    steps = [asdict(step) for step in call.needs.installation.ping()]
    return answer(call, {"ok": all(step["ok"] for step in steps), "steps": steps}, harmless={"text"})


@partner_router.get("/certificates", response_model=Page[Facts], summary="Every certificate that we use or trust")
def certificates(call: Reading) -> Response:
    """Ours and those of the current partners, the one that ends first at the top."""
    found = sorted(call.needs.installation.certificates(), key=lambda one: one.not_after)
    items = [asdict(one) | {"days_left": (one.not_after - call.now).days} for one in found]
    return answer(call, {"items": items, "next": None})
