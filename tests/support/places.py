"""Places for bridges of their own: on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Servers
from tests.support.household import Place


@pytest.fixture
def place(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A folder and a database that nobody has used, of each kind in turn."""
    if database_kind == "sqlite":
        yield Place(tmp_path, f"sqlite:///{tmp_path / 'bridge.db'}")
        return
    servers: Servers = request.getfixturevalue("servers")
    address = request.getfixturevalue("with_tables")(18)
    yield Place(tmp_path, address)
    servers(18).drop_database(address)
