"""The configurator as pages: a draft is made, corrected, looked at and put in force; who may not is told who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from csire_bridge.domain.order.order import DisconnectionKind
from csire_bridge.domain.people.roles import Role
from csire_bridge.domain.rules.model import RuleDraft, RuleSetVersion
from csire_bridge.store.unit_of_work import UnitOfWork
from tests.support.console import Console, Page, Visitor
from tests.support.store import NOW, add_order

MORNING = {"kind": "disconnect", "on_days_off": "yes", "then": "field-work", "text": "Punkt {metering_point}"}
HOURS = {f"hours_{day}": "08:00-15:00" for day in ("monday", "tuesday", "wednesday", "thursday")}
FORMS = "/rules"
TEXT = "rules:\n- for: {kind: disconnect}\n  hours: {every-day: 22:00-24:00}\n"


def new_draft(visitor: Visitor, **fields: str) -> str:
    begun = visitor.send("/rules/drafts", {"title": "winter", "based_on": "", **fields}, FORMS)
    assert begun.status == 303
    return begun.leads_to


def keep_rule(visitor: Visitor, draft: str, place: int | None = None, **fields: str) -> Page:
    path = f"{draft}/rule" + (f"?place={place}" if place is not None else "")
    return visitor.send(path, {**MORNING, **HOURS, **fields}, FORMS)


def stored(console: Console) -> tuple[list[RuleSetVersion], list[RuleDraft]]:
    with console.database.reading() as connection:
        tx = UnitOfWork(connection)
        return tx.rule_sets.versions(), tx.rule_sets.drafts()


@pytest.mark.every_database
def test_a_draft_is_made_of_forms_and_put_in_force_with_a_reason(console: Console) -> None:
    visitor = console.visitor(Role.SUPERVISOR, "anna")
    draft = new_draft(visitor)
    assert keep_rule(visitor, draft).leads_to == draft
    page = visitor.get(draft)
    assert "Monday – Thursday 08:00-15:00" in page.text
    assert "a crew goes there" in page.text
    assert "Punkt 590243856287817706" in page.text
    assert "From no rules, which hold now For What Before After disconnect The whole rule" in page.text
    refused = visitor.send(f"{draft}/activate", {"since": "", "why": " "}, FORMS)
    assert (refused.status, "a reason is missing" in refused.text) == (409, True)
    done = visitor.send(f"{draft}/activate", {"since": "2026-11-30T00:00", "why": "complaints"}, FORMS)
    assert done.leads_to == "/rules/1"
    (version,), drafts = stored(console)
    assert (version.entered_by, version.why, drafts) == ("anna", "complaints", [])
    assert version.valid_from.isoformat() == "2026-11-29T23:00:00+00:00"
    assert "will hold" in visitor.get("/rules").text
    assert "complaints" in visitor.get("/rules/1").text


def test_a_mistake_is_shown_at_its_field_and_what_was_typed_stays(console: Console) -> None:
    visitor = console.visitor()
    draft = new_draft(visitor)
    kept = keep_rule(visitor, draft, hours_monday="8-15", try_days="0", text="{metre}")
    assert kept.leads_to == f"{draft}/rule?place=0"
    page = visitor.get(kept.leads_to)
    assert 'value="8-15"' in page.html
    assert "'8-15' are no hours such as 08:00-15:00" in page.text
    assert "unknown field {metre}" in page.text
    whole = visitor.get(draft)
    assert "3 things are wrong" in whole.text
    assert "Put in force" not in whole.text
    refused = visitor.send(f"{draft}/activate", {"why": "now"}, FORMS)
    assert (refused.status, "unknown field {metre}" in refused.text) == (409, True)
    assert stored(console)[0] == []
    assert keep_rule(visitor, draft, 0, text="{meter}").leads_to == draft
    assert visitor.send(f"{draft}/rule/delete?place=0", {}, FORMS).leads_to == draft
    assert "Nothing differs" in visitor.get(draft).text


def test_days_off_and_the_pause_are_a_form_too(console: Console) -> None:
    visitor = console.visitor()
    draft = new_draft(visitor)
    days = {"weekend": ["saturday", "sunday"], "extra_days_off": "2026-12-31", "dates": "12-24..12-26"}
    hours = {f"hours_{day}": "22:00-06:00" for day in ("friday", "saturday")}
    assert visitor.send(f"{draft}/days", {**days, **hours, "days_off": "yes"}, FORMS).leads_to == f"{draft}#days"
    page = visitor.get(draft)
    assert "Saturday, Sunday, public holidays, 31.12.2026" in page.text
    assert "Friday – Saturday 22:00-06:00; 24.12 – 26.12 of every year; on days off" in page.text
    visitor.send(f"{draft}/days", {"weekend": "sunday", "extra_days_off": "tomorrow"}, FORMS)
    assert "&#39;tomorrow&#39; is no date" in visitor.get(draft).html


def test_the_preview_tells_what_becomes_of_waiting_orders_and_changes_nothing(console: Console) -> None:
    facts: dict[str, Any] = {"process_instance": None, "disconnection_kind": DisconnectionKind.SHUT_DOWN}
    add_order(console.database, **facts)
    visitor = console.visitor()
    draft = new_draft(visitor)
    keep_rule(visitor, draft, hours_monday="22:00-23:00", hours_tuesday="22:00-23:00")
    page = visitor.get(f"{draft}/preview")
    assert "1 waiting order would fare otherwise" in page.text
    assert "goes now 1 0 waits 0 1" in page.text
    assert "23.11.2026 22:00" in page.text
    assert "No order was carried out in this time" in page.text
    assert stored(console)[0] == []
    assert visitor.get(f"{draft}/preview", since="soon").status == 200
    keep_rule(visitor, draft, 0, try_days="x")
    assert "nothing can be said" in visitor.get(f"{draft}/preview").text


def test_the_law_stands_in_the_same_week_locked_with_its_source(console: Console) -> None:
    visitor = console.visitor()
    draft = new_draft(visitor)
    keep_rule(visitor, draft)
    page = visitor.get(draft)
    assert "forbidden by law for protected households" in page.text
    assert "Energy Law art. 6b(3d)" in page.text
    assert "Friday" in page.text
    keep_rule(visitor, draft, 0, kind="reconnect", disconnection_kind="")
    assert "forbidden by law for protected households" not in visitor.get(draft).text
    assert "Rules can be stricter than the law" in visitor.get("/rules").text


def test_two_versions_are_compared_in_words_of_the_reader(console: Console) -> None:
    visitor = console.visitor(language="pl")
    for text in (TEXT, TEXT.replace("22:00", "20:00")):
        with console.database.transaction() as tx:
            console.api.now += timedelta(minutes=1)
            tx.rule_sets.enter(RuleSetVersion(0, console.api.now, console.api.now, "jan", "x", text))
    page = visitor.get("/rules/2")
    assert "wyłączenie Wysyłane codziennie 22:00-24:00 codziennie 20:00-24:00" in page.text
    assert "obowiązuje teraz" in page.text
    assert "Nic się nie różni" in visitor.get("/rules/2", since="2").text
    assert visitor.get("/rules/2/file").html == TEXT.replace("22:00", "20:00")
    assert visitor.get("/rules/9").status == 404


def test_a_draft_that_somebody_else_changed_is_not_written_over(console: Console) -> None:
    visitor = console.visitor()
    draft = new_draft(visitor)
    keep_rule(visitor, draft)
    refused = keep_rule(visitor, draft, 0, version="1")
    assert (refused.status, "changed by somebody else" in refused.text) == (409, True)


def test_an_operator_reads_the_rules_and_is_told_who_may_change_them(console: Console) -> None:
    with console.database.transaction() as tx:
        tx.rule_sets.add_draft(RuleDraft(0, "winter", TEXT, None, NOW, "jan", 1))
    operator = console.visitor(Role.OPERATOR)
    page = operator.get("/rules")
    assert "winter" in page.text
    assert "Begin a draft" not in page.text
    for refused in (operator.get("/rules/drafts/1"), operator.send("/rules/drafts", {"title": "x"}, "/me")):
        assert refused.status == 403
        assert "supervisor" in refused.text
    assert console.visitor().get("/rules/drafts/7").status == 409


def test_a_text_is_shown_with_an_example_while_it_is_typed(console: Console) -> None:
    visitor = console.visitor(Role.SUPERVISOR)
    block = visitor.part("/rules/example?text=Punkt {metering_point}", "example")
    assert "<html" not in block.html
    assert "Punkt 590243856287817706" in block.text
    assert "unknown field {nothing}" in visitor.part("/rules/example?text={nothing}", "example").text
    assert visitor.part("/rules/example?text=", "example").text == ""
