"""The page of a metering point tells what is known, from whom and since when; its meter is asked from there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csire_bridge.domain.errors import HeadEndScope, HeadEndUnreachable
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.meter.contactor import ContactorReading, ControlState
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.roles import Role
from csire_bridge.domain.protection import ProtectedKind, Protection
from csire_bridge.pipeline.operator import guard_actions
from csire_bridge.pipeline.operator.points import point_actions
from tests.support.console import Console
from tests.support.store import CODE, NOW, add_order
from tests.support.story import played

METER = MeterNumber("M1")
PATH = f"/points/{CODE}"


class Reads:
    """A head-end system that reads contactors, or fails to."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    def read_contactor(self, meter: MeterNumber) -> ContactorReading:
        if self.failure is not None:
            raise self.failure
        return ContactorReading(meter, False, ControlState.DISCONNECTED, NOW)

    def of(self, _meter: MeterNumber) -> Reads:
        return self

    def clock_behind(self, _now: object) -> timedelta:
        return timedelta()

    def clock_ahead(self, _now: object) -> timedelta:
        return timedelta()


def known(console: Console, **facts: object) -> None:
    with console.database.transaction() as tx:
        tx.points.put(MeteringPoint(code=CODE, updated_at=NOW, **{"meter": METER, **facts}))  # type: ignore[arg-type]


@pytest.mark.every_database
def test_the_page_has_facts_holds_meters_orders_and_what_was_told_by_whom(console: Console) -> None:
    known(console, has_contactor=True)
    key = played(console.database)  # with an emergency hold by anna
    with console.database.transaction() as tx:
        point_actions.set_meter(tx, CODE, MeterNumber("M2"), OperatorAction("jan", NOW, "seen on site"))
    page = console.visitor().get(PATH)
    assert page.status == 200
    for said in (
        "emergency",
        "anna",
        "fire",
        "The meter has a contactor",
        "M2",
        "jan",
        "seen on site",
        "Known there since",
    ):
        assert said in page.text, said
    assert f"/orders/{key}" in page.links
    assert f"/messages?point={CODE}" in page.links


def test_why_a_household_is_protected_is_not_told(console: Console) -> None:
    known(console, protection=Protection.of(ProtectedKind.HOME_VENTILATION))
    page = console.visitor().get(PATH)
    assert "Protection of the household" in page.text
    assert "ventilation" not in page.html


def test_holds_that_are_over_are_told_apart(console: Console) -> None:
    known(console)
    act = OperatorAction("anna", NOW, "a complaint by phone")
    with console.database.transaction() as tx:
        hold = guard_actions.set_hold(tx, CODE, HoldKind.PROTECTION, None, act)
        guard_actions.release_hold(tx, hold, OperatorAction("jan", NOW, "a mistake"))
    page = console.visitor().get(PATH)
    assert "Nothing holds it." in page.text
    assert "Holds and cuts that are over" in page.text
    assert "released by jan" in page.text


def test_a_point_that_is_known_by_an_order_only_has_a_page_and_an_unknown_one_has_none(console: Console) -> None:
    assert console.visitor().get(PATH).status == 404
    key = add_order(console.database).key
    assert f"/orders/{key}" in console.visitor().get(PATH).links
    assert console.visitor().get("/points/590243856287817700").status == 422


def test_its_meter_is_asked_now_and_the_reading_is_recorded_in_the_audit_with_who_and_why(console: Console) -> None:
    known(console)
    console.api.head_end = Reads()
    visitor = console.visitor(Role.OPERATOR)
    assert "Nobody has read its contactor yet." in visitor.get(PATH).text
    done = visitor.send(f"{PATH}/ask", {"why": "the customer has no supply"}, page=PATH)
    assert (done.status, done.leads_to) == (303, PATH)
    page = visitor.get(PATH)
    assert "Contactor: supply off" in page.text
    with console.database.read_transaction() as tx:
        (entry,) = tx.audit.page(act="point.ask")
    assert (entry.entry.actor, entry.entry.why) == ("a-operator", "the customer has no supply")


def test_a_meter_that_can_not_be_read_says_why_and_nothing_is_recorded(console: Console) -> None:
    known(console)
    visitor = console.visitor()
    assert "no head-end system is set up" in visitor.send(f"{PATH}/ask", {"why": "x"}, page=PATH).text
    console.api.head_end = Reads(HeadEndUnreachable("no answer", "", HeadEndScope.METER))
    refused = visitor.send(f"{PATH}/ask", {"why": "x"}, page=PATH)
    assert refused.status == 409
    assert "no answer" in refused.text
    assert "Nobody has read its contactor yet." in visitor.get(PATH).text


def test_only_who_may_read_personal_data_sees_points_and_only_operators_ask(console: Console) -> None:
    known(console)
    assert console.visitor(Role.VIEWER).get(PATH).status == 403
    assert console.visitor(Role.VIEWER).get("/points").status == 403
    auditor = console.visitor(Role.AUDITOR).get(PATH)
    assert auditor.status == 200
    assert f'action="{PATH}/ask"' not in auditor.html


def test_a_pasted_code_leads_to_the_point(console: Console) -> None:
    spaced = " ".join((CODE[:6], CODE[6:12], CODE[12:]))
    assert console.visitor().get("/points", point=spaced).leads_to == PATH
    wrong = console.visitor().get("/points", point=str(int(CODE) + 1))
    assert wrong.status == 422
