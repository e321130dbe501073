"""What the table of rule sets, and the queries of the preview, promise over every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.order.order import Order, OrderState, Outcome
from csire_bridge.domain.rules.model import RuleSetVersion
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.execute.gates.rule_cache import RuleBook
from csire_bridge.store.database import Database
from csire_bridge.store.repositories.orders.rule_sets import past_orders, waiting_orders
from csire_bridge.store.tables import work
from tests.support.rules import DEBT, NOW

HOUR = timedelta(hours=1)
TEXT = "# żółć\nrules:\n- for: {kind: disconnect}\n  wait_days: 1\n"
VERSION = RuleSetVersion(0, NOW + HOUR, NOW, "Anna Nowak", "żeby było", TEXT)


def add(database: Database, **changes: object) -> Order:
    one = replace(DEBT, source_message=MessageId.new(), **changes)  # type: ignore[arg-type]
    with database.transaction() as tx:
        (key,) = tx.orders.add([one], NOW)
        return tx.orders.get(key)


def due(database: Database, order: Order) -> datetime:
    with database.reading() as connection:
        found = connection.execute(select(work.c.due_at).where(work.c.subject == order.key)).scalar_one()
    assert isinstance(found, datetime)
    return found


def test_given_rule_sets_when_entered_then_all_are_read_in_that_order_and_nothing_is_lost(database: Database) -> None:
    with database.transaction() as tx:
        assert tx.rule_sets.count() == 0
        keys = [tx.rule_sets.enter(VERSION), tx.rule_sets.enter(replace(VERSION, valid_from=NOW))]
    with database.read_transaction() as tx:
        versions = tx.rule_sets.versions()
        assert tx.rule_sets.count() == 2
    assert versions == [replace(VERSION, key=keys[0]), replace(VERSION, key=keys[1], valid_from=NOW)]


def test_given_orders_that_wait_when_a_rule_set_is_entered_then_they_are_looked_at_again_when_it_begins(
    database: Database,
) -> None:
    far, near = NOW + 50 * HOUR, NOW + HOUR / 2
    by_rule, soon, dated = add(database), add(database), add(database, not_before=NOW + 20 * HOUR)
    given = add(database, state=OrderState.SUBMITTED)
    with database.transaction() as tx:
        for order, at in ((by_rule, far), (soon, near), (dated, far), (given, far)):
            tx.work.add(WorkStep.EXECUTE, [order.key], at)
        tx.rule_sets.enter(VERSION)
    assert due(database, by_rule) == VERSION.valid_from
    assert due(database, soon) == near
    assert due(database, dated) == far
    assert due(database, given) == far


def test_given_a_book_when_a_rule_set_is_entered_then_the_next_transaction_has_it_and_else_nothing_is_read_anew(
    database: Database,
) -> None:
    book = RuleBook()
    with database.transaction() as tx:
        before = book.timeline(tx.rule_sets)
        tx.rule_sets.enter(VERSION)
        after = book.timeline(tx.rule_sets)
    assert before.next_change(NOW) is None
    assert after.next_change(NOW) == VERSION.valid_from
    assert after.at(VERSION.valid_from).rule_for(DEBT).wait_days == 1
    with database.read_transaction() as tx:
        assert book.timeline(tx.rule_sets) is after


def test_given_a_stored_rule_set_that_can_not_be_read_when_asked_for_then_it_is_named(database: Database) -> None:
    with database.transaction() as tx:
        key = tx.rule_sets.enter(replace(VERSION, text="rules: nonsense"))
        with pytest.raises(ConfigurationError, match=f"rule set {key}, line 1"):
            RuleBook().timeline(tx.rule_sets)


def test_given_orders_of_every_state_when_previewed_then_only_those_that_wait_and_those_that_were_executed_are_there(
    database: Database,
) -> None:
    orders = {state: add(database, state=state) for state in OrderState if state is not OrderState.DONE}
    facts = {"executed_at": NOW, "submitted_at": NOW, "outcome": Outcome.DISCONNECTED}
    done = add(database, state=OrderState.DONE, **facts)
    add(database, state=OrderState.DONE, registered_at=NOW - HOUR, **facts)
    with database.reading() as connection:
        waiting, past = list(waiting_orders(connection, 10)), list(past_orders(connection, NOW))
    assert [one.key for one in waiting] == [orders[OrderState.REGISTERED].key]
    assert [(one.key, one.executed_at, one.submitted_at) for one in past] == [(done.key, NOW, NOW)]
    assert waiting[0].supplier == DEBT.supplier
    assert waiting[0].disconnection_kind is DEBT.disconnection_kind
