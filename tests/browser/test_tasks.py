"""What each role does every day, from signing in to done: in Polish and English, by keyboard alone, without script."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import Browser

from csire_bridge.console.language.languages import Language
from csire_bridge.domain.people.roles import Role
from csire_bridge.lab.demo.accounts import NAMES
from tests.support.browser import Hands, Town, Window, open_window

pytestmark = pytest.mark.slow

WAYS = [Hands(), Hands(Language.ENGLISH, keyboard=True), Hands(script=False)]
everybody = pytest.mark.parametrize("hands", WAYS, ids=str)
BOX = "Find a point, meter, order, message, process or supplier"
_POINT = re.compile(r"\b59\d{16}\b")


def shows_orders_in(window: Window, state: str) -> None:
    """The list of the orders in a state; the address tells it, so it can be sent to somebody."""
    window.follows("Orders")
    window.sees_heading("Orders")
    window.ticks(window.page.locator(f"input[name=state][value={state}]"))
    window.presses("Show")
    window.page.wait_for_url(re.compile(f"state={state}"))


def opens_the_first_order(window: Window) -> None:
    first = window.page.locator("main tbody tr a[href^='/orders/']").first
    window.acts_on(first)
    window.page.wait_for_url(re.compile(r"/orders/\d+(\?|$)"))


@everybody
def test_a_clerk_finds_what_waits_and_why_and_takes_care_of_an_alert(
    browser: Browser, town: Town, hands: Hands
) -> None:
    with open_window(browser, town, hands) as window:
        window.signs_in(Role.OPERATOR)
        shows_orders_in(window, "registered")
        opens_the_first_order(window)
        point = _POINT.search(window.page.locator("main").inner_text())
        assert point, "a clerk reads whom it concerns"
        window.fills(BOX, f" {point[0][:9]} {point[0][9:]}\n".strip(), "header")
        window.presses("Find", "header")
        window.page.wait_for_url(re.compile(f"{point[0]}|/orders/"))
        window.fills(BOX, point[0][:-1] + str((int(point[0][-1]) + 1) % 10), "header")
        window.presses("Find", "header")
        window.sees_words("cyfr", "check digit")
        window.follows("Alerts")
        window.opens("I take care of it")
        window.fills("Why, and what you do about it", "I ask the hub")
        window.presses("I take care of it")
        window.sees("somebody takes care")


@everybody
def test_a_manager_sees_what_was_done_without_reading_whom_it_concerns(
    browser: Browser, town: Town, hands: Hands
) -> None:
    with open_window(browser, town, hands) as window:
        window.signs_in(Role.VIEWER)
        shows_orders_in(window, "done")
        listed = window.page.locator("main").inner_text()
        opens_the_first_order(window)
        told = window.page.locator("main").inner_text()
        assert not _POINT.findall(listed + told)
        window.page.go_back()
        assert "state=done" in window.path, "the way back leads to the same list"
        window.follows("Alerts")
        assert window.page.locator("main").get_by_text(window.says("I take care of it")).count() == 0


@everybody
def test_an_auditor_looks_whether_the_audit_is_whole_and_takes_home_what_somebody_did(
    browser: Browser, town: Town, hands: Hands
) -> None:
    with open_window(browser, town, hands) as window:
        window.signs_in(Role.AUDITOR)
        window.follows("Audit")
        window.follows("Is the audit whole?")
        window.sees("Nothing was changed, added or taken away.")
        window.follows("Audit")
        window.fills("Who", NAMES[Role.AUDITOR])
        window.presses("Search")
        window.page.wait_for_url(re.compile("actor="))
        told = list(csv.reader(io.StringIO(window.downloads("CSV").decode("utf-8-sig"))))
        assert len(told) > 1
        assert any(NAMES[Role.AUDITOR] in row for row in told[1:])


@everybody
def test_an_administrator_adds_a_colleague_and_a_program_and_locks_both_out_again(
    browser: Browser, town: Town, hands: Hands
) -> None:
    name = f"new-{hands}".lower()
    with open_window(browser, town, hands) as window:
        window.signs_in(Role.ADMINISTRATOR)
        window.follows("People")
        window.opens("Add an account")
        window.fills("Name", name)
        window.chooses("Role", "viewer")
        window.presses("Add")
        window.sees("Initial password:")
        window.fills("Why", "a test", "form[action$='/lock']")
        window.presses("Lock", "form[action$='/lock']")
        window.page.locator("form[action$='/unlock']").wait_for()
        window.follows("API tokens")
        window.opens("Make a token")
        window.fills("Name of the program", name)
        window.presses("Make a token")
        window.sees("It is shown this once; only its hash is kept.")
        window.presses("Revoke the token %(name)s", name=name)
        window.page.get_by_role("button", name=name).wait_for(state="detached")


@everybody
def test_a_supervisor_stops_disconnections_looks_at_the_rules_and_at_how_fast_orders_were_carried_out(
    browser: Browser, town: Town, hands: Hands
) -> None:
    with open_window(browser, town, hands) as window:
        window.signs_in(Role.SUPERVISOR)
        window.follows("Stop switch")
        window.chooses("What is stopped", "disconnections", "form[action='/stop/throw']")
        window.fills("Why", "a drill", "form[action='/stop/throw']")
        window.presses("Throw the stop switch")
        window.sees("It is thrown:")
        window.follows("Rules")
        window.page.wait_for_url(re.compile("/rules$"))
        window.follows("Statistics")
        assert window.downloads("PDF").startswith(b"%PDF")
