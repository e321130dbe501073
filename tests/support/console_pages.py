"""Every page of a running console, found as a person finds it: by following links."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
from fastapi.routing import APIRoute

from csire_bridge.console.app import AREAS
from csire_bridge.domain.people.roles import Role
from csire_bridge.lab.demo.accounts import NAMES
from tests.support.browser import Town
from tests.support.console import routes_of
from tests.support.patience import PATIENCE

__all__ = ["Found", "find_pages", "routes", "signed_in", "work_of_people"]

_ALIKE = 3
"""So many pages of a route that is about one order, message or person are looked at; of others one for each filter."""


@dataclass
class Found:
    """Addresses of pages, each with path and query; what is no page; what was refused or failed, with the reason."""

    pages: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    """Routes that were reached."""

    @property
    def one_of_each(self) -> list[str]:
        """One page of each route, the first: those of a route have the same parts and the same style."""
        return list({_route_of(page): page for page in reversed(self.pages)}.values())[::-1]


def routes() -> list[APIRoute]:
    """Every route of the console that a link can lead to."""
    known = (route for area in AREAS for route in routes_of(area.router))
    found = [route for route in known if "GET" in (route.methods or ())]
    return sorted(found, key=lambda route: route.path.count("{"))


def signed_in(town: Town, role: Role) -> httpx.Client:
    """Somebody who calls without a browser."""
    client = httpx.Client(base_url=town.url, timeout=PATIENCE, headers={"Origin": town.url})
    form = {"name": NAMES[role], "password": town.passwords[role], "next": "/"}
    answer = client.post("/login", data=form)
    assert answer.status_code == 303, answer.text
    return client


def work_of_people(town: Town) -> list[str]:
    """Plan a job and draft rules, which the demo does not; the addresses of their pages, and of those that only forms
    lead to.
    """
    with closing(signed_in(town, Role.SUPERVISOR)) as client:
        token = client.get("/stop").text.partition('name="csrf" value="')[2].partition('"')[0]

        def sent(path: str, **fields: object) -> str:
            answer = client.post(path, data={"csrf": token, **fields})
            assert answer.status_code == 303, answer.text
            return answer.headers["location"]

        sent("/cap/ask", count=5, why="the list was checked")
        job = sent("/jobs/plan", kind="resend", item=["1", "2", "3"], why="the hub did not get them")
        draft = sent("/rules/drafts", title="winter", based_on="")
        version = client.get(draft).text.partition('name="version" value="')[2].partition('"')[0]
        rule = {"kind": "disconnect", "then": "field-work", "text": "Punkt {metering_point}", "version": version}
        sent(f"{draft}/rule", **rule, hours_monday="08:00-15:00", try_days="5")
    forms = [
        "/find?q=59",
        "/jobs/new?kind=hold",
        "/rules/example?text={supplier}",
        "/documents/message/1/differences/2",
    ]
    return [job, draft, f"{draft}/rule?place=0", f"{draft}/preview", *forms]


def find_pages(town: Town, role: Role, more: Sequence[str] = ("/find?q=59",)) -> Found:
    """Follow all links, beginning with the first page and ``more``, to which forms lead; of addresses that differ in
    values only, some."""
    beginning = ["/", *more]
    found, waiting = Found(), deque((address, "the browser") for address in beginning)
    seen, alike = set(beginning), dict[tuple[str, ...], int]()
    with closing(signed_in(town, role)) as client:
        while waiting:
            address, where = waiting.popleft()
            route = _route_of(address)
            kind = (route or "?", *sorted({name for name, _ in parse_qsl(urlsplit(address).query)}))
            alike[kind] = alike.get(kind, 0) + 1
            if alike[kind] > (_ALIKE if "{" in kind[0] else 1):
                continue
            answer = client.get(address)
            found.reached.add(route or address)
            if answer.status_code not in (200, 303, 307):
                found.faults.append(f"{where} leads to {address}: {answer.status_code}")
                continue
            is_page = answer.headers.get("content-type", "").startswith("text/html")
            if answer.status_code == 200:
                (found.pages if is_page else found.files).append(address)
            links = _links(answer.text) if is_page else [answer.headers.get("location", "")]
            for link in links:
                target = urlsplit(urljoin(town.url + address, link))
                at = target.path + (f"?{target.query}" if target.query else "")
                if link and target.netloc == urlsplit(town.url).netloc and at not in seen:
                    seen.add(at)
                    waiting.append((at, address))
    return found


def _route_of(address: str) -> str | None:
    path = urlsplit(address).path
    return next((route.path for route in routes() if route.path_regex.match(path)), None)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs).get("href") or "")


def _links(html: str) -> list[str]:
    reader = _Links()
    reader.feed(html)
    return reader.found
