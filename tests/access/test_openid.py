"""The whole login at an identity provider, on loopback: what holds, and everything that must not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from csire_bridge.access.authenticate import LoggedIn
from csire_bridge.access.identity import Begun, Identity
from csire_bridge.access.identity_login import log_in_by_identity
from csire_bridge.access.openid import OpenId
from csire_bridge.config.sections.running.access import OidcSettings
from csire_bridge.domain.errors import PartnerUnreachable
from csire_bridge.domain.people.accounts import Refusal, RefusalReason, SessionPolicy
from csire_bridge.domain.people.actor import Origin
from csire_bridge.domain.people.roles import Role
from csire_bridge.lab.simulators.oidc.provider import IdentityProvider
from csire_bridge.store.database import Database
from tests.support.patience import PATIENCE
from tests.support.people import START, add_account

BACK = "https://bridge.example/login/back"
ROLES = {"chiefs": Role.ADMINISTRATOR, "ops": Role.OPERATOR}
NOW = int(START.timestamp())


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider(now=START.timestamp) as running:
        yield running


def client(provider: IdentityProvider, **changes: Any) -> OpenId:
    return OpenId(OidcSettings(**{"issuer": provider.issuer, "roles": ROLES, **changes}), lambda: START)


def browsed(begun: Begun) -> str:
    """Where the browser comes back to."""
    return httpx.get(begun.url, follow_redirects=False, trust_env=False, timeout=PATIENCE).headers["location"]


def whole(provider: IdentityProvider, **changes: Any) -> Identity | Refusal:
    us = client(provider, **changes)
    begun = us.begin(BACK)
    return us.end(begun, BACK, browsed(begun))


def test_whoever_logs_in_there_is_known_with_the_role_of_his_group(provider: IdentityProvider) -> None:
    assert whole(provider) == Identity("u-1", "anna", Role.OPERATOR)
    provider.user["groups"] = ["ops", "chiefs"]
    assert whole(provider) == Identity("u-1", "anna", Role.ADMINISTRATOR)
    provider.user["groups"] = ["others"]
    assert isinstance(whole(provider), Refusal)


@pytest.mark.parametrize(
    "faults",
    [
        {"aud": "another-program"},
        {"aud": ["csire-bridge", "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"nonce": "of another login"},
        {"nonce": None},
        {"exp": NOW - 61},
        {"exp": None},
        {"iat": NOW + 3600, "exp": NOW + 7200},
        {"nbf": NOW + 3600},
        {"sub": None},
    ],
)
def test_a_token_that_is_not_for_us_this_login_and_this_time_is_refused(
    provider: IdentityProvider, faults: dict[str, Any]
) -> None:
    provider.faults = faults
    found = whole(provider)
    assert isinstance(found, Refusal), found
    assert found.reason is RefusalReason.WRONG


def test_a_token_without_a_signature_or_by_a_foreign_key_is_refused(provider: IdentityProvider) -> None:
    provider.unsigned = True
    assert isinstance(whole(provider), Refusal)
    provider.unsigned, provider.foreign_key = False, True
    assert isinstance(whole(provider), Refusal)
    provider.foreign_key = False
    assert isinstance(whole(provider), Identity)


def test_another_browsers_code_state_or_verifier_is_refused_and_a_code_counts_once(provider: IdentityProvider) -> None:
    us = client(provider)
    begun, other = us.begin(BACK), us.begin(BACK)
    came_back = browsed(begun)
    assert isinstance(us.end(other, BACK, came_back), Refusal)
    assert isinstance(us.end(replace(begun, verifier=other.verifier), BACK, came_back), Refusal)
    came_back = browsed(begun)
    assert isinstance(us.end(begun, BACK, came_back), Identity)
    assert isinstance(us.end(begun, BACK, came_back), Refusal)
    assert isinstance(us.end(begun, BACK, f"{BACK}?error=access_denied&state={begun.state}"), Refusal)


def test_the_secret_of_the_file_is_given_where_the_provider_asks_for_it(
    provider: IdentityProvider, tmp_path: Path
) -> None:
    provider.client_secret = "s3cret"
    assert isinstance(whole(provider), Refusal)
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    assert isinstance(whole(provider, client_secret_file=file), Identity)


def test_a_provider_that_is_away_or_is_another_one_is_told_so(provider: IdentityProvider) -> None:
    with pytest.raises(PartnerUnreachable, match="calls itself"):
        client(provider, issuer=provider.issuer.replace("127.0.0.1", "localhost")).begin(BACK)
    with pytest.raises(PartnerUnreachable):
        client(provider, issuer="http://127.0.0.1:9").begin(BACK)
    with pytest.raises(ValueError, match="https"):
        OidcSettings(issuer="http://login.example.org")


def test_an_account_is_made_at_the_first_login_follows_its_group_and_is_never_taken_over(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as database:
        database.upgrade()

        def enter(identity: Identity) -> LoggedIn | Refusal:
            with database.transaction() as tx:
                return log_in_by_identity(tx, identity, Origin("192.0.2.1"), SessionPolicy(), START)

        assert isinstance(enter(Identity("u-1", "anna", Role.OPERATOR)), Refusal)
        key = add_account(database, "boss", Role.ADMINISTRATOR)
        first = enter(Identity("u-1", "anna", Role.OPERATOR))
        assert isinstance(first, LoggedIn)
        second = enter(Identity("u-1", "anna", Role.SUPERVISOR))
        assert isinstance(second, LoggedIn)
        assert second.actor.role is Role.SUPERVISOR
        assert isinstance(enter(Identity("u-2", "boss", Role.ADMINISTRATOR)), Refusal)
        with database.transaction() as tx:
            assert len(tx.sessions.of(key + 1)) == 1
            tx.accounts.lock(key + 1, START + timedelta(days=1))
        locked = enter(Identity("u-1", "anna", Role.OPERATOR))
        assert isinstance(locked, Refusal)
        assert locked.reason is RefusalReason.LOCKED
