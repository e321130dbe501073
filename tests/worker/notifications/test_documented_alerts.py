"""The table of alerts in docs/operating.md: every kind with its meaning and where to go, and no others."""

from __future__ import annotations

import re

from csire_bridge.domain.operations.alerts import AlertKind
from tests.support.repository import REPOSITORY

_ROW = re.compile(r"\| (`[a-z`, -]+`) \| ([^|]+) \| ([^|]+) \|")


def test_the_table_of_alerts_has_every_kind_once_with_meaning_and_remedy_and_no_others() -> None:
    page = (REPOSITORY / "docs" / "operating.md").read_text("utf-8")
    table = page[page.index("| alert |") : page.index("## Look first")]
    named = [kind for names, meaning, remedy in _ROW.findall(table) for kind in re.findall(r"`([a-z-]+)`", names)]
    assert sorted(named) == sorted(kind.value for kind in AlertKind)
