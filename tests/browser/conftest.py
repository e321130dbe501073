"""A browser, and the console over a copy of the demo's data at which everything works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Town, open_browser, open_town


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a file; its event loop must not be there for others."""
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def town(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with open_town(demo, tmp_path_factory.mktemp("town")) as opened:
        yield opened
