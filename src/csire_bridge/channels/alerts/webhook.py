"""Alerts by webhook: JSON, signed with a shared key, so that the receiver knows that it is ours and not replayed."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from csire_bridge.channels.transport.outbound.address import check_address, check_files
from csire_bridge.channels.transport.outbound.http_exchange import (
    AnswerTooLarge,
    NeverArrived,
    NoAnswer,
    NotHttp,
    PartnerClient,
)
from csire_bridge.domain.errors import ConfigurationError, PartnerRefused, PartnerUnreachable

__all__ = ["DELIVERY", "SIGNATURE", "TIMESTAMP", "AlertWebhook", "WebhookChannel", "signature"]

DELIVERY = "X-Csire-Bridge-Delivery"
TIMESTAMP = "X-Csire-Bridge-Timestamp"
SIGNATURE = "X-Csire-Bridge-Signature"
_MAX_ANSWER = 64 * 1024
_SHORTEST_KEY = 16
_REMEDY = "check [alerts.webhook] with `csire-bridge alerts test`, and the receiver's log; it is tried again"


@dataclass(frozen=True, slots=True)
class AlertWebhook:
    """Where alerts are posted, and with which key they are signed. Raises ConfigurationError for what can't work."""

    url: str
    key: bytes = field(repr=False)
    ca_bundle: Path | None = None
    seconds: float = 20

    def __post_init__(self) -> None:
        check_address(self.url, "the alerts' webhook")
        check_files((self.ca_bundle,), "the alerts' webhook")
        if len(self.key) < _SHORTEST_KEY:
            raise ConfigurationError(
                f"the key of the alerts' webhook is shorter than {_SHORTEST_KEY} bytes",
                "make one: openssl rand -hex 32",
            )


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """``sha256=`` and the HMAC-SHA256 of the timestamp, a dot, and the body, in hexadecimal digits."""
    return f"sha256={hmac.new(key, timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


class WebhookChannel:
    """Posts alerts."""

    def __init__(self, webhook: AlertWebhook) -> None:
        self._webhook = webhook
        self._client = PartnerClient(webhook.ca_bundle, None)

    def send(self, delivery: str, body: bytes, now: datetime) -> None:
        """Post ``body``, with ``delivery`` as the id by which the receiver knows a repetition.

        Raises PartnerRefused for an answer 4xx, PartnerUnreachable if nobody took it.
        """
        timestamp, webhook = str(int(now.timestamp())), self._webhook
        headers = {
            "Content-Type": "application/json",
            DELIVERY: delivery,
            TIMESTAMP: timestamp,
            SIGNATURE: signature(webhook.key, timestamp, body),
        }
        try:
            answer = self._client.post(
                webhook.url,
                body,
                headers,
                connect_seconds=webhook.seconds,
                seconds=webhook.seconds,
                max_bytes=_MAX_ANSWER,
            )
        except (NeverArrived, NoAnswer, NotHttp, AnswerTooLarge) as error:
            raise PartnerUnreachable(f"the alerts' webhook can't be reached: {error}", _REMEDY) from error
        if answer.status in range(400, 500) and answer.status != 429:
            text = f"the alerts' webhook refuses it with HTTP {answer.status}: {answer.excerpt}"
            raise PartnerRefused(f"HTTP {answer.status}", text, _REMEDY)
        if answer.status not in range(200, 300):
            raise PartnerUnreachable(f"the alerts' webhook answers HTTP {answer.status}: {answer.excerpt}", _REMEDY)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()
