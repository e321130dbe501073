"""The page about people shows the table of roles as it is."""

from __future__ import annotations

from csire_bridge.domain.people.roles import PERMISSIONS, Permission, Role
from tests.support.repository import REPOSITORY


def test_the_page_shows_what_each_role_may_do() -> None:
    text = (REPOSITORY / "docs" / "people.md").read_text("utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    heading = next(row for row in rows if row[0] == "permission")
    roles = list(map(Role, heading[2:]))
    lines = {row[0].strip("`"): row[2:] for row in rows if row[0].strip("`") in list(Permission)}
    said = {name: {role for role, cell in zip(roles, cells, strict=True) if cell} for name, cells in lines.items()}
    assert set(roles) == set(Role)
    assert said == {p.value: {role for role in Role if p in PERMISSIONS[role]} for p in Permission}
