"""A browser logs in and out: by password and at the identity provider, and never for another site's page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from csire_bridge.access.authenticate import Authenticator
from csire_bridge.access.browser_login import BrowserLogin, login_router
from csire_bridge.access.identity import Provider
from csire_bridge.access.openid import OpenId
from csire_bridge.config.sections.running.access import OidcSettings
from csire_bridge.domain.people.accounts import SessionPolicy
from csire_bridge.domain.people.actor import Actor, Origin
from csire_bridge.domain.people.roles import Role
from csire_bridge.lab.simulators.oidc.provider import IdentityProvider
from csire_bridge.store.database import Database
from tests.support.patience import PATIENCE
from tests.support.people import PASSWORD, QUICK, START, add_account

OWN = "https://bridge.example"
OURS = {"Origin": OWN, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def needs(tmp_path: Path) -> Iterator[BrowserLogin]:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as database:
        database.upgrade()
        add_account(database, "anna", Role.ADMINISTRATOR)
        door = Authenticator(database, lambda: START, passwords=QUICK)
        yield BrowserLogin(door, database, lambda: START, SessionPolicy(), lambda _: Origin("192.0.2.1"), OWN)


def browser(needs: BrowserLogin) -> TestClient:
    app = FastAPI()
    app.include_router(login_router(needs))

    return TestClient(app, base_url=needs.own_address, follow_redirects=False)


def form(password: str = PASSWORD) -> dict[str, str]:
    return {"name": "anna", "password": password}


def test_the_cookie_can_be_read_by_no_script_no_other_host_and_not_without_tls(needs: BrowserLogin) -> None:
    done = browser(needs).post("/login", data=form(), headers=OURS)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    cookie = done.headers["set-cookie"]
    assert cookie.startswith("__Host-csire-session=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_a_wrong_password_begins_nothing_and_guesses_hear_how_long_to_wait(needs: BrowserLogin) -> None:
    ours = browser(needs)
    for _ in range(5):
        refused = ours.post("/login", data=form("wrong"), headers=OURS)
        assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)
    refused = ours.post("/login", data=form(), headers=OURS)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "12")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": OWN, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {},
    ],
)
def test_another_sites_page_can_neither_log_in_nor_out(needs: BrowserLogin, headers: dict[str, str]) -> None:
    ours = browser(needs)
    ours.post("/login", data=form(), headers=OURS)
    assert ours.post("/login", data=form(), headers=headers).status_code == 403
    assert ours.post("/logout", headers=headers).status_code == 403
    secret = ours.cookies["__Host-csire-session"]
    assert isinstance(needs.authenticator.by_session(secret), Actor)


def test_whoever_logs_out_has_no_session_any_more(needs: BrowserLogin) -> None:
    ours = browser(needs)
    ours.post("/login", data=form(), headers=OURS)
    secret = ours.cookies["__Host-csire-session"]
    assert ours.post("/logout", headers=OURS).status_code == 303
    assert not isinstance(needs.authenticator.by_session(secret), Actor)


def test_the_whole_way_over_the_identity_provider_needs_the_browser_that_began_it(needs: BrowserLogin) -> None:
    with IdentityProvider(now=START.timestamp) as provider:
        provider.user["preferred_username"] = "jan"
        settings = OidcSettings(issuer=provider.issuer, roles={"ops": Role.OPERATOR})
        needs = replace(needs, openid=OpenId(settings, lambda: START))
        ours, other = browser(needs), browser(needs)
        there = ours.get("/login/provider").headers["location"]
        back = httpx.get(there, trust_env=False, timeout=PATIENCE).headers["location"]
        came_back = f"{urlsplit(back).path}?{urlsplit(back).query}"
        assert other.get(came_back).status_code == 401
        back = httpx.get(ours.get("/login/provider").headers["location"], trust_env=False, timeout=PATIENCE).headers[
            "location"
        ]
        done = ours.get(f"{urlsplit(back).path}?{urlsplit(back).query}")
        assert done.status_code == 303, done.text
        actor = needs.authenticator.by_session(ours.cookies["__Host-csire-session"])
        assert isinstance(actor, Actor)
        assert (actor.name, actor.role) == ("jan", Role.OPERATOR)
    assert browser(replace(needs, openid=None)).get("/login/provider").status_code == 404


def test_a_login_at_the_provider_that_is_refused_stands_in_the_audit_as_often_as_a_guess_may_be_wrong(
    needs: BrowserLogin,
) -> None:
    answers = [browser(needs).get("/login/back").status_code for _ in range(8)]
    assert answers == [404] * 8, "there is no provider"
    with_provider = replace(needs, openid=cast("Provider", object()))
    answers = [browser(with_provider).get("/login/back").status_code for _ in range(8)]
    assert answers == [401] * 5 + [429] * 3
    with closing(Database(needs.store.url)) as database, database.read_transaction() as tx:  # type: ignore[attr-defined]
        noted = [(one.entry.act, one.entry.subject) for one in tx.audit.entries()]
    assert noted == [("login.failed", "account identity provider")] * 5


def test_a_browser_that_must_tell_no_referrer_says_by_sec_fetch_site_alone_that_the_form_is_ours(
    needs: BrowserLogin,
) -> None:
    """A policy of no-referrer makes browsers send Origin: null with every form, also with their own."""
    headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert browser(needs).post("/login", data=form(), headers=headers).status_code == 303
