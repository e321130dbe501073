"""New orders are stored before they are confirmed, come again until they are, and are never taken twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from csire_bridge.channels.sid.client import FetchedOrder, PickUp, SidClient
from csire_bridge.channels.sid.order_fetcher import OrderFetcher
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import OutcomeUnknown, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.message.message import Form, MessageState
from csire_bridge.lab.simulators.faults.hub import Trouble
from csire_bridge.pipeline.intake.request_reply import Reply
from tests.channels.sid.test_client import client_of
from tests.channels.sid.test_client import running as sid_and_client
from tests.support.patience import PATIENCE, wait_until
from tests.support.sid import now, running


class Journal:
    """Takes what is new, as the intake does; ``fails`` leaves as many unsettled."""

    def __init__(self, fails: int = 0) -> None:
        self.taken: list[bytes] = []
        self.fails = fails

    def __call__(self, orders: Sequence[tuple[str, bytes]]) -> list[Reply]:
        return [self._one(raw) for _, raw in orders]

    def _one(self, raw: bytes) -> Reply:
        if self.fails:
            self.fails -= 1
            return Reply(Form.BARE)
        state = MessageState.DUPLICATE if raw in self.taken else MessageState.ACCEPTED
        self.taken.append(raw)
        return Reply(Form.BARE, state, None, b"")


def fetcher(client: SidClient, journal: Journal, **options: object) -> OrderFetcher:
    return OrderFetcher(client, journal, **options)  # type: ignore[arg-type]


def test_given_more_orders_than_come_at_once_when_drained_then_all_are_taken_in_their_order() -> None:
    journal = Journal()
    with sid_and_client() as (sid, client):
        numbers = [sid.register() for _ in range(7)]
        assert fetcher(client, journal, most=3).drain() == 7
        assert list(sid.picked_up) == numbers
        assert sid.waiting == []
        assert fetcher(client, journal).drain() == 0


def test_given_an_order_that_is_not_settled_when_drained_then_it_is_not_confirmed_and_comes_again() -> None:
    journal = Journal(fails=1)
    with sid_and_client() as (sid, client):
        first, second = sid.register(), sid.register()
        made = fetcher(client, journal)
        assert made.drain() == 2
        assert set(sid.picked_up) == {first, second}
        assert len(journal.taken) == 2


@pytest.mark.parametrize("trouble", ["hang", "half", "html"])
def test_given_a_confirmation_that_fails_when_drained_again_then_the_repeat_is_recognised_and_confirmed(
    trouble: str,
) -> None:
    journal = Journal()
    with sid_and_client() as (sid, client):
        sid.register()
        sid.faults.operations = frozenset({"ConfirmPickUp"})
        setattr(sid.faults, trouble, Trouble(1))
        made = fetcher(client, journal)
        with pytest.raises(OutcomeUnknown):
            made.drain()
        assert made.next_wait() > timedelta(0)
        made.drain()
        assert sid.waiting == []
        assert len(set(journal.taken)) == 1


def test_given_a_confirmation_that_sid_forgets_when_drained_then_it_is_confirmed_again() -> None:
    with sid_and_client() as (sid, client):
        sid.register()
        sid.faults.lost_confirmation = Trouble(2)
        assert fetcher(client, Journal()).drain() == 3
        assert sid.waiting == []


def test_given_confirmations_without_any_effect_when_drained_then_it_stops_with_one_clear_error() -> None:
    with sid_and_client() as (sid, client):
        sid.register()
        sid.faults.lost_confirmation = Trouble(chance=1)
        with pytest.raises(PartnerRefused, match="again and again"):
            fetcher(client, Journal()).drain()
        assert len(sid.asked) < 20


class Nameless:
    """Hands out an order without a number, for ever."""

    def __init__(self) -> None:
        self.confirmed: list[PickUp] = []

    def fetch(self, most: int) -> list[FetchedOrder]:
        assert most
        return [FetchedOrder(None, b"<Order/>")]

    def confirm(self, pick_ups: Sequence[PickUp]) -> None:
        self.confirmed += pick_ups


def test_given_an_order_without_a_number_when_drained_again_and_again_then_it_is_kept_once_and_told() -> None:
    journal, sid = Journal(), Nameless()
    made = OrderFetcher(sid, journal)
    for _ in range(3):
        with pytest.raises(PartnerRefused, match="1 of SID's new orders have no number"):
            made.drain()
    assert (journal.taken, sid.confirmed) == ([b"<Order/>"], [])


def test_given_the_lease_is_lost_when_drained_then_nothing_more_is_fetched() -> None:
    answers = iter([True, False])
    with sid_and_client() as (sid, client):
        for _ in range(4):
            sid.register()
        assert fetcher(client, Journal(), most=2, may_go_on=lambda: next(answers)).drain() == 2
        assert len(sid.waiting) == 2


# --- the whole way


def test_given_sid_hands_out_duplicates_and_nonsense_then_the_good_ones_are_taken_once_and_all_is_kept(
    tmp_path: Path,
) -> None:
    with running(tmp_path, sid={"fetch_most": 10}) as scene:
        scene.sid.faults.duplicates = Trouble(1)
        scene.sid.faults.nonsense = Trouble(1)
        days = [(now() + timedelta(days=n)).astimezone(WARSAW).date() for n in range(1, 4)]
        numbers = [scene.sid.register(RequestedDate=day) for day in days]
        wait_until(lambda: set(numbers) <= set(scene.sid.picked_up))
        wait_until(lambda: len(scene.orders()) == 3)
        assert set(scene.sid.picked_up.values()) == {None}
        states = [message.state for message in scene.messages()]
        assert states.count(MessageState.ACCEPTED) == 3
        assert states.count(MessageState.REFUSED) == 1


def test_given_a_number_that_comes_again_with_other_content_then_it_is_refused_kept_and_sid_is_told(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as scene:
        day = (now() + timedelta(days=2)).astimezone(WARSAW).date()
        number = scene.sid.register(RequestedDate=day)
        wait_until(lambda: number in scene.sid.picked_up)
        scene.sid.register(Number=number, RequestedDate=day, Text="other")
        wait_until(lambda: scene.sid.picked_up[number])
        assert "rule.id-reused" in (scene.sid.picked_up[number] or "")
        assert len(scene.orders()) == 1


def test_given_the_same_order_fetched_and_submitted_then_it_is_one_order(tmp_path: Path) -> None:
    with running(tmp_path) as scene:
        values = scene.sid.order(
            RequestedDate=(now() + timedelta(days=2)).astimezone(WARSAW).date(), RegisteredAt=_whole_second()
        )
        first = scene.caller().submit(values)
        scene.sid.register(**values)
        wait_until(lambda: values["Number"] in scene.sid.picked_up)
        assert scene.sid.picked_up[values["Number"]] is None
        assert scene.caller().submit(values).TakenAt == first.TakenAt
        assert len(scene.orders()) == 1


def _whole_second() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def test_given_a_bridge_that_stops_and_starts_then_no_order_is_taken_twice(tmp_path: Path) -> None:
    with running(tmp_path) as scene:
        day = (now() + timedelta(days=2)).astimezone(WARSAW).date()
        scene.sid.faults.lost_confirmation = Trouble(2)
        scene.sid.register(RequestedDate=day)
        wait_until(scene.orders)
    with running(tmp_path, simulator=scene.sid) as again:
        wait_until(lambda: not again.sid.waiting)
        assert len(again.orders()) == 1


# --- the simulator as a process


def test_given_the_simulator_as_a_process_then_it_hands_out_what_is_registered_and_ends_with_its_parent() -> None:
    command = [sys.executable, "-m", "csire_bridge.lab.simulators.sid", "--user", "u", "--password", "p", "--seed", "5"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        process.stdin.write(json.dumps({"Text": "from a line"}).encode() + b"\n")
        process.stdin.flush()
        number = json.loads(process.stdout.readline())["registered"]
        with client_of(url, user="u", password="p") as client:
            [order] = client.fetch()
            assert (order.number, b"from a line" in order.raw) == (number, True)
        with client_of(url) as stranger, pytest.raises(PartnerUnreachable):
            stranger.fetch()
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
