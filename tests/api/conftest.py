"""The API over an SQLite file in memory, and a caller who may do everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from csire_bridge.store.database import Database
from tests.support.api import Api, Caller, running


@pytest.fixture
def everything(tmp_path: Path) -> Iterator[tuple[Api, Caller]]:
    with closing(Database(f"sqlite:///{tmp_path / 'csire-bridge.db'}")) as database:
        database.upgrade()
        with running(database) as found:
            yield found


@pytest.fixture
def api(everything: tuple[Api, Caller]) -> Api:
    return everything[0]


@pytest.fixture
def caller(everything: tuple[Api, Caller]) -> Caller:
    return everything[1]
