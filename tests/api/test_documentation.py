"""The examples of docs/api.md are asked of the API, and every path stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.roles import Role
from tests.support.api import Api
from tests.support.people import add_account
from tests.support.store import CODE, NOW, add_order

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
ADDRESS = "http://127.0.0.1:8081/api/v1"


def examples() -> list[list[str]]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines() if line.startswith("curl ")]


@pytest.mark.every_database
def test_the_examples_of_the_page_work(api: Api) -> None:
    add_order(api.database, state=OrderState.PARKED)
    with api.database.transaction() as tx:
        tx.points.put(MeteringPoint(code=CODE, updated_at=NOW))
    token = api.token(name="page")
    add_account(api.database, "boss", Role.ADMINISTRATOR)
    assert len(examples()) > 5
    for words in examples():
        headers = [words[place + 1] for place, word in enumerate(words) if word == "-H"]
        body = words[words.index("-d") + 1] if "-d" in words else None
        found = api.client.request(
            "POST" if body else "GET",
            words[-1].removeprefix(ADDRESS),
            content=body,
            headers=dict(one.replace("$TOKEN", token).split(": ", 1) for one in headers),
        )
        assert found.status_code in (200, 201), (words[-1], found.text)


def test_every_path_stands_on_the_page(api: Api) -> None:
    told = set(re.findall(r"`(/[^`? ]*)`", PAGE))
    for path in api.app.openapi()["paths"]:
        parts = path.split("/")
        last = "/" + "/".join(parts[-2:] if parts[-2] in ("danger", "sessions") else parts[-1:])
        assert path in told or last in told, path
