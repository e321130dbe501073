"""A log line for each refusal; the log itself makes one line of a flood of them."""

from __future__ import annotations

from collections.abc import Iterable

from csire_bridge.domain.message.message import RawMessage, SettledMessage
from csire_bridge.telemetry.logs import logger

__all__ = ["tell_refused"]

_log = logger(__name__)


def tell_refused(refused: Iterable[tuple[RawMessage, SettledMessage]]) -> None:
    """Log messages that were refused; nothing of their content but what says whose they may be.

    ``proven`` is whether the sender is certain, ``again`` whether the message will be judged again.
    """
    for raw, settled in refused:
        _log.warning(
            "message.refused",
            message=raw.key,
            sender=settled.sender or settled.claimed_sender,
            proven=settled.sender is not None,
            code=settled.code,
            channel=raw.channel,
            origin=raw.origin,
            again=settled.again_at is not None,
        )
