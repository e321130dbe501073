"""What every bridge of a simulated household shares."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest

from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from tests.support.model.bridge import CountingDatabase, Parts
from tests.support.model.scene import Scene


@pytest.fixture(scope="session")
def parts_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """An SQLite file, the standard and certificates, made once: a scene empties the tables before it begins."""
    place = tmp_path_factory.mktemp("scene")
    with closing(CountingDatabase(f"sqlite:///{place / 'bridge.db'}")) as database:
        database.upgrade()
        yield Parts.made(database, make_demo_pki(place, system_clock()))


@pytest.fixture
def quiet() -> Iterator[None]:
    """What the bridge logs about faults that were meant is of no use."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)


@pytest.fixture
def scene(parts_once: Parts, quiet: None) -> Scene:
    """Three households whose supply is on."""
    return Scene(parts_once)
