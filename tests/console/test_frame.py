"""What holds for every page: signing in, forms, refusals, languages, and that nothing of others gets in."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

import csire_bridge.console
from csire_bridge.access.browser_login import own_path
from csire_bridge.console.http.visit import LIVE_PARTS
from csire_bridge.domain.people.roles import Role
from tests.support.console import OWN, Console
from tests.support.people import PASSWORD, add_account


@pytest.mark.every_database
def test_whoever_is_not_signed_in_is_led_to_the_page_for_it_and_back(console: Console) -> None:
    add_account(console.database, "anna", Role.OPERATOR)
    stranger = console.stranger()
    asked = stranger.get("/?x=1")
    assert (asked.status, asked.leads_to) == (303, "/login?next=%2F%3Fx%3D1")
    page = stranger.get(asked.leads_to)
    assert 'name="next" value="/?x=1"' in page.html
    done = stranger.send_bare("/login", {"name": "anna", "password": PASSWORD, "next": "/?x=1"})
    assert (done.status, done.leads_to) == (303, "/?x=1")
    assert "anna" in stranger.get("/").text


def test_a_wrong_password_is_told_on_the_page_in_the_language_of_the_browser(console: Console) -> None:
    add_account(console.database, "anna", Role.OPERATOR)
    refused = console.stranger("pl").send_bare("/login", {"name": "anna", "password": "wrong"})
    assert refused.status == 401
    assert "nazwa albo hasło jest nieprawidłowe" in refused.text


def test_an_initial_password_leads_to_choosing_one_and_then_in(console: Console) -> None:
    add_account(console.database, "anna", Role.OPERATOR, must_change=True)
    stranger = console.stranger()
    assert stranger.send_bare("/login", {"name": "anna", "password": PASSWORD}).leads_to == "/password?name=anna"
    new = "another long enough phrase"
    wrong = {"name": "anna", "old": PASSWORD, "new": new, "again": "something else entirely"}
    assert (page := stranger.send_bare("/password", wrong)).status == 422
    assert "differ" in page.text
    short = {"name": "anna", "old": PASSWORD, "new": "short", "again": "short"}
    assert "12 to 200 characters" in stranger.send_bare("/password", short).text
    assert stranger.send_bare("/password", {**wrong, "again": new, "old": "wrong"}).status == 401
    done = stranger.send_bare("/password", {**wrong, "again": new})
    assert done.leads_to == "/login?changed=1&name=anna"
    assert stranger.send_bare("/login", {"name": "anna", "password": new}).leads_to == "/"


def test_without_an_account_the_page_says_how_the_first_one_is_made(console: Console) -> None:
    assert "csire-bridge users add" in console.stranger().get("/login").text


def test_a_session_that_has_ended_is_told_and_a_page_that_asks_by_itself_keeps_none_alive(console: Console) -> None:
    visitor = console.visitor()
    for _ in range(4):
        console.api.now += timedelta(minutes=10)
        asked = visitor.part("/system", "health")
    assert asked.status == 401
    assert "ended=1" in visitor.get("/").leads_to


def test_use_keeps_a_session_alive(console: Console) -> None:
    visitor = console.visitor()
    for _ in range(4):
        console.api.now += timedelta(minutes=10)
        assert visitor.get("/").status == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": OWN, "Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}, {}],
)
def test_another_sites_page_can_send_no_form(console: Console, headers: dict[str, str]) -> None:
    for path in ("/login", "/logout", "/password", "/preferences"):
        fields = {"name": "a", "password": "b", "old": "c", "new": "d", "again": "e"}
        assert console.visitor().send_bare(path, fields, headers).status == 403, path


def test_every_form_that_changes_something_checks_its_session(console: Console) -> None:
    """Those without a session of their own are named here, each with the reason."""
    without = {
        "/login": "there is no session yet",
        "/password": "the old password is asked for",
        "/preferences": "changes the browser only",
        "/logout": "ends the session, if it comes from our own page",
    }
    unchecked = set()
    for route in console.routes():
        if (route.methods or set()) - {"GET", "HEAD"}:
            calls = [one.call for one in route.dependant.dependencies]
            if not any(getattr(call, "checks_forms", False) for call in calls):
                unchecked.add(route.path)
    assert unchecked == set(without)


@pytest.mark.parametrize("told", ["//evil.example", "/\\evil.example", "https://evil.example", "", "x", "/a b", "/\n"])
def test_after_signing_in_nobody_is_led_elsewhere(told: str) -> None:
    assert own_path(told) is None


@pytest.mark.parametrize("told", ["/", "/orders?state=parked&after=7", "/a//b"])
def test_after_signing_in_one_is_led_back_to_our_own_pages(told: str) -> None:
    assert own_path(told) == told


def test_nothing_of_others_gets_into_a_page(console: Console) -> None:
    page = console.visitor().get("/")
    policy = page.response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert f'<style nonce="{nonce}">' in page.html
    assert not re.search(r'(src|href|action)="(https?:)?//', page.html)
    assert not re.search(r"\sstyle=", page.html)
    assert not re.search(r"\son[a-z]+=", page.html)
    assert page.response.headers["cache-control"] == "no-store"


def test_a_browser_that_comes_by_another_name_is_led_to_the_one_address(console: Console) -> None:
    led = console.stranger().get("/login", {"Host": "localhost:8081"})
    assert (led.status, led.leads_to) == (307, f"{OWN}/login")


def test_language_and_theme_are_kept_in_the_browser(console: Console) -> None:
    visitor = console.visitor()
    assert visitor.send_bare("/preferences", {"language": "pl", "back": "/?a=1"}).leads_to == "/?a=1"
    assert "Dzisiaj" in visitor.get("/").text
    visitor.send_bare("/preferences", {"theme": "dark"})
    assert 'data-theme="dark"' in visitor.get("/").html
    assert visitor.send_bare("/preferences", {"theme": "dark", "back": "//evil.example"}).leads_to == "/"


def test_what_is_not_there_is_a_page_too(console: Console) -> None:
    page = console.visitor().get("/no-such-page")
    assert page.status == 404
    assert "There is no such page" in page.text


def test_a_fault_of_our_own_shows_no_traceback(console: Console) -> None:
    def broken() -> None:
        raise RuntimeError("secret detail")

    console.app.add_api_route("/broken", broken)
    page = console.visitor().get("/broken")
    assert page.status == 500
    assert "secret detail" not in page.html


def test_a_block_that_is_the_same_is_not_sent_again(console: Console) -> None:
    visitor = console.visitor()
    first = visitor.part("/system", "health")
    assert (first.status, "<html" in first.html) == (200, False)
    assert visitor.part("/system", "health", first.response.headers["etag"]).status == 304
    console.reasons.append("the disk is full -> make room")
    assert "the disk is full" in visitor.part("/system", "health", first.response.headers["etag"]).text


def test_the_script_is_short_and_its_address_changes_with_it(console: Console) -> None:
    address = re.findall(r'<script src="([^"]+)"', console.stranger().get("/login").html)
    script = console.stranger().get(address[0])
    assert script.response.headers["content-type"].startswith("text/javascript")
    assert len(script.html.splitlines()) <= 200


def test_the_first_paint_needs_one_request_of_60_kilobytes_at_most(console: Console) -> None:
    assert len(console.visitor().get("/").response.content) <= 60_000


def test_the_script_fetches_only_blocks_that_may_be_sent_alone() -> None:
    templates = Path(csire_bridge.console.__file__).parent / "templates"
    texts = [path.read_text() for path in templates.rglob("*.html")]
    assert {name for text in texts for name in re.findall(r'data-part="(\w+)"', text)} == LIVE_PARTS


def test_an_unknown_block_is_answered_with_the_whole_page(console: Console) -> None:
    for path in ("/", "/orders"):
        assert "<html" in console.visitor().part(path, "main").html
