"""No household is cut off while a complaint of it stands, whatever happens, in whatever order people enter it."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from hypothesis.stateful import run_state_machine_as_test

from csire_bridge.domain.metering_point.complaints import Complaint
from tests.pipeline.test_any_history import LONG, chosen, parts  # noqa: F401 - the fixture
from tests.support.model.bridge import Parts
from tests.support.model.complaint_machine import ComplaintMachine

pytestmark = pytest.mark.slow


def machine(parts: Parts) -> type[ComplaintMachine]:  # noqa: F811 - the fixture's value
    return type("Complaints", (ComplaintMachine,), {"parts": parts})


def test_given_everything_that_can_happen_then_no_disconnection_is_given_while_a_complaint_stands(
    parts: Parts,  # noqa: F811 - the fixture
) -> None:
    normal = 20 if parts.database.url.startswith("sqlite") else 3
    run_state_machine_as_test(machine(parts), settings=chosen(LONG or normal))


@pytest.mark.parametrize("parts", ["sqlite"], indirect=True)
def test_given_a_bridge_that_lets_complaints_end_by_time_then_the_machine_finds_it(
    parts: Parts,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Chance needs a thousand examples to come to it, so this history is told."""
    for wrong in (False, True):
        if wrong:
            monkeypatch.setattr(Complaint, "blocks", lambda self, now: not self._is_late(now))
        history = machine(parts)()
        history.complaint_is_lodged(at=0, days=20, after_cut=False, then=0)
        history.asks_to_disconnect(at=0, ago=0, days=None, then=2)
        with pytest.raises(AssertionError, match="a complaint is not") if wrong else nullcontext():
            history.rules_hold()
