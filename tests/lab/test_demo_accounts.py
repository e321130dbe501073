"""The accounts of the demo's console: one for each role, and each can sign in."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from csire_bridge.access.authenticate import Authenticator, LoggedIn
from csire_bridge.domain.people.roles import Role
from csire_bridge.lab.demo.accounts import NAMES, make_accounts
from csire_bridge.store.database import Database, make_current
from tests.support.people import START


def test_each_role_has_an_account_that_can_sign_in(tmp_path: Path) -> None:
    make_current(address := f"sqlite:///{tmp_path / 'demo.db'}")
    with closing(Database(address)) as database:
        passwords = make_accounts(database, lambda: START)
        assert set(passwords) == set(Role)
        door = Authenticator(database, lambda: START)
        for role, password in passwords.items():
            found = door.log_in(NAMES[role], password)
            assert isinstance(found, LoggedIn)
            assert found.actor.role is role
