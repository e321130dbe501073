"""One rule of a draft as a form, with its mistakes at their fields and its text as an example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from csire_bridge.config.files.rule_form import DAYS, EMPTY_RULE, week_of
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.refusals import Missing
from csire_bridge.console.http.visit import Reading, Visit
from csire_bridge.console.lists.fields import Key
from csire_bridge.console.pages.rules.drafts import Changing, Drafted, Seeing, Typed, drafted, save
from csire_bridge.console.pages.rules.example import typed_text
from csire_bridge.console.pages.rules.fields import rule_of
from csire_bridge.console.pages.rules.shown import shown
from csire_bridge.console.pages.rules.words import RuleWords
from csire_bridge.domain.order.command_text import TEXT_FIELDS
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind
from csire_bridge.domain.rules.model import Then

__all__ = ["rule_page_router"]

rule_page_router = APIRouter()
_Place = Annotated[int | None, Query(ge=0, le=10_000)]
_KINDS = [one for one in DisconnectionKind if one is not DisconnectionKind.DANGER]
_SOURCES = [one for one in OrderSource if one is not OrderSource.PERSON]


@rule_page_router.get("/rules/example")
def example(visit: Reading, text: Annotated[str, Query(max_length=500)] = "") -> Response:
    """What a text of orders becomes, while it is typed."""
    return page(visit, "rules/example.html", typed_text(text))


@rule_page_router.get("/rules/drafts/{key}/rule")
def rule(visit: Seeing, key: Key, place: _Place = None) -> Response:
    """A rule of the draft by its place; without one, a new rule."""
    one = drafted(visit, key)
    if place is not None and place >= len(one.form.rules):
        raise Missing(f"rule {place + 1} of draft {key}")
    typed_rule = EMPTY_RULE if place is None else one.form.rules[place]
    return page(visit, "rules/rule.html", _facts(visit, one, place, typed_rule))


def _facts(visit: Visit, one: Drafted, place: int | None, rule: Mapping[str, Any]) -> dict[str, Any]:
    words = RuleWords(visit.language)
    scope = rule.get("for")
    drawn = shown(one.rules, visit, words).rules if one.rules is not None else []
    return {
        "one": one,
        "place": place,
        "rule": rule,
        "scope": scope if isinstance(scope, dict) else {},
        "hours": week_of(rule.get("hours")),
        "weekdays": [(day, words.weekday(at)) for at, day in enumerate(DAYS)],
        "problems": one.at("rules", place) if place is not None else [],
        "at": lambda *key: one.at("rules", place, *key) if place is not None else [],
        "drawn": drawn[place] if place is not None and place < len(drawn) else None,
        "text_fields": list(TEXT_FIELDS),
        **typed_text(str(rule.get("text", ""))),
        "kinds": list(OrderKind),
        "disconnection_kinds": _KINDS,
        "sources": _SOURCES,
        "thens": [(then.value, words.then(then)) for then in Then],
    }


@rule_page_router.post("/rules/drafts/{key}/rule")
def change_rule(visit: Changing, key: Key, fields: Typed, place: _Place = None) -> Response:
    """Keep the rule as it was typed, and show it again where something is wrong with it."""
    one = drafted(visit, key)
    if place is not None and place >= len(one.form.rules):
        raise Missing(f"rule {place + 1} of draft {key}")
    form = one.form.with_rule(place, rule_of(fields))
    save(visit, one.draft, fields.get("version", ""), form)
    at = len(form.rules) - 1 if place is None else place
    wrong = drafted(visit, key).at("rules", at)
    stays = wrong or fields.get("then_do") == "stay"
    return redirect(visit, f"/rules/drafts/{key}/rule?place={at}" if stays else f"/rules/drafts/{key}")


@rule_page_router.post("/rules/drafts/{key}/rule/delete")
def delete_rule(visit: Changing, key: Key, fields: Typed, place: _Place = None) -> Response:
    """Take the rule out of the draft."""
    one = drafted(visit, key)
    if place is None or place >= len(one.form.rules):
        raise Missing(f"this rule of draft {key}")
    save(visit, one.draft, fields.get("version", ""), one.form.without_rule(place))
    return redirect(visit, f"/rules/drafts/{key}")
