"""A token never may do more than whoever made it may do now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csire_bridge.access.authenticate import Authenticator
from csire_bridge.access.secrets import hash_of_secret
from csire_bridge.domain.people.accounts import ApiToken, Refusal, RefusalReason
from csire_bridge.domain.people.actor import Actor
from csire_bridge.domain.people.roles import PERMISSIONS, Permission, Role
from csire_bridge.store.database import Database
from tests.support.people import QUICK, START, add_account

ALL = frozenset(Permission)
YEAR = timedelta(days=365)


@pytest.fixture
def door(database: Database) -> Authenticator:
    return Authenticator(database, lambda: START, passwords=QUICK)


def make(database: Database, name: str, by: str, scopes: frozenset[Permission] = ALL, ends_in: timedelta = YEAR) -> str:
    secret = f"csb_{name}"
    token = ApiToken(0, name, hash_of_secret(secret), " ".join(sorted(scopes)), START - YEAR, by, START + ends_in)
    with database.transaction() as tx:
        tx.tokens.add(token)
    return secret


def rights(found: Actor | Refusal) -> frozenset[Permission]:
    if isinstance(found, Refusal):
        assert found.reason is RefusalReason.LOCKED, found
        return frozenset()
    return found.permissions


@pytest.mark.every_database
@pytest.mark.parametrize("role", Role)
def test_a_token_has_its_scopes_as_far_as_its_maker_has_them_now(
    database: Database, door: Authenticator, role: Role
) -> None:
    key = add_account(database, "anna", Role.ADMINISTRATOR)
    secret, few = make(database, "of-anna", "anna"), make(database, "few", "anna", frozenset({Permission.ORDERS}))
    assert rights(door.by_token(secret)) == ALL
    with database.transaction() as tx:
        tx.accounts.set_role(key, role)
    assert rights(door.by_token(secret)) == PERMISSIONS[role]
    assert rights(door.by_token(few)) == {Permission.ORDERS} & PERMISSIONS[role]


def test_the_token_of_a_locked_account_is_let_in_no_more_and_again_when_it_is_unlocked(
    database: Database, door: Authenticator
) -> None:
    key = add_account(database, "anna", Role.ADMINISTRATOR)
    secret = make(database, "of-anna", "anna")
    with database.transaction() as tx:
        tx.accounts.lock(key, START)
    found = door.by_token(secret)
    assert isinstance(found, Refusal)
    assert "whoever made the token is locked" in found.text
    with database.transaction() as tx:
        tx.accounts.unlock(key)
    assert rights(door.by_token(secret)) == ALL


def test_a_token_made_by_a_token_counts_as_far_as_that_one_and_its_maker_do(
    database: Database, door: Authenticator
) -> None:
    key = add_account(database, "anna", Role.ADMINISTRATOR)
    make(database, "first", "anna", frozenset({Permission.READ, Permission.RULES, Permission.PEOPLE}))
    secret = make(database, "second", "token first")
    assert rights(door.by_token(secret)) == {Permission.READ, Permission.RULES, Permission.PEOPLE}
    with database.transaction() as tx:
        tx.accounts.set_role(key, Role.SUPERVISOR)
    assert rights(door.by_token(secret)) == {Permission.READ, Permission.RULES}
    with database.transaction() as tx:
        first = tx.tokens.named("first")
        assert first is not None
        tx.tokens.revoke(first.key, START)
    assert rights(door.by_token(secret)) == frozenset()


def test_tokens_that_name_each_other_as_makers_may_nothing(database: Database, door: Authenticator) -> None:
    secret = make(database, "one", "token other")
    make(database, "other", "token one")
    assert rights(door.by_token(secret)) == frozenset()


def test_a_maker_who_needed_no_login_takes_nothing_away(database: Database, door: Authenticator) -> None:
    assert rights(door.by_token(make(database, "early", "Anna Nowak"))) == ALL
