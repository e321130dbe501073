"""Idle connections to the hub and to SID: firewalls forget them without a word, so they are not used again for long."""

from __future__ import annotations

from csire_bridge.wire.exchange import KeptSession, exchange
from tests.integration.test_hes_connection import WHOLE, peer


def test_given_a_firewall_that_forgot_an_idle_connection_when_a_partner_is_asked_again_then_another_one_is_opened() -> (
    None
):
    now = [100.0]
    with peer([WHOLE, WHOLE], [WHOLE]) as server:
        session = KeptSession(20.0, lambda: now[0])
        for idle, connections in [(0.0, 1), (20.0, 1), (20.1, 2)]:
            now[0] += idle
            answer = exchange(session, server.url, b"<a/>", {}, connect_seconds=2, seconds=2, max_bytes=1000)
            assert answer.body == b"good"
            assert server.connections == connections
        session.close()
