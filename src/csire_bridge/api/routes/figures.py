"""``/partners``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Reading
from csire_bridge.api.http.fields import EicText
from csire_bridge.api.http.pages import Page
from csire_bridge.api.http.problems import missing
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.domain.identifiers import Eic
from csire_bridge.store.sql.row_mapper import to_row
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["figure_router"]

figure_router = APIRouter()


@figure_router.get("/partners", response_model=Page[Facts], tags=["partners"], summary="Partners that people entered")
def partners(call: Reading) -> Response:
    """Each with its certificates, withdrawn ones too; those of the settings file are not here."""
    with call.reading() as connection:
        registry = UnitOfWork(connection).partners
        entries, certificates = registry.partners(), registry.certificates()
    items = [
        to_row(entry)
        | {
            "certificates": [
                {name: value for name, value in to_row(one).items() if not isinstance(value, bytes)}
                for one in certificates
                if one.partner == entry.eic
            ]
        }
        for entry in entries
    ]
    return answer(call, {"items": items, "next": None})


@figure_router.get("/partners/{eic}/history", response_model=Page[Facts], tags=["partners"], summary="Its history")
def partner_history(call: Reading, eic: Annotated[EicText, Path(examples=["10XPL-TSO------P"])]) -> Response:
    """Everything that was done to a partner, the oldest first."""
    with call.reading() as connection:
        found = UnitOfWork(connection).partners.history(Eic(eic))
    if not found:
        raise missing(f"partner {eic} that people entered", "look it up with GET /api/v1/partners")
    return answer(call, {"items": [to_row(event) for event in found], "next": None})
