"""What is kept of strangers' bytes: a budget for each day, counted by all processes together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

from sqlalchemy import text

from csire_bridge.domain.message.message import Channel, Form, MessageState, SettledMessage
from csire_bridge.domain.message.strangers import Share
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.store.database import Database
from csire_bridge.store.housekeeping.integrity_check import inspect_database
from csire_bridge.store.queries.alerts.alert_conditions import standing
from csire_bridge.store.queries.search.message_search import message_file
from tests.store.test_store import upgrade_to
from tests.support.defaults import PARTNER_WAIT
from tests.support.store import MINUTE, NOW

DAY = timedelta(days=1)
SHA = "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7"  # of b"data"


def room(database: Database, sizes: list[int], share: Share = Share.LEFT, days: int = 0) -> list[bool]:
    with database.transaction() as tx:
        return tx.strangers.room(share, sizes, 100, NOW + days * DAY)


def test_given_a_budget_when_it_is_used_up_then_only_what_fits_is_kept(database: Database) -> None:
    assert room(database, [60, 50, 40]) == [True, False, True]
    assert room(database, [1, 0]) == [False, True]
    assert room(database, [100], Share.WAITING) == [True], "a share of its own"
    assert room(database, [100], days=1) == [True], "a new day"


def test_given_many_at_once_then_together_they_get_no_more_than_the_budget(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        fits = [fit for found in pool.map(lambda _: room(database, [9]), range(40)) for fit in found]
    assert fits.count(True) == 11


def alerts(database: Database, days: int = 0) -> list[tuple[int, str]]:
    with database.read_transaction() as tx:
        found = standing(tx.connection, NOW + days * DAY + MINUTE, MINUTE, DAY, PARTNER_WAIT)
        return [(a.count, a.detail) for a in found if a.kind is AlertKind.STRANGERS_TRIMMED]


def test_given_too_much_then_an_alert_stands_until_the_day_is_over(database: Database) -> None:
    room(database, [100])
    assert alerts(database) == []
    room(database, [30, 40])
    assert alerts(database) == [(2, "70 bytes in all")]
    assert alerts(database, days=1) == []


def test_given_a_message_that_is_cut_then_hash_and_size_stay_and_it_is_not_judged_again(database: Database) -> None:
    with database.transaction() as tx:
        cut, accepted = tx.messages.add(Channel.WEBHOOK, NOW, [("x", b"data", SHA, Form.BARE)] * 2)
        refused = SettledMessage(
            key=cut, state=MessageState.REFUSED, receipt=b"<r/>", code="trust.profile", again_at=NOW
        )
        good = SettledMessage(key=accepted, state=MessageState.ACCEPTED, receipt=b"<r/>")
        tx.messages.settle([refused, good])
        tx.messages.trim([(cut, b"da", 4), (accepted, b"da", 4)])
    with database.read_transaction() as tx:
        assert tx.messages.due_again(NOW + DAY, 10) == []
        assert [raw.raw for raw in tx.messages.refused([cut])] == [b""]
        ends = tx.messages.ends([cut, accepted])
        assert (ends[cut].receipt, ends[accepted].receipt) == (None, b"<r/>")
        file = message_file(tx.connection, cut)
        assert file is not None
        assert [file["message"][name] for name in ("bytes", "bytes_kept", "sha256")] == [4, 2, SHA]
        kept = message_file(tx.connection, accepted)
        assert kept is not None
        assert kept["message"]["bytes_kept"] == 4, "what was accepted is never cut"
        assert not [found for found in inspect_database(tx.connection) if "bytes" in found]


def test_given_messages_of_before_when_upgraded_then_they_are_whole_and_nothing_is_counted(address: str) -> None:
    with closing(Database(address)) as opened:
        upgrade_to(opened, "0020")
        row: dict[str, object] = {
            "channel": "webhook",
            "origin": "x",
            "sha256": SHA,
            "raw": b"data",
            "state": "refused",
            "code": "trust.x",
        }
        row["received_at"] = NOW if address.startswith("postgresql") else NOW.isoformat(" ", "microseconds")[:26]
        names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        with opened.transaction() as tx:
            tx.connection.execute(text(f"INSERT INTO messages ({names}) VALUES ({values})"), row)  # noqa: S608 - a test
        opened.upgrade()
        with opened.read_transaction() as tx:
            (key,) = tx.connection.execute(text("SELECT key FROM messages")).scalars()
            assert [raw.raw for raw in tx.messages.refused([key])] == [b"data"]
            file = message_file(tx.connection, key)
            assert file is not None
            assert (file["message"]["bytes"], file["message"]["bytes_kept"]) == (4, 4)
        assert alerts(opened) == []
        assert room(opened, [100]) == [True]
