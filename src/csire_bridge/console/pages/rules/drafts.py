"""Drafts: rules that are changed in forms, judged by the one parser, previewed, and then put in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Response

from csire_bridge.config.files.marked_yaml import FileProblem, FileRefused
from csire_bridge.config.files.rule_files import DEFAULT_TEXT
from csire_bridge.config.files.rule_form import DAYS, RuleForm, judged, week_of
from csire_bridge.console.http.acts import carry_out
from csire_bridge.console.http.answers import page, redirect
from csire_bridge.console.http.visit import Visit, acting, visiting
from csire_bridge.console.lists.fields import Key
from csire_bridge.console.pages.rules.fields import days_of, moment_of, typed
from csire_bridge.console.pages.rules.shown import changes_between, holding, rule_set_of, shown, versions_of
from csire_bridge.console.pages.rules.words import RuleWords
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.roles import Permission
from csire_bridge.domain.rules.decide import Rules
from csire_bridge.domain.rules.model import RuleDraft, RuleSet
from csire_bridge.domain.rules.preview import PlannedFate
from csire_bridge.pipeline.execute.gates.rule_cache import timeline_of
from csire_bridge.pipeline.operator import rule_actions
from csire_bridge.store.queries.rule_preview import Preview, Question, preview
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["Changing", "Drafted", "Seeing", "Typed", "draft_router", "drafted", "save"]

draft_router = APIRouter()
Seeing = Annotated[Visit, Depends(visiting(Permission.RULES))]
Changing = Annotated[Visit, Depends(acting(Permission.RULES))]
Typed = Annotated[Mapping[str, str], Depends(typed)]
_Moment = Annotated[str, Form(max_length=40)]
_Why = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft with what the parser says of it. ``form`` has what was typed; ``rules`` is None while it is wrong."""

    draft: RuleDraft
    form: RuleForm
    rules: RuleSet | None
    problems: Sequence[FileProblem]

    def at(self, *key: object) -> list[str]:
        """What is wrong at a key, or below it."""
        name = ".".join(map(str, key))
        return [one.text for one in self.problems if one.key == name or one.key.startswith(f"{name}.")]


def drafted(visit: Visit, key: int, since: datetime | None = None) -> Drafted:
    """A draft, judged for ``since`` (UTC; None: now). Raises ActionRefused where there is none."""
    with visit.reading() as connection:
        draft = UnitOfWork(connection).rule_sets.draft(key)
    rules, problems = judged(draft.text, visit.api.policy.deadlines, since or visit.now)
    try:
        form = RuleForm.of(draft.text)
    except FileRefused:
        form = RuleForm({})
    return Drafted(draft, form, rules, problems)


def save(visit: Visit, known: RuleDraft, version: str, form: RuleForm) -> None:
    """Keep what was typed. Raises StaleWrite if somebody else changed the draft since ``version`` was shown."""
    seen = int(version) if version.isdigit() else known.version
    carry_out(
        visit,
        None,
        lambda tx, act: rule_actions.change_draft(tx, known.key, seen, known.title, form.text(), act),
    )


@draft_router.post("/rules/drafts")
def begin(
    visit: Changing,
    title: Annotated[str, Form(max_length=100)] = "",
    based_on: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """A new draft that begins with the rules of a set, or with none."""
    versions = versions_of(visit)
    base = next((one for one in versions if str(one.key) == based_on), None)
    named = title.strip() or f"{visit.now:%Y-%m-%d}"
    text = base.text if base else DEFAULT_TEXT
    key = carry_out(
        visit, None, lambda tx, act: rule_actions.new_draft(tx, named, text, base.key if base else None, act)
    )
    return redirect(visit, f"/rules/drafts/{key}")


@draft_router.get("/rules/drafts/{key}")
def draft(visit: Seeing, key: Key) -> Response:
    """The draft: what is wrong with it, its rules, and what it changes."""
    words, one = RuleWords(visit.language), drafted(visit, key)
    holds = holding(visit, versions_of(visit))
    facts: dict[str, Any] = {
        "one": one,
        "shown": shown(one.rules, visit, words) if one.rules else None,
        "changes": changes_between(rule_set_of(holds), one.rules, words) if one.rules else [],
        "holds": holds,
        "places": [(place, _title(rule)) for place, rule in enumerate(one.form.rules)],
        "days": _days(one.form),
        "weekdays": [(day, words.weekday(at)) for at, day in enumerate(DAYS)],
    }
    return page(visit, "rules/draft.html", facts)


def _title(rule: Mapping[str, Any]) -> str:
    scope = rule.get("for")
    return ", ".join(map(str, scope.values())) if isinstance(scope, dict) else str(scope)


def _days(form: RuleForm) -> dict[str, Any]:
    """Days off and the pause as they were typed."""
    pause = form.plain.get("no_disconnection")
    pause = pause if isinstance(pause, dict) else {}
    return {
        "weekend": form.plain.get("weekend", ["saturday", "sunday"]),
        "extra_days_off": _listed(form.plain.get("extra_days_off")),
        "hours": week_of(pause.get("hours")),
        "dates": _listed(pause.get("dates")),
        "days_off": pause.get("days_off") == "yes",
        "days_before_days_off": pause.get("days_before_days_off", "0"),
    }


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")


@draft_router.post("/rules/drafts/{key}/days")
def change_days(visit: Changing, key: Key, fields: Typed) -> Response:
    """Other days off, and another pause."""
    one = drafted(visit, key)
    save(visit, one.draft, fields.get("version", ""), one.form.with_days(days_of(fields)))
    return redirect(visit, f"/rules/drafts/{key}#days")


@draft_router.get("/rules/drafts/{key}/preview")
def show_preview(visit: Seeing, key: Key, since: str = "") -> Response:
    """What the draft would do to the orders that wait, and would have done to those of the last three months."""
    words, problem = RuleWords(visit.language), None
    try:
        moment = max(moment_of(since, visit.now), visit.now)
    except ValueError as error:
        moment, problem = visit.now, str(error)
    one = drafted(visit, key, moment)
    found = _previewed(visit, one.rules, moment) if one.rules else None
    facts = {
        "one": one,
        "since": since,
        "moment": moment,
        "problem": problem,
        "found": found,
        "fates": list(PlannedFate),
        "moved": [(move, words.planned(move.before), words.planned(move.after)) for move in found.moved]
        if found
        else [],
        "words": words,
    }
    reads = (Act.ORDER_READ, f"preview of draft {key} of rules") if found and found.moved else None
    return page(visit, "rules/preview.html", facts, reads=reads)


def _previewed(visit: Visit, rules: RuleSet, moment: datetime) -> Preview:
    policy = visit.api.policy
    with visit.reading() as connection:
        timeline = timeline_of(UnitOfWork(connection).rule_sets.versions())
        asked = Question(Rules(rules), moment, timeline, visit.now, policy.deadlines, policy.law)
        return preview(connection, asked)


@draft_router.post("/rules/drafts/{key}/activate")
def activate(
    visit: Changing, key: Key, since: _Moment = "", why: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Put the draft's rules in force from a moment on; the draft is gone then."""
    if not why.strip():
        raise ActionRefused("a reason is missing", "say why these rules are put in force; the history keeps it")
    try:
        moment = moment_of(since, visit.now)
    except ValueError as error:
        raise ActionRefused(f"{since!r} is no moment", "write it as 2026-11-30T00:00, by the Polish clock") from error
    one = drafted(visit, key, moment)
    if one.problems:
        told = "; ".join(f"{problem.key}: {problem.text}" for problem in one.problems)
        raise ActionRefused(f"the draft is wrong: {told}", "correct it first; the draft's page leads to each mistake")
    text, policy = one.draft.text, visit.api.policy.deadlines
    new = carry_out(
        visit,
        why,
        lambda tx, act: rule_actions.activate_rules(tx, text, moment, policy, act, draft=key),
    )
    return redirect(visit, f"/rules/{new}", f"entered: rule set {new}")


@draft_router.post("/rules/drafts/{key}/delete")
def delete(visit: Changing, key: Key) -> Response:
    """Throw the draft away."""
    carry_out(visit, None, lambda tx, act: rule_actions.delete_draft(tx, key, act))
    return redirect(visit, "/rules", f"draft {key} was thrown away")
