"""Orders of SID, from its registration to the last report; and orders that the hub asks for as well."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from csire_bridge.domain.orders import OrderState
from tests.integration.sid_support import METER, now, running, until


def test_given_an_order_that_waits_in_sid_then_it_is_fetched_confirmed_carried_out_and_reported(tmp_path: Path) -> None:
    with running(tmp_path) as scene:
        registered_at = now() - timedelta(minutes=7)
        number = scene.sid.register(RegisteredAt=registered_at)
        until(lambda: scene.sid.status_of(number) == "done")
        [order] = scene.orders()
        assert (order.state, order.source_message, order.process_instance) == (OrderState.DONE, None, None)
        assert scene.head_end.meter(METER).output_state is False
        assert order.execution_seconds is not None
        assert order.execution_seconds > 7 * 60
        assert scene.sid.picked_up == {number: None}
        told = [told.status for told in scene.sid.told]
        assert told == ["registered", "sent-to-meter", "done"]
        assert [told.sequence for told in scene.sid.told] == [1, 2, 3]
        last = scene.sid.told[-1].facts
        assert abs(float(last["ExecutionSeconds"]) - order.execution_seconds) < 0.002
        assert last["MeterNumber"] == METER
        assert scene.answers() == [], "no process of the hub is behind it"
        assert scene.sid.problems == []
