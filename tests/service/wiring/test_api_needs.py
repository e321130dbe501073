"""The API over a real bridge: every list that a caller may read is answered."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient

from csire_bridge.access.authenticate import open_session
from csire_bridge.access.secrets import hash_of_secret, new_token_secret
from csire_bridge.api.app import build_api
from csire_bridge.config.sections.running.access import AccessSettings
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.people.accounts import ApiToken
from csire_bridge.domain.people.actor import NOWHERE
from csire_bridge.domain.people.roles import Permission, Role
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.api_needs import api_needs
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import make_current
from tests.support.people import add_account
from tests.support.store import add_order
from tests.support.webhook import settings_of

NEEDED = {"q": "DEMO00000034", "text": "DEMO00000034", "month": "2026-10", "since": "2026-10-01T00:00:00Z"}
"""Values for what a list can't do without."""
OF_PEOPLE = {"/sessions"}
"""A program has no sessions."""


def test_every_list_is_answered_by_a_real_bridge_and_its_alerts_are_those_that_hold(
    tmp_path: Path,
) -> None:
    settings = settings_of(tmp_path, make_demo_pki(tmp_path / "pki", system_clock()))
    make_current(settings.database)
    secret, now = new_token_secret(), system_clock()
    with Bridge(settings) as bridge, TestClient(build_api(api_needs(bridge))) as client:
        order = add_order(bridge.database, state=OrderState.PARKED)
        end = now + timedelta(days=1)
        with bridge.database.transaction() as tx:
            tx.tokens.add(ApiToken(0, "all", hash_of_secret(secret), " ".join(Permission), now, "jan", end))
        client.headers["Authorization"] = f"Bearer {secret}"
        for path, methods in client.get("/openapi.json").json()["paths"].items():
            if "{" not in path and "get" in methods:
                asked = {
                    one["name"]: NEEDED[one["name"]] for one in methods["get"].get("parameters", []) if one["required"]
                }
                assert client.get(path, params=asked).status_code == (409 if path in OF_PEOPLE else 200), path
        assert "orders-parked" in {one["kind"] for one in client.get("/alerts").json()["items"]}
        assert client.get(f"/orders/{order.key}/explanation").status_code == 200


def test_a_session_ends_in_the_api_when_the_settings_say_so(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, make_demo_pki(tmp_path / "pki", system_clock()))
    settings = settings.model_copy(update={"access": AccessSettings(session_idle_minutes=1)})
    make_current(settings.database)
    with Bridge(settings) as bridge, TestClient(build_api(api_needs(bridge))) as client:
        key, begun = add_account(bridge.database, "ewa", Role.VIEWER), system_clock() - timedelta(minutes=2)
        with bridge.database.transaction() as tx:
            account = tx.accounts.get(key)
            secret = open_session(tx, account, NOWHERE, settings.access.session_policy(), begun).secret
        assert client.get("/stop", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
