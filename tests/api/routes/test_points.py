"""What is known of a point is told with its sources; its meter is asked by the API, too."""

from __future__ import annotations

import pytest

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.people.roles import Role
from tests.console.points.test_points import Reads
from tests.support.api import Api, Caller
from tests.support.store import CODE, NOW


@pytest.mark.every_database
def test_a_point_is_told_with_its_meters_and_its_contactor_after_its_meter_was_asked(api: Api, caller: Caller) -> None:
    with api.database.transaction() as tx:
        tx.points.put(MeteringPoint(code=CODE, updated_at=NOW, meter=MeterNumber("M1")))
    body = caller.get(f"/points/{CODE}").json()
    assert body["facts"]["meter"]["value"] == "M1"
    assert body["contactor"] is None
    api.head_end = Reads()
    read = caller.post(f"/points/{CODE}/ask", {"why": "no supply"})
    assert read.json()["output_state"] is False
    assert caller.get(f"/points/{CODE}").json()["contactor"]["state"] == "off"


def test_asking_needs_a_meter_a_head_end_system_and_the_right(api: Api, caller: Caller) -> None:
    assert caller.post(f"/points/{CODE}/ask", {"why": "x"}).status_code == 409
    auditor = Caller(api, api.token(Role.AUDITOR))
    assert auditor.post(f"/points/{CODE}/ask", {"why": "x"}).status_code == 403
