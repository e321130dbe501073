"""The API over a database of its own, called in process."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx
from fastapi.testclient import TestClient

from csire_bridge.access.authenticate import Authenticator
from csire_bridge.access.secrets import hash_of_secret, new_token_secret
from csire_bridge.api.app import build_api
from csire_bridge.api.needs import ApiNeeds, InstallationNeeds
from csire_bridge.config.resources import folder
from csire_bridge.config.settings import Settings
from csire_bridge.domain.people.accounts import ApiToken
from csire_bridge.domain.people.roles import PERMISSIONS, Role
from csire_bridge.domain.people.second_person import SecondPersonRules
from csire_bridge.pipeline.execute.gates.clocks import NO_CLOCKS
from csire_bridge.pipeline.execute.gates.gates import Gates
from csire_bridge.service.wiring.settings_to_values import execution_policy
from csire_bridge.store.database import Database
from csire_bridge.xml.reading.names import Names
from tests.support.jobs import tools_of
from tests.support.people import QUICK, add_account
from tests.support.store import NOW


@cache
def our_names() -> Names:
    """The names that come with the product, read once for all tests."""
    return Names.load([folder("mappings")], [folder("schemas")])


class Api:
    """The API. ``now`` is its time; ``head_end`` reads contactors."""

    def __init__(self, database: Database, settings: Settings | None = None) -> None:
        self.database = database
        self.now: datetime = NOW
        self.head_end: Any = None
        self.certificates: list[Any] = []
        self.pinged: list[Any] = []
        policy = execution_policy(Settings(database="sqlite:///none.db"))
        self.job_tools = tools_of(lambda: self.now, policy.law, lambda: nullcontext(self.head_end))
        self.authenticator = Authenticator(database, lambda: self.now, passwords=QUICK)
        self.needs = ApiNeeds(
            database=database,
            clock=lambda: self.now,
            authenticator=self.authenticator,
            policy=policy,
            gates=lambda: Gates(policy, random.Random(1), NO_CLOCKS, can_ask=False),  # noqa: S311 - spreads retries
            head_end=lambda: nullcontext(self.head_end),
            answer_due=lambda _: "8.1.1.7",
            alerts=lambda _: [],
            address_of=lambda _: "127.0.0.1",
            wake=lambda: None,
            names=our_names,
            jobs=self.job_tools,
            installation=InstallationNeeds(
                settings or Settings(database="sqlite:///none.db"),
                lambda: self.certificates,
                lambda: {"csire-bridge": "test"},
                lambda: self.pinged,
            ),
        )
        self.app = build_api(self.needs)
        self.client = TestClient(self.app, raise_server_exceptions=False)

    def set_rules(self, rules: SecondPersonRules) -> None:
        """What needs a second person from now on."""
        self.job_tools = replace(self.job_tools, rules=rules)
        self.app.state.needs = self.needs = replace(self.needs, jobs=self.job_tools)

    def token(self, role: Role = Role.ADMINISTRATOR, name: str | None = None) -> str:
        """A new token with the permissions of a role."""
        secret = new_token_secret()
        scopes = " ".join(PERMISSIONS[role])
        end = self.now + timedelta(days=30)
        with self.database.transaction() as tx:
            tx.tokens.add(ApiToken(0, name or f"of-{role}", hash_of_secret(secret), scopes, self.now, "jan", end))
        return secret

    def session(self, name: str, role: Role = Role.SUPERVISOR) -> str:
        """The secret of a session of a new account."""
        from csire_bridge.access.authenticate import open_session
        from csire_bridge.domain.people.accounts import SessionPolicy
        from csire_bridge.domain.people.actor import NOWHERE

        add_account(self.database, name, role)
        with self.database.transaction() as tx:
            account = tx.accounts.named(name)
            assert account is not None
            return open_session(tx, account, NOWHERE, SessionPolicy(), self.now).secret


class Caller:
    """Somebody who calls with a secret."""

    def __init__(self, api: Api, secret: str) -> None:
        self._client = api.client
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path: str, headers: dict[str, str] | None = None, /, **query: Any) -> httpx.Response:
        found: httpx.Response = self._client.get(path, params=query, headers=self.headers | (headers or {}))
        return found

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> httpx.Response:
        found: httpx.Response = self._client.post(path, json=body, headers=self.headers | (headers or {}))
        return found


@contextmanager
def running(database: Database) -> Iterator[tuple[Api, Caller]]:
    """The API, and a caller who may do everything."""
    api = Api(database)
    with api.client:
        yield api, Caller(api, api.token())
