"""Who is let in, by session, token, or name and password, in every database."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from csire_bridge.access.authenticate import Authenticator, LoggedIn
from csire_bridge.access.passwords import Passwords
from csire_bridge.access.secrets import hash_of_secret, new_token_secret
from csire_bridge.domain.people.accounts import ApiToken, Refusal, RefusalReason
from csire_bridge.domain.people.actor import Actor, ActorKind, Origin
from csire_bridge.domain.people.audit import first_broken
from csire_bridge.domain.people.roles import Permission, Role
from csire_bridge.store.database import Database
from tests.support.people import PASSWORD, QUICK, START, add_account

HOME, STRANGER = Origin(address="192.0.2.1"), Origin(address="198.51.100.7")
MINUTE = timedelta(minutes=1)


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def door(database: Database, time: Time) -> Authenticator:
    return Authenticator(database, time, passwords=QUICK)


def logged_in(door: Authenticator, name: str = "anna", origin: Origin = HOME) -> LoggedIn:
    found = door.log_in(name, PASSWORD, origin)
    assert isinstance(found, LoggedIn), found
    return found


def reason(found: object) -> RefusalReason:
    assert isinstance(found, Refusal), found
    return found.reason


def acts(database: Database) -> list[str]:
    with database.read_transaction() as tx:
        assert first_broken(tx.audit.days(), tx.audit.entries()) is None
        return [one.entry.act for one in tx.audit.entries()]


@pytest.mark.every_database
def test_a_right_password_begins_a_session_and_only_the_hash_of_its_secret_is_stored(
    database: Database, door: Authenticator
) -> None:
    add_account(database)
    session = logged_in(door, " Anna ")
    assert door.by_session(session.secret, HOME) == session.actor
    assert session.actor.role is Role.OPERATOR
    with database.read_transaction() as tx:
        (stored,) = tx.sessions.of(1)
        assert stored.secret_hash == hash_of_secret(session.secret)
    assert acts(database) == ["login.done"]


def test_a_session_ends_when_it_rests_for_too_long_and_at_its_end_in_any_case(
    database: Database, door: Authenticator, time: Time
) -> None:
    add_account(database)
    secret = logged_in(door).secret
    for _ in range(23):
        time.now += 29 * MINUTE
        assert isinstance(door.by_session(secret), Actor)
    time.now += 30 * MINUTE
    assert reason(door.by_session(secret)) is RefusalReason.ENDED
    secret = logged_in(door).secret
    for _ in range(24):
        time.now += 29 * MINUTE
        assert isinstance(door.by_session(secret), Actor)
    time.now += 25 * MINUTE
    assert reason(door.by_session(secret)) is RefusalReason.ENDED


def test_whoever_logs_out_can_not_go_on_with_the_secret(database: Database, door: Authenticator) -> None:
    add_account(database)
    secret = logged_in(door).secret
    assert door.log_out(secret, HOME)
    assert not door.log_out(secret, HOME)
    assert reason(door.by_session(secret)) is RefusalReason.ENDED
    assert acts(database) == ["login.done", "login.ended"]


def test_a_locked_account_is_not_let_in_and_its_session_ends(database: Database, door: Authenticator) -> None:
    key = add_account(database)
    secret = logged_in(door).secret
    with database.transaction() as tx:
        tx.accounts.lock(key, START)
    assert reason(door.by_session(secret)) is RefusalReason.LOCKED
    assert reason(door.log_in("anna", PASSWORD, HOME)) is RefusalReason.LOCKED


def test_an_initial_password_begins_no_session(database: Database, door: Authenticator) -> None:
    add_account(database, must_change=True)
    assert reason(door.log_in("anna", PASSWORD, HOME)) is RefusalReason.MUST_CHANGE
    assert acts(database) == ["login.failed"]


def test_an_unknown_name_costs_the_work_of_a_wrong_password_and_hears_the_same_words(database: Database) -> None:
    checked: list[str | None] = []

    class Counting(Passwords):
        def fits(self, password: str, stored: str | None) -> bool:
            checked.append(stored)
            return super().fits(password, stored)

    door = Authenticator(database, lambda: START, passwords=Counting(1, 8, 1))
    add_account(database)
    assert door.log_in("anna", "wrong", HOME) == door.log_in("nobody", "wrong", HOME)
    assert [stored is None for stored in checked] == [False, True]
    assert acts(database) == ["login.failed", "login.failed"]


def test_an_address_that_guesses_is_slowed_down_and_the_owner_elsewhere_is_not(
    database: Database, door: Authenticator, time: Time
) -> None:
    add_account(database)
    logged_in(door)
    for _ in range(5):
        assert reason(door.log_in("anna", "wrong", STRANGER)) is RefusalReason.WRONG
    refused = door.log_in("anna", PASSWORD, STRANGER)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.wait_seconds) == (RefusalReason.TOO_MANY, 12)
    assert acts(database).count("login.failed") == 5
    logged_in(door)
    time.now += timedelta(seconds=12)
    assert isinstance(door.log_in("anna", PASSWORD, STRANGER), LoggedIn)


def test_many_addresses_that_guess_one_name_lock_out_strangers_for_seconds_and_the_owner_never(
    database: Database, door: Authenticator, time: Time
) -> None:
    add_account(database)
    logged_in(door)
    found = [reason(door.log_in("anna", "wrong", Origin(address=f"198.51.100.{n}"))) for n in range(25)]
    assert found.count(RefusalReason.WRONG) == 20
    logged_in(door)
    time.now += timedelta(seconds=3)
    assert reason(door.log_in("anna", "wrong", STRANGER)) is RefusalReason.WRONG


def test_a_right_password_of_another_name_makes_an_address_no_owner(
    database: Database, door: Authenticator, time: Time
) -> None:
    add_account(database)
    add_account(database, "bert")
    logged_in(door, "bert", STRANGER)
    for n in range(20):
        door.log_in("anna", "wrong", Origin(address=f"203.0.113.{n}"))
    assert reason(door.log_in("anna", "wrong", STRANGER)) is RefusalReason.TOO_MANY


def test_a_hash_with_other_parameters_is_made_anew_at_the_next_login(database: Database) -> None:
    key = add_account(database)
    newer = Passwords(passes=2, kibibytes=8, lanes=1)
    logged_in(Authenticator(database, lambda: START, passwords=newer))
    with database.read_transaction() as tx:
        stored = tx.accounts.get(key).password_hash or ""
    assert "t=2" in stored
    assert not newer.is_old(stored)


def test_a_token_gives_its_scopes_until_it_ends_or_is_revoked(
    database: Database, door: Authenticator, time: Time
) -> None:
    secret = new_token_secret()
    token = ApiToken(0, "reports", hash_of_secret(secret), "read", START, "anna", START + 10 * MINUTE)
    with database.transaction() as tx:
        key = tx.tokens.add(token)
    found = door.by_token(secret, HOME)
    assert found == Actor("token reports", ActorKind.TOKEN, frozenset({Permission.READ}), origin=HOME)
    assert reason(door.by_token("csb_other")) is RefusalReason.WRONG
    time.now += timedelta(seconds=59)
    door.by_token(secret)
    with database.transaction() as tx:
        assert tx.tokens.all()[0].last_used_at == START
        assert tx.tokens.revoke(key, time.now)
    assert reason(door.by_token(secret)) is RefusalReason.ENDED
    with database.transaction() as tx:
        other = new_token_secret()
        tx.tokens.add(ApiToken(0, "later", hash_of_secret(other), "read", START, "anna", START + 10 * MINUTE))
    time.now = START + 10 * MINUTE
    assert reason(door.by_token(other)) is RefusalReason.ENDED
