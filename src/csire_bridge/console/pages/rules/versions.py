"""The rules that hold, every rule set that was entered, what each changed, and what the law forbids."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from csire_bridge.console.area import Area, Group, MenuEntry
from csire_bridge.console.http.answers import download, page
from csire_bridge.console.http.refusals import Missing
from csire_bridge.console.http.visit import Reading
from csire_bridge.console.lists.fields import Key
from csire_bridge.console.pages.rules.drafts import draft_router
from csire_bridge.console.pages.rules.rule_page import rule_page_router
from csire_bridge.console.pages.rules.shown import changes_between, holding, rule_set_of, shown, versions_of
from csire_bridge.console.pages.rules.words import RuleWords
from csire_bridge.domain.law.model import Ban
from csire_bridge.domain.people.roles import Permission
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["RULES"]

_router = APIRouter()
_router.include_router(draft_router)
_router.include_router(rule_page_router)
_Other = Annotated[int | None, Query(ge=1, le=2**53 - 1)]


@_router.get("/rules")
def rules(visit: Reading) -> Response:
    """What holds now, drafts, history, and the law."""
    words, versions = RuleWords(visit.language), versions_of(visit)
    holds = holding(visit, versions)
    with visit.reading() as connection:
        drafts = UnitOfWork(connection).rule_sets.drafts()
    facts = {
        "holds": holds,
        "shown": shown(rule_set_of(holds), visit, words),
        "versions": list(reversed(versions)),
        "drafts": drafts,
        "may_change": visit.may(Permission.RULES),
        "bans": [(ban, words.ban(ban), words.source(ban)) for ban in visit.api.policy.law.book.of(Ban)],
        "loosened": visit.api.policy.law.loosened,
    }
    return page(visit, "rules/rules.html", facts)


@_router.get("/rules/{key}")
def rule_set(visit: Reading, key: Key, since: _Other = None) -> Response:
    """A rule set, and what it changed since the one before, or since another."""
    words, versions = RuleWords(visit.language), versions_of(visit)
    found = _found(versions, key)
    earlier = [one for one in versions if one.key < key]
    other = _found(versions, since) if since is not None else earlier[-1] if earlier else None
    facts = {
        "version": found,
        "other": other,
        "versions": versions,
        "holds": found == holding(visit, versions),
        "shown": shown(rule_set_of(found), visit, words),
        "changes": changes_between(rule_set_of(other), rule_set_of(found), words),
        "may_change": visit.may(Permission.RULES),
    }
    return page(visit, "rules/version.html", facts)


@_router.get("/rules/{key}/file")
def as_file(visit: Reading, key: Key) -> Response:
    """The file as it was entered."""
    found = _found(versions_of(visit), key)
    return download(found.text.encode(), f"rules-{key}.yaml", "application/yaml")


def _found(versions: list[RuleSetVersion], key: int) -> RuleSetVersion:
    found = next((one for one in versions if one.key == key), None)
    if found is None:
        raise Missing(f"rule set {key}")
    return found


RULES = Area(_router, (MenuEntry("/rules", "Rules", Permission.READ, order=50, key="r", group=Group.RULES),))
