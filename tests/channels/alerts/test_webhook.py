"""Alerts by webhook: whoever has the key can tell that a call is ours, and when it was made."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from csire_bridge.channels.alerts.webhook import DELIVERY, SIGNATURE, TIMESTAMP, AlertWebhook, WebhookChannel
from csire_bridge.domain.errors import ConfigurationError, PartnerRefused, PartnerUnreachable
from tests.support.alert_receiver import alert_receiver

KEY = b"0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def test_a_call_is_signed_over_its_time_and_its_bytes_and_has_the_id_of_the_delivery() -> None:
    with alert_receiver() as receiver:
        WebhookChannel(AlertWebhook(receiver.url, KEY)).send("one", b'{"changes": []}', NOW)
    [(headers, body)] = receiver.calls
    assert headers[DELIVERY] == "one"
    assert headers[TIMESTAMP] == str(int(NOW.timestamp()))
    signed = headers[TIMESTAMP].encode() + b"." + body
    assert headers[SIGNATURE] == "sha256=" + hmac.new(KEY, signed, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, PartnerRefused), (410, PartnerRefused), (429, PartnerUnreachable), (503, PartnerUnreachable)],
)
def test_an_answer_that_is_no_success_is_told(status: int, error: type[Exception]) -> None:
    with alert_receiver() as receiver:
        receiver.status = status
        with pytest.raises(error, match=str(status)):
            WebhookChannel(AlertWebhook(receiver.url, KEY)).send("one", b"{}", NOW)


def test_where_nobody_listens_it_can_not_be_reached() -> None:
    with pytest.raises(PartnerUnreachable):
        WebhookChannel(AlertWebhook("http://127.0.0.1:1/", KEY)).send("one", b"{}", NOW)


def test_a_short_key_and_a_plain_address_of_another_machine_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="shorter"):
        AlertWebhook("https://example.org/", b"short")
    with pytest.raises(ConfigurationError, match="https"):
        AlertWebhook("http://example.org/", KEY)
