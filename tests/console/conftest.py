"""The console over a database of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from csire_bridge.store.database import Database, make_current
from tests.support.console import Console


@pytest.fixture
def console(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Console]:
    if database_kind != "sqlite":
        address = request.getfixturevalue("postgresql")
    else:
        make_current(address := f"sqlite:///{tmp_path / 'csire-bridge.db'}")
    with closing(Database(address)) as database:
        yield Console(database)
