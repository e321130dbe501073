"""Partners: who may send what, with which certificates; entered, changed and withdrawn with a reason."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Path, Response, UploadFile
from pydantic import AfterValidator

from csire_bridge.console.area import Area, Group, MenuEntry
from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.refusals import Missing
from csire_bridge.console.http.visit import Reading, Visit, acting
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import Eic, MessageNumber
from csire_bridge.domain.message.partner_entries import PartnerEntry
from csire_bridge.domain.message.partners import Partner, PartnerRole, SecurityProfile
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.roles import Permission
from csire_bridge.store.queries.messages.partner_messages import LOOKED_AT, messages_of
from csire_bridge.store.unit_of_work import UnitOfWork
from csire_bridge.worker.partners.entry import enter_by_hand, withdraw_by_hand
from csire_bridge.worker.partners.facts import SeenPartners, see_partners
from csire_bridge.worker.partners.roster import FilePartners

__all__ = ["PARTNERS"]

_router = APIRouter()
_MOST_BYTES = 100_000
_Changing = Annotated[Visit, Depends(acting(Permission.PARTNERS))]
_Code = Annotated[str, Path(max_length=16), AfterValidator(Eic.parse)]
_CodeField = Annotated[str, Form(max_length=16), AfterValidator(Eic.parse)]
_Why = Annotated[str, Form(min_length=1, max_length=500)]
_Numbers = Annotated[str, Form(min_length=1, max_length=500)]
_Count = Annotated[int | None, Form(ge=1, le=10_000_000)]


@_router.get("/partners")
def partners(visit: Reading) -> Response:
    """Every partner with the certificate that counts longest, what is wrong, and the form for a new one."""
    seen = _seen(visit)
    rows = [(eic, partner, seen.roster.places(eic), seen.certificates(eic)) for eic, partner in _sorted(seen)]
    facts = {"rows": rows, "findings": seen.findings(), "roles": _ROLES, "profiles": _PROFILES}
    return page(visit, "partners/partners.html", facts)


@_router.post("/partners")
async def enter_new(
    visit: _Changing,
    eic: _CodeField,
    why: _Why,
    certificate: Annotated[UploadFile, File()],
    role: Annotated[PartnerRole | None, Form()] = None,
    profile: Annotated[SecurityProfile | None, Form()] = None,
) -> Response:
    """Enter a partner, or a further certificate of a known one."""
    return _entered(visit, Eic(eic), why, [await _pem(certificate)], role=role, profile=profile)


@_router.get("/partners/{eic}")
def partner(visit: Reading, eic: _Code) -> Response:
    """One partner: what it may send, its certificates, limits, messages and history."""
    code, seen = Eic(eic), _seen(visit)
    if code not in seen.roster.partners:
        raise Missing(f"partner {eic}")
    with visit.reading() as connection:
        counts, history = messages_of(connection, code), UnitOfWork(connection).partners.history(code)
    facts = {
        "eic": code,
        "partner": seen.roster.partners[code],
        "places": seen.roster.places(code),
        "certificates": seen.certificates(code),
        "findings": seen.findings(code),
        "counts": sorted(counts.items()),
        "looked_at": LOOKED_AT,
        "history": list(reversed(history)),
        "roles": _ROLES,
        "profiles": _PROFILES,
    }
    return page(visit, "partners/partner.html", facts)


@_router.post("/partners/{eic}/change")
def change(
    visit: _Changing,
    eic: _Code,
    why: _Why,
    role: Annotated[PartnerRole | None, Form()] = None,
    profile: Annotated[SecurityProfile | None, Form()] = None,
    per_minute: _Count = None,
    at_once: _Count = None,
) -> Response:
    """Change what is given; the rest stays as it is."""
    given = {"role": role, "profile": profile, "per_minute": per_minute, "at_once": at_once}
    return _entered(visit, Eic(eic), why, [], **given)


@_router.post("/partners/{eic}/numbers")
def narrow(visit: _Changing, eic: _Code, why: _Why, numbers: _Numbers) -> Response:
    """Which messages the hub may send; the right to send in its place is another form."""
    return _entered(visit, Eic(eic), why, [], numbers=_checked(numbers))


@_router.post("/partners/{eic}/as-the-hub")
def widen(
    visit: _Changing,
    eic: _Code,
    why: _Why,
    numbers: Annotated[str, Form(max_length=500)] = "",
    known: Annotated[bool, Form()] = False,
) -> Response:
    """Which messages it may send in the hub's place; none takes the right back. ``known``: what that means was read."""
    widened = _checked(numbers)
    if widened and not known:
        raise ActionRefused("that you know what this right means was not ticked", "read it, then tick it")
    return _entered(visit, Eic(eic), why, [], may_send_as_the_hub=widened)


@_router.post("/partners/{eic}/certificate")
async def add_certificate(
    visit: _Changing, eic: _Code, why: _Why, certificate: Annotated[UploadFile, File()]
) -> Response:
    """Trust a further certificate beside those that are there (roll-over)."""
    return _entered(visit, Eic(eic), why, [await _pem(certificate)])


@_router.post("/partners/{eic}/withdraw")
def withdraw(visit: _Changing, eic: _Code, why: _Why, fingerprint: Annotated[str, Form(max_length=64)]) -> Response:
    """Trust a certificate no more."""
    file = FilePartners.load(visit.api.installation.settings)
    carry_out(visit, why, lambda tx, doing: withdraw_by_hand(tx, file, Eic(eic), fingerprint, doing))
    return redirect(visit, f"/partners/{eic}", "it was done")


@_router.post("/partners/ping")
def ping(visit: _Changing) -> Response:
    """Call the hub step by step; no business document is sent."""
    return page(visit, "partners/ping.html", {"steps": visit.api.installation.ping()})


def _entered(visit: Visit, eic: Eic, why: str, certificates: list[bytes], **given: object) -> Response:
    file = FilePartners.load(visit.api.installation.settings)

    def work(tx: UnitOfWork, doing: OperatorAction) -> list[str]:
        entry = PartnerEntry(eic, doing.at, doing.by, **given)  # type: ignore[arg-type]
        return enter_by_hand(tx, file, entry, list(certificates), doing)

    done = carry_out(visit, why, work)
    return redirect(visit, f"/partners/{eic}", "; ".join(done))


def _checked(numbers: str) -> str:
    """Message numbers as they are kept: with single blanks between them. Raises ActionRefused."""
    try:
        return " ".join(dict.fromkeys(MessageNumber.parse(one) for one in numbers.replace(",", " ").split()))
    except ValueError as error:
        raise ActionRefused(str(error), "give numbers such as 8.1.1.5 8.2.1.6") from error


async def _pem(upload: UploadFile) -> bytes:
    content = await upload.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ActionRefused(f"the file has more than {_MOST_BYTES} bytes", "send a PEM file with the certificate only")
    return content


def _seen(visit: Visit) -> SeenPartners:
    with visit.reading() as connection:
        return see_partners(visit.api.installation.settings, connection, visit.now)


def _sorted(seen: SeenPartners) -> list[tuple[Eic, Partner]]:
    return sorted(seen.roster.partners.items(), key=lambda one: (not one[1].is_the_hub, one[0]))


_ROLES, _PROFILES = list(PartnerRole), list(SecurityProfile)

PARTNERS = Area(_router, (MenuEntry("/partners", "Partners", Permission.READ, order=800, group=Group.ADMINISTRATION),))
