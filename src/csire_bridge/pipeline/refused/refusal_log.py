"""A log line for each refusal, and never a flood of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from csire_bridge.domain.message.message import RawMessage, SettledMessage

__all__ = ["RefusalLog"]

_log = logging.getLogger(__name__)
_PERIOD = timedelta(minutes=1)


class RefusalLog:
    """Writes up to ``most`` lines in a minute, and then how many more there were. For one process."""

    def __init__(self, most: int = 30) -> None:
        self._most = most
        self._since: datetime | None = None
        self._told = 0
        self._left_out = 0

    def tell(self, refused: Sequence[tuple[RawMessage, SettledMessage]], now: datetime) -> None:
        """Log messages that were refused; nothing of their content but what says whose they may be."""
        if self._since is None or not self._since <= now < self._since + _PERIOD:
            self._begin(now)
        for raw, settled in refused:
            if self._told == self._most:
                self._left_out += 1
                continue
            self._told += 1
            sender = settled.sender or f"{settled.claimed_sender or 'somebody'} (not proven)"
            again = ", it will be judged again" if settled.again_at else ""
            _log.warning(
                "message %d of %s was refused: %s, by %s from %s%s",
                raw.key, sender, settled.code, raw.channel, raw.origin, again,
            )  # fmt: skip

    def _begin(self, now: datetime) -> None:
        if self._left_out:
            _log.warning("%d more messages were refused: csire-bridge messages list --state refused", self._left_out)
        self._since, self._told, self._left_out = now, 0, 0
