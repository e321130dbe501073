"""The console over a database of its own, visited in process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any

import httpx
from fastapi import APIRouter
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from csire_bridge.access.authenticate import open_session
from csire_bridge.console.app import AREAS, build_console
from csire_bridge.console.needs import ConsoleNeeds
from csire_bridge.console.pages.sign_in.routes import login_routes
from csire_bridge.domain.people.accounts import SessionPolicy
from csire_bridge.domain.people.actor import NOWHERE
from csire_bridge.domain.people.roles import Role
from csire_bridge.domain.people.second_person import SecondPersonRules
from csire_bridge.store.database import Database
from tests.support.api import Api
from tests.support.people import add_account

__all__ = ["OWN", "Console", "Page", "Visitor", "routes_of"]

OWN = "http://127.0.0.1:8081"
_OURS = {"Origin": OWN, "Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Page:
    """A page as it was answered."""

    response: httpx.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def html(self) -> str:
        return self.response.text

    @property
    def leads_to(self) -> str:
        """Where a redirect leads."""
        return self.response.headers["location"]

    @property
    def text(self) -> str:
        """What a reader sees, with single spaces."""
        reader = _Text()
        reader.feed(self.html)
        return " ".join(" ".join(reader.parts).split())

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        reader = _Text()
        reader.feed(self.html)
        return reader.links


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.links: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("style", "script")
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


class Visitor:
    """A browser; with a session it is signed in."""

    def __init__(self, app: Any, secret: str | None = None, language: str = "en") -> None:
        self.client = TestClient(app, base_url=OWN, follow_redirects=False, raise_server_exceptions=False)
        self.client.cookies.set("csire-language", language)
        if secret:
            self.client.cookies.set("csire-session", secret)

    def get(self, path: str, headers: dict[str, str] | None = None, /, **query: Any) -> Page:
        return Page(self.client.get(path, params=query or None, headers=headers))

    def part(self, path: str, name: str, etag: str | None = None) -> Page:
        """A block of a page, as its script asks for it."""
        headers = {"X-Console-Part": name} | ({"If-None-Match": etag} if etag else {})
        return Page(self.client.get(path, headers=headers))

    def send(self, path: str, fields: dict[str, Any], page: str = "/") -> Page:
        """Send a form with the token that stands on ``page``."""
        token = self.get(page).html.partition('name="csrf" value="')[2].partition('"')[0]
        return self.send_bare(path, {"csrf": token, **fields})

    def send_bare(self, path: str, fields: dict[str, Any], headers: dict[str, str] | None = None) -> Page:
        """Send a form as it is."""
        return Page(self.client.post(path, data=fields, headers=_OURS if headers is None else headers))


def routes_of(router: APIRouter) -> Iterator[APIRoute]:
    """Every route of a router, and of the routers that it includes."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(inner := getattr(route, "original_router", None), APIRouter):
            yield from routes_of(inner)


class Console:
    """The console; ``now`` and ``head_end`` are those of ``api``, ``reasons`` say why it is not ready."""

    def __init__(self, database: Database) -> None:
        self.api = Api(database)
        self.database = database
        self.reasons: list[str] = []
        needs = ConsoleNeeds(
            api=self.api.app.state.needs, own_address=OWN, policy=SessionPolicy(), reasons=lambda: self.reasons
        )
        self.needs = needs
        self.app = build_console(needs)

    def set_rules(self, rules: SecondPersonRules) -> None:
        """What needs a second person from now on."""
        self.api.set_rules(rules)
        self.app.state.needs = self.needs = replace(self.needs, api=self.api.needs)

    def routes(self) -> Iterator[APIRoute]:
        """Every route of every area."""
        for router in (login_routes(self.needs), *(area.router for area in AREAS)):
            yield from routes_of(router)

    def stranger(self, language: str = "en") -> Visitor:
        """A browser that nobody has signed in with."""
        return Visitor(self.app, language=language)

    def visitor(self, role: Role = Role.ADMINISTRATOR, name: str | None = None, language: str = "en") -> Visitor:
        """A browser of a new account of that role, signed in."""
        name = name or f"a-{role}"
        with self.database.transaction() as tx:
            there = tx.accounts.named(name)
        if there is None:
            add_account(self.database, name, role)
        with self.database.transaction() as tx:
            account = tx.accounts.named(name)
            assert account is not None
            secret = open_session(tx, account, NOWHERE, SessionPolicy(), self.api.now).secret
        return Visitor(self.app, secret, language)
