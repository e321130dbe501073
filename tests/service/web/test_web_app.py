"""The web application: one way to every endpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from csire_bridge.channels.transport.inbound.caller_address import Callers, networks
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.service.web.health import health_router
from csire_bridge.service.web.web_app import build_app
from tests.support.webhook import bare, now, running


def test_given_a_failure_of_ours_then_it_is_told_in_a_sentence_and_the_endpoint_goes_on(tmp_path: Path) -> None:
    pki = make_demo_pki(tmp_path, now())
    with running(tmp_path, pki) as scene:
        bridge = scene.service.bridge
        partners, bridge._partners = bridge._partners, None  # type: ignore[assignment]
        answer = scene.post(bare(pki))
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert answer.body == b"the bridge itself failed; send it again"
        bridge._partners = partners
        assert scene.post(bare(pki)).status == 200


@pytest.mark.parametrize(
    ("peer", "told", "by_tls"),
    [
        ("192.0.2.9", "https", True),
        ("192.0.2.9", "http", False),
        ("192.0.2.9", "gopher", False),
        ("198.51.100.7", "https", False),
        ("192.0.2.9", None, False),
    ],
)
def test_browsers_are_told_to_come_by_tls_only_where_a_named_proxy_says_that_they_did(
    peer: str, told: str | None, by_tls: bool
) -> None:
    app = build_app([health_router(list)], Callers(networks(["192.0.2.9"])))
    headers = {"X-Forwarded-Proto": told} if told else {}
    answer = TestClient(app, client=(peer, 50000)).get("/healthz", headers=headers)
    assert (answer.headers.get("Strict-Transport-Security") is not None) == by_tls
