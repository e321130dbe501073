"""Each role sees in the menu, and may open, exactly what its permissions say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from csire_bridge.console.app import AREAS
from csire_bridge.domain.people.roles import PERMISSIONS, Role
from csire_bridge.store.database import Database, make_current
from tests.support.console import Console

ENTRIES = [entry for area in AREAS for entry in area.menu]


@pytest.fixture
def own_console(tmp_path: Path) -> Iterator[Console]:
    make_current(address := f"sqlite:///{tmp_path / 'bridge.db'}")
    with closing(Database(address)) as database:
        yield Console(database)


@pytest.mark.parametrize("role", Role)
def test_the_menu_has_what_a_role_may_open_and_nothing_else_opens(own_console: Console, role: Role) -> None:
    visitor = own_console.visitor(role)
    links = visitor.get("/me").links
    wrong = []
    for entry in ENTRIES:
        may = entry.permission is None or entry.permission in PERMISSIONS[role]
        status = visitor.get(entry.path).status
        if (entry.path in links) != may or status != (200 if may else 403):
            wrong.append((entry.path, may, entry.path in links, status))
    assert wrong == []
    assert len(ENTRIES) > 10


FOR_EVERYBODY = {
    "/jobs/plan",
    "/jobs/{key}/start",
    "/jobs/{key}/cancel",
    "/login",
    "/logout",
    "/me/sessions/revoke",
    "/password",
    "/preferences",
    "/views",
    "/views/{key}/remove",
}
"""Forms that whoever may only read can send: planning asks somebody who may; the others are about oneself."""
FIELDS = {"why": "x", "count": "1", "hours": "1", "scope": "disconnections", "item": "1", "text": "x", "title": "x"}


def test_whoever_may_only_read_sends_no_form_of_others(own_console: Console) -> None:
    reader, wrong = own_console.visitor(Role.VIEWER), []
    for route in own_console.routes():
        if "POST" in (route.methods or ()) and route.path not in FOR_EVERYBODY:
            path = re.sub(r"\{eic\}", "10XPL-TSO------P", route.path)
            path = re.sub(r"\{code\}", "590000080552439813", re.sub(r"\{name\}", "adam", path))
            answer = reader.send(re.sub(r"\{\w+\}", "1", path), FIELDS, "/stop")
            if answer.status in (200, 303):
                wrong.append((route.path, answer.status))
    assert wrong == []
