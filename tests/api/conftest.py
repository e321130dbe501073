"""The API over a database of each kind, and a caller who may do everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from csire_bridge.store.database import Database, make_current
from tests.support.api import Api, Caller, running


@pytest.fixture
def everything(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Api, Caller]]:
    if database_kind != "sqlite":
        address = request.getfixturevalue("postgresql")
    else:
        make_current(address := f"sqlite:///{tmp_path / 'csire-bridge.db'}")
    with closing(Database(address)) as database, running(database) as found:
        yield found


@pytest.fixture
def api(everything: tuple[Api, Caller]) -> Api:
    return everything[0]


@pytest.fixture
def caller(everything: tuple[Api, Caller]) -> Caller:
    return everything[1]
