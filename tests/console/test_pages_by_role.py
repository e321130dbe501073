"""Each role sees in the menu, and may open, exactly what its permissions say."""

from __future__ import annotations

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
