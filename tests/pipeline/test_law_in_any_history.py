"""No household is suspended on a day on which the law protects it, whatever happens, in whatever order is it told."""

from __future__ import annotations

import pytest
from hypothesis.stateful import run_state_machine_as_test

from csire_bridge.pipeline.execute.gates.law_gate import LawGate
from tests.pipeline.test_any_history import LONG, chosen, parts  # noqa: F401 - the fixture
from tests.support.model.bridge import Parts
from tests.support.model.law_machine import LawMachine

pytestmark = pytest.mark.slow


def machine(parts: Parts) -> type[LawMachine]:  # noqa: F811 - the fixture's value
    return type("Law", (LawMachine,), {"parts": parts})


def test_given_everything_that_can_happen_then_no_protected_household_is_suspended_on_a_forbidden_day(
    parts: Parts,  # noqa: F811 - the fixture
) -> None:
    normal = 24 if parts.database.url.startswith("sqlite") else 3
    run_state_machine_as_test(machine(parts), settings=chosen(LONG or normal))


@pytest.mark.parametrize("parts", ["sqlite"], indirect=True)
def test_given_a_bridge_without_the_gate_then_the_machine_finds_it(
    parts: Parts,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(LawGate, "passing", lambda _self, _tx, new, _points, _changes: list(new))
    with pytest.raises(AssertionError, match="was cut off on"):
        run_state_machine_as_test(machine(parts), settings=chosen(LONG or 300, shrink=False))
