"""``/rules``: rule sets and what differs between them; drafts; what other rules would do; the law's bans."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from csire_bridge.api.http.acts import act
from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import Call, Reading, Ruling
from csire_bridge.api.http.fields import IdempotencyKey, Key, MomentText, Short, Strict, Why
from csire_bridge.api.http.pages import Page
from csire_bridge.api.http.problems import ApiProblem, missing
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.config.files.marked_yaml import FileProblem
from csire_bridge.config.files.rule_files import DEFAULT_TEXT, LONGEST_FILE, read_rules
from csire_bridge.config.files.rule_form import judged
from csire_bridge.domain.law.model import Ban
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.rules.decide import Rules
from csire_bridge.domain.rules.difference import Change, differences
from csire_bridge.domain.rules.model import RuleDraft, RuleSetVersion
from csire_bridge.domain.rules.preview import Moved, PastResult
from csire_bridge.domain.rules.timeline import Planned, in_force
from csire_bridge.domain.rules.words import value_words
from csire_bridge.pipeline.execute.gates.rule_cache import timeline_of
from csire_bridge.pipeline.operator import rule_actions
from csire_bridge.store.queries.rule_preview import Preview, Question, preview
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["rule_router"]

rule_router = APIRouter(tags=["rules"])
_Text = Annotated[str, Field(max_length=LONGEST_FILE, examples=[DEFAULT_TEXT])]


class Judged(Strict):
    """A rule file, and from when its rules would hold (without it: now)."""

    text: _Text
    valid_from: MomentText | None = None


class Previewed(Judged):
    """``days`` of executed orders are looked at; ``most`` orders that would move are listed."""

    days: Annotated[int, Field(ge=1, le=366)] = 92
    most: Annotated[int, Field(ge=1, le=1000)] = 100


class Activated(Why):
    """A rule file and from when it holds (without it: now). ``draft`` is deleted when its rules are entered."""

    text: _Text
    valid_from: MomentText | None = None
    draft: int | None = None


class NewDraft(Strict):
    """Rules that hold nowhere yet. ``based_on`` is the rule set from which somebody began."""

    title: Short
    text: _Text
    based_on: int | None = None


class ChangedDraft(Strict):
    """``version`` is that of the draft as it was read."""

    title: Short
    text: _Text
    version: int


@rule_router.get("/rules", response_model=Page[Facts], summary="Every rule set that was entered")
def rules(call: Reading) -> Response:
    """From when each holds, who entered it and why; ``in_force`` is true for the one that holds now."""
    with call.reading() as connection:
        versions = UnitOfWork(connection).rule_sets.versions()
    now_holds = in_force(versions, call.now)
    items = [_version(one, holds=one == now_holds) for one in versions]
    return answer(call, {"items": items, "next": None})


@rule_router.post("/rules", response_model=Facts, status_code=HTTPStatus.CREATED, summary="Put rules in force")
def activate(call: Ruling, body: Activated, idempotency: IdempotencyKey = None) -> Response:
    """They hold from a moment on, until others do. Wrong or contradictory ones are refused, with every reason."""
    since = body.valid_from or call.now
    _refuse_wrong(call, body.text, since)

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        policy = call.needs.policy.deadlines
        key = rule_actions.activate_rules(tx, body.text, since, policy, doing, draft=body.draft)
        return {"key": key, "valid_from": since, "entered_by": doing.by}

    return act(call, Act.RULES_ACTIVATE, body, idempotency, lambda _: work, status=HTTPStatus.CREATED)


@rule_router.post("/rules/check", response_model=Facts, summary="What is wrong with rules")
def check(call: Reading, body: Judged) -> Response:
    """Each problem with its line and key, such as `rules.0.hours`. Nothing is kept."""
    found, problems = judged(body.text, call.needs.policy.deadlines, body.valid_from or call.now)
    return answer(call, {"right": found is not None, "problems": [_problem(one) for one in problems]})


@rule_router.post("/rules/preview", response_model=Facts, summary="What other rules would do")
def previewed(call: Ruling, body: Previewed) -> Response:
    """To the orders that wait (at most 20,000), and what they would have made of the executed ones. Nothing is kept."""
    since = body.valid_from or call.now
    rule_set = _refuse_wrong(call, body.text, since)
    policy = call.needs.policy
    with call.reading() as connection:
        timeline = timeline_of(UnitOfWork(connection).rule_sets.versions())
        asked = Question(
            rule_set, since, timeline, call.now, policy.deadlines, policy.law, days=body.days, listed=body.most
        )
        found = preview(connection, asked)
    reads = (Act.ORDER_READ, "preview of rules") if found.moved else None
    return answer(call, _preview(found), reads)


@rule_router.get("/rules/law", response_model=Page[Facts], summary="What the law forbids")
def bans(call: Reading) -> Response:
    """The bans of the law file: which orders, at which households, on which days, and where that is written."""
    found = [_ban(call, ban) for ban in call.needs.policy.law.book.of(Ban)]
    return answer(call, {"items": found, "next": None})


@rule_router.get("/rules/drafts", response_model=Page[Facts], summary="Drafts of rules")
def drafts(call: Reading) -> Response:
    """The newest first; what is wrong with them stands at each."""
    with call.reading() as connection:
        found = UnitOfWork(connection).rule_sets.drafts()
    return answer(call, {"items": [_draft(call, one) for one in found], "next": None})


@rule_router.post("/rules/drafts", response_model=Facts, status_code=HTTPStatus.CREATED, summary="A new draft")
def new_draft(call: Ruling, body: NewDraft, idempotency: IdempotencyKey = None) -> Response:
    """It may be wrong; it holds nowhere."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        if body.based_on is not None and body.based_on not in {one.key for one in tx.rule_sets.versions()}:
            raise missing(f"rule set {body.based_on}", "look it up with GET /api/v1/rules")
        key = rule_actions.new_draft(tx, body.title, body.text, body.based_on, doing)
        return _draft(call, tx.rule_sets.draft(key))

    return act(call, Act.RULES_DRAFT, body, idempotency, lambda _: work, status=HTTPStatus.CREATED)


@rule_router.get("/rules/drafts/{key}", response_model=Facts, summary="A draft")
def draft(call: Reading, key: Key) -> Response:
    """With its text, its version, and what is wrong with it."""
    with call.reading() as connection:
        return answer(call, _draft(call, UnitOfWork(connection).rule_sets.draft(key)))


@rule_router.post("/rules/drafts/{key}", response_model=Facts, summary="Change a draft")
def change_draft(call: Ruling, key: Key, body: ChangedDraft, idempotency: IdempotencyKey = None) -> Response:
    """If somebody else changed it meanwhile, nothing is done (409)."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        rule_actions.change_draft(tx, key, body.version, body.title, body.text, doing)
        return _draft(call, tx.rule_sets.draft(key))

    return act(call, Act.RULES_DRAFT, body, idempotency, lambda _: work)


@rule_router.post("/rules/drafts/{key}/delete", response_model=Facts, summary="Throw a draft away")
def delete_draft(call: Ruling, key: Key, body: Strict, idempotency: IdempotencyKey = None) -> Response:
    """The audit keeps what it was."""

    def work(tx: UnitOfWork, doing: OperatorAction) -> dict[str, Any]:
        rule_actions.delete_draft(tx, key, doing)
        return {"key": key}

    return act(call, Act.RULES_DRAFT, body, idempotency, lambda _: work)


@rule_router.get("/rules/{key}", response_model=Facts, summary="A rule set")
def rule_set(call: Reading, key: Key) -> Response:
    """As it was entered."""
    with call.reading() as connection:
        versions = UnitOfWork(connection).rule_sets.versions()
    found = _found(versions, key)
    return answer(call, _version(found, holds=found == in_force(versions, call.now)))


@rule_router.get("/rules/{key}/changes", response_model=Page[Facts], summary="What a rule set changed")
def changes(
    call: Reading,
    key: Key,
    since: Annotated[
        int | None, Query(ge=1, le=2**53 - 1, description="A rule set; without it, the one before")
    ] = None,
) -> Response:
    """Part by part, with what held before and what holds after; the first rule set is compared with no rules."""
    with call.reading() as connection:
        versions = UnitOfWork(connection).rule_sets.versions()
    found = _found(versions, key)
    earlier = [one for one in versions if one.key < key]
    other = _found(versions, since) if since is not None else earlier[-1] if earlier else None
    before = read_rules(other.text if other else DEFAULT_TEXT, "the rules before")
    told = differences(before, read_rules(found.text, "the rules"))
    return answer(call, {"items": [_change(one) for one in told], "next": None})


def _found(versions: list[RuleSetVersion], key: int) -> RuleSetVersion:
    found = next((one for one in versions if one.key == key), None)
    if found is None:
        raise missing(f"rule set {key}", "look it up with GET /api/v1/rules")
    return found


def _refuse_wrong(call: Call, text: str, since: datetime) -> Rules:
    found, problems = judged(text, call.needs.policy.deadlines, since)
    if found is None:
        told = "; ".join(f"line {one.line}, {one.key or '(top)'}: {one.text}" for one in problems)
        remedy = "correct them (docs/configurator.md describes every key); POST /api/v1/rules/check lists them"
        raise ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-rules", told, remedy)
    return Rules(found)


def _version(one: RuleSetVersion, *, holds: bool) -> dict[str, Any]:
    return {
        "key": one.key,
        "valid_from": one.valid_from,
        "entered_at": one.entered_at,
        "entered_by": one.entered_by,
        "why": one.why,
        "text": one.text,
        "in_force": holds,
    }


def _draft(call: Call, one: RuleDraft) -> dict[str, Any]:
    _, problems = judged(one.text, call.needs.policy.deadlines, call.now)
    return {
        "key": one.key,
        "title": one.title,
        "based_on": one.based_on,
        "changed_at": one.changed_at,
        "changed_by": one.changed_by,
        "version": one.version,
        "text": one.text,
        "problems": [_problem(problem) for problem in problems],
    }


def _problem(one: FileProblem) -> dict[str, Any]:
    return {"line": one.line, "key": one.key, "text": one.text}


def _change(one: Change) -> dict[str, Any]:
    return {
        "rule": str(one.scope) if one.scope else None,
        "part": one.part,
        "before": value_words(one.before),
        "after": value_words(one.after),
    }


def _ban(call: Call, ban: Ban) -> dict[str, Any]:
    days = ban.days
    return {
        "rule": ban.version,
        "source": str(ban.source),
        "holds_from": ban.first,
        "holds_until": ban.last,
        "en": ban.en,
        "pl": ban.pl,
        "orders": sorted(ban.orders),
        "households": sorted(ban.whom),
        "where_unknown": ban.where_unknown,
        "always": days.always,
        "dates": [value_words((one,)) for one in days.dates],
        "weekdays": [day.name.lower() for day in sorted(days.weekdays)],
        "public_holidays": days.public_holidays,
        "days_before": days.days_before,
        "applied": ban.name not in call.needs.policy.law.loosened,
    }


def _preview(found: Preview) -> dict[str, Any]:
    return {
        "waiting": found.waiting,
        "all_waiting": found.all_waiting,
        "before": found.before,
        "after": found.after,
        "changed": found.changed,
        "past_deadline": found.late,
        "moved": [_moved(one) for one in found.moved],
        "past": [_past(one) for one in found.past],
        "past_step": found.past_step,
    }


def _moved(one: Moved) -> dict[str, Any]:
    return {
        "order": one.order.key,
        "kind": one.order.kind,
        "metering_point": one.order.metering_point,
        "before": _planned(one.before),
        "after": _planned(one.after),
        "past_deadline": one.late,
    }


def _planned(one: Planned) -> dict[str, Any]:
    return {"at": one.at, "what": one.name}


def _past(one: PastResult) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "before": one.before,
        "after": one.after,
        "not_sent": one.not_sent,
        "late_before": one.late_before,
        "late_after": one.late_after,
    }
