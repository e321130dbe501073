"""Every act in pages is seen first and then done; whoever may not can ask, and another person decides on the same."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from csire_bridge.domain.identifiers import ProcessInstanceId
from csire_bridge.domain.message.message import Channel, Form
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.roles import Role
from csire_bridge.domain.people.second_person import SecondPersonRules
from csire_bridge.pipeline.jobs.carry_out import JobRunner
from csire_bridge.pipeline.operator import guard_actions
from csire_bridge.store.tables import messages
from tests.support.console import Console, Page, Visitor
from tests.support.store import CODE, NOW, add_order

WHY = "the meter was exchanged"


def parked(console: Console, count: int = 1) -> list[str]:
    process = ProcessInstanceId.new
    return [
        str(add_order(console.database, state=OrderState.PARKED, process_instance=process()).key) for _ in range(count)
    ]


def send(visitor: Visitor, path: str, fields: dict[str, object], page: str = "/stop") -> Page:
    """A form that was sent with the token of a page."""
    return visitor.send(path, fields, page)


def planned(visitor: Visitor, **fields: object) -> Page:
    """The preview that follows a form."""
    sent = send(visitor, "/jobs/plan", {"why": WHY, **fields})
    assert sent.status == 303, sent.text
    return visitor.get(sent.leads_to)


def key_of(preview: Page) -> str:
    found = re.search(r"/jobs/([0-9]+)/start|/jobs/([0-9]+)\?items", preview.html)
    assert found is not None
    return found[1] or found[2]


def state_of(console: Console, key: str) -> OrderState:
    with console.database.read_transaction() as tx:
        return tx.orders.get(int(key)).state


@pytest.mark.every_database
def test_an_act_on_one_order_is_seen_first_and_then_done_at_once(console: Console) -> None:
    clerk, (key,) = console.visitor(Role.OPERATOR), parked(console)
    preview = planned(clerk, kind="retry", item=key)
    assert "Will be done:" in preview.text
    assert "back to the queue" in preview.text
    assert state_of(console, key) is OrderState.PARKED
    job = key_of(preview)
    assert send(clerk, f"/jobs/{job}/start", {"count": 1}).leads_to == f"/jobs/{job}"
    assert "1 done, 0 skipped, 0 failed, 0 left of 1" in clerk.get(f"/jobs/{job}").text
    assert state_of(console, key) is OrderState.REGISTERED


def test_of_several_the_number_is_typed_and_a_wrong_one_does_nothing(console: Console) -> None:
    clerk, keys = console.visitor(Role.OPERATOR), parked(console, 3)
    done = str(add_order(console.database, state=OrderState.DONE).key)
    preview = planned(clerk, kind="retry", item=[*keys, done])
    assert "3 would be done, 1 would be skipped" in preview.text
    assert f"order {done} is done: it does not wait for a person" in preview.text
    job = key_of(preview)
    refused = send(clerk, f"/jobs/{job}/start", {"count": 4})
    assert (refused.status, "would do 3 things, and 4 were expected" in refused.text) == (409, True)
    assert state_of(console, keys[0]) is OrderState.PARKED
    send(clerk, f"/jobs/{job}/start", {"count": 3})
    assert "3 done, 1 skipped" in clerk.get(f"/jobs/{job}").text


def test_all_that_match_the_filters_of_the_list_are_frozen(console: Console) -> None:
    clerk, keys = console.visitor(Role.OPERATOR), parked(console, 2)
    listed = clerk.get("/orders?state=parked")
    assert 'name="query" value="state=parked"' in listed.html
    preview = planned(clerk, kind="retry", query="state=parked")
    (later,) = parked(console)
    assert "all orders that match: state=parked" in preview.text
    send(clerk, f"/jobs/{key_of(preview)}/start", {"count": 2})
    assert [state_of(console, key) for key in [*keys, later]] == [*[OrderState.REGISTERED] * 2, OrderState.PARKED]
    without = send(clerk, "/jobs/plan", {"kind": "retry", "why": WHY, "query": ""})
    assert (without.status, "nothing was chosen" in without.text) == (409, True)


def test_whoever_may_not_asks_and_whoever_may_finds_it_and_decides(console: Console) -> None:
    viewer, clerk, (key,) = console.visitor(Role.VIEWER), console.visitor(Role.OPERATOR), parked(console)
    preview = planned(viewer, kind="retry", item=key)
    assert "Ask those who may" in preview.text
    job = key_of(preview)
    send(viewer, f"/jobs/{job}/start", {"count": 1})
    assert "It waits for another person" in viewer.get(f"/jobs/{job}").text
    assert "Approve" not in viewer.get(f"/jobs/{job}").text.replace("Approved by", "")
    inbox = clerk.get("/jobs")
    assert "Waiting for my decision (1)" in inbox.text
    assert f"/jobs/{job}" in inbox.links
    send(clerk, f"/jobs/{job}/approve", {"count": 1, "why": "right"}, page=f"/jobs/{job}")
    assert state_of(console, key) is OrderState.REGISTERED
    assert "Nothing waits for your decision" in clerk.get("/jobs").text


def test_a_second_person_sees_the_same_set_and_the_first_can_not_approve(console: Console) -> None:
    console.set_rules(SecondPersonRules(above=1))
    anna, jan = console.visitor(Role.OPERATOR, "anna"), console.visitor(Role.OPERATOR, "jan")
    keys = parked(console, 2)
    preview = planned(anna, kind="retry", item=keys)
    assert "more than 1 at once need a second person" in preview.text
    job = key_of(preview)
    send(anna, f"/jobs/{job}/start", {"count": 2})
    same = send(anna, f"/jobs/{job}/approve", {"count": 2, "why": "me"})
    assert (same.status, "somebody else must decide" in same.text) == (409, True)
    seen = jan.get(f"/jobs/{job}")
    digest = re.search(r"SHA-256 ([0-9a-f]{16})", preview.text)
    assert digest is not None
    assert digest[0] in seen.text
    send(jan, f"/jobs/{job}/decline", {"why": "wrong street"}, page=f"/jobs/{job}")
    assert "wrong street" in anna.get(f"/jobs/{job}").text
    assert state_of(console, keys[0]) is OrderState.PARKED


def test_a_list_in_which_something_is_unclear_is_shown_before_anything_is_planned(console: Console) -> None:
    clerk = console.visitor(Role.OPERATOR)
    with console.database.transaction() as tx:
        tx.points.put(MeteringPoint(code=CODE, updated_at=NOW))
    fields: dict[str, object] = {
        "kind": "hold",
        "hold": "emergency",
        "why": WHY,
        "keys": f"{CODE}\n590243856287817701\nnobody",
    }
    shown = send(clerk, "/jobs/plan", fields)
    assert shown.status == 409
    assert "its check digit is 6" in shown.text.partition("Wrong:")[2]
    assert "Unknown: no metering point has this code" in shown.text
    preview = planned(clerk, kind="hold", hold="emergency", keys=str(CODE))
    assert "1 would be done" in preview.text


def test_a_list_can_be_uploaded(console: Console) -> None:
    clerk = console.visitor(Role.OPERATOR)
    with console.database.transaction() as tx:
        tx.points.put(MeteringPoint(code=CODE, updated_at=NOW))
    token = clerk.get("/jobs/new?kind=hold").html.partition('name="csrf" value="')[2].partition('"')[0]
    sent = clerk.client.post(
        "/jobs/plan",
        data={"csrf": token, "kind": "hold", "hold": "emergency", "why": WHY, "keys": ""},
        files={"file": ("points.csv", f"name;ppe\nA;{CODE}\n", "text/csv")},
        headers={"Origin": "http://127.0.0.1:8081", "Sec-Fetch-Site": "same-origin"},
    )
    assert sent.status_code == 303, sent.text


def test_at_a_point_its_holds_are_released_and_danger_is_cut_and_lifted(console: Console) -> None:
    chief = console.visitor(Role.SUPERVISOR)
    with console.database.transaction() as tx:
        tx.points.put(MeteringPoint(code=CODE, updated_at=NOW))
        act = OperatorAction("jan", NOW, "fire")
        hold = guard_actions.set_hold(tx, CODE, HoldKind.EMERGENCY, None, act)
    page = chief.get(f"/jobs/point?code={CODE}")
    assert "Release the hold" in page.text
    preview = planned(chief, kind="release-hold", item=str(hold))
    send(chief, f"/jobs/{key_of(preview)}/start", {"count": 1})
    with console.database.read_transaction() as tx:
        assert tx.guards.hold(hold).released_at is not None
    preview = planned(chief, kind="danger-cut", item=str(CODE))
    assert "supply cut because of danger: ordered" in preview.text
    send(chief, f"/jobs/{key_of(preview)}/start", {"count": 1})
    with console.database.read_transaction() as tx:
        assert len(tx.danger_cuts.standing([CODE])) == 1


def test_the_stop_switch_is_thrown_at_once_and_lifted_by_whoever_may(console: Console) -> None:
    clerk, chief = console.visitor(Role.OPERATOR), console.visitor(Role.SUPERVISOR)
    send(clerk, "/stop/throw", {"scope": "everything", "why": "wrong list at the hub"}, page="/stop")
    with console.database.read_transaction() as tx:
        stop = tx.guards.stop()
    assert stop is not None
    assert stop.scope is StopScope.EVERYTHING
    assert "ask for it" in clerk.get("/stop").text
    preview = planned(chief, kind="lift-stop")
    send(chief, f"/jobs/{key_of(preview)}/start", {"count": 1})
    assert "It is not thrown" in chief.get("/stop").text


def test_progress_comes_by_itself_and_a_job_is_cancelled_in_between(console: Console) -> None:
    clerk, keys = console.visitor(Role.OPERATOR), parked(console, 25)
    job = key_of(planned(clerk, kind="retry", item=keys))
    send(clerk, f"/jobs/{job}/start", {"count": 25})
    first = clerk.part(f"/jobs/{job}", "progress")
    assert "20 done" in first.text
    assert clerk.part(f"/jobs/{job}", "progress", first.response.headers["etag"]).status == 304
    send(clerk, f"/jobs/{job}/cancel", {"why": "enough"})
    assert JobRunner(console.database, console.api.job_tools).run() == 0
    assert "20 done, 0 skipped, 0 failed, 5 left of 25" in clerk.get(f"/jobs/{job}").text
    assert "20 done" in clerk.get(f"/jobs/{job}?items=done").text


def test_an_act_without_a_reason_is_refused_and_what_is_refused_stands_in_the_audit(console: Console) -> None:
    clerk, (key,) = console.visitor(Role.OPERATOR), parked(console)
    refused = send(clerk, "/jobs/plan", {"kind": "retry", "item": key, "why": " "})
    assert (refused.status, "a reason is missing" in refused.text) == (409, True)
    send(clerk, "/jobs/99/start", {"count": 1})
    with console.database.read_transaction() as tx:
        told = [(one.entry.actor, one.entry.subject) for one in tx.audit.page(act="act.refused")]
    assert told == [("a-operator", "POST /jobs/99/start")]


def test_in_polish_the_preview_and_the_outcome_are_polish(console: Console) -> None:
    clerk, (key,) = console.visitor(Role.OPERATOR, language="pl"), parked(console)
    preview = planned(clerk, kind="retry", item=key)
    assert "Zostanie wykonane: disconnect w" in preview.text or "Zostanie wykonane: wyłączenie w" in preview.text
    send(clerk, f"/jobs/{key_of(preview)}/start", {"count": 1})
    assert "wykonano 1, pominięto 0" in clerk.get(f"/jobs/{key_of(preview)}").text


def test_all_refused_messages_that_match_are_judged_again_or_replayed(console: Console) -> None:
    chief = console.visitor(Role.SUPERVISOR)
    with console.database.transaction() as tx:
        (key,) = tx.messages.add(Channel.WEBHOOK, NOW, [("partner", b"<nonsense/>", "ab" * 32, Form.BARE)])
        tx.connection.execute(update(messages).where(messages.c.key == key).values(state="refused"))
    assert "Act on all refused messages that match" in chief.get("/messages?state=refused").text
    preview = planned(chief, kind="judge-again", query="state=refused")
    assert "1 would be done" in preview.text
    send(chief, f"/jobs/{key_of(preview)}/start", {"count": 1})
    assert "1 done" in chief.get(f"/jobs/{key_of(preview)}").text


def test_of_a_pasted_list_those_that_were_found_can_be_acted_on(console: Console) -> None:
    clerk, (first, second) = console.visitor(Role.OPERATOR), parked(console, 2)
    looked_up = clerk.send("/orders/keys", {"keys": f"{first}\n{second}\n999999"}, "/orders/keys")
    assert "Preview for the 2 that were found" in looked_up.text
    items = re.findall(r'<input type="hidden" name="item" value="([0-9]+)">', looked_up.html)
    assert items == [first, second]
    assert "2 would be done" in planned(clerk, kind="retry", item=items).text
