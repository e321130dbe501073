"""Sends the messages of a round as a hub does: repeats until there is a receipt, and keeps every receipt."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

from csire_bridge.lab.chaos.world.letters import Letter
from csire_bridge.lab.simulators.hub.simulator import HubSimulator

__all__ = ["Courier"]

_HANDS = 3
_PATIENCE_SECONDS = 5.0
_RECEIPTS = (200, 422)  # accepted or a repeat; refused


class Courier:
    """Pushes to the webhook, or puts into the hub's queue.

    May be read at any time: ``letters``, all that was handed in; ``receipts`` by letter; ``tries``, how often each was
    sent.
    """

    def __init__(self, hub: HubSimulator) -> None:
        self.letters: list[Letter] = []
        self.receipts: dict[Letter, list[bytes]] = {}
        self.tries: Counter[Letter] = Counter()
        self._hub = hub
        self._waiting: list[Letter] = []
        self._heard_at: dict[Letter, float] = {}
        self._lock = threading.Lock()
        self._hands = ThreadPoolExecutor(_HANDS, thread_name_prefix="courier")

    def take(self, letters: Iterable[Letter]) -> None:
        """Accept messages to send; those for the queue are put into it at once."""
        for letter in letters:
            self.letters.append(letter)
            self.receipts[letter] = []
            if letter.by_queue:
                self.tries[letter] = letter.times
                for number in range(letter.times):
                    self._hub.enqueue(letter.raw, f"{letter.message_id}-{number}" if number else None)
            else:
                self._waiting += [letter] * letter.times

    @property
    def done(self) -> bool:
        """Whether every message was delivered."""
        return not self._waiting

    def go(self, url: str) -> None:
        """Try once to send every message that is due; those without a receipt are sent again."""
        ready = [letter for letter in self._waiting if self._may_go(letter)]
        brought = list(self._hands.map(lambda letter: self._bring(letter, url), ready))
        for letter, heard in zip(ready, brought, strict=True):
            if heard:
                self._waiting.remove(letter)

    def close(self) -> None:
        """Stop the threads."""
        self._hands.shutdown()

    def _may_go(self, letter: Letter) -> bool:
        if letter.after is None:
            return True
        heard_at = self._heard_at.get(letter.after)
        return heard_at is not None and time.monotonic() >= heard_at + letter.pause

    def _bring(self, letter: Letter, url: str) -> bool:
        with self._lock:
            self.tries[letter] += 1
        receipt = _push(letter.raw, url)
        if receipt is None:
            return False
        with self._lock:
            self.receipts[letter].append(receipt)
            self._heard_at.setdefault(letter, time.monotonic())
        return True


def _push(raw: bytes, url: str) -> bytes | None:
    """The receipt, or None when there was none."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE_SECONDS)
    with suppress(OSError, http.client.HTTPException):
        connection.request("POST", "/hub/messages", raw, {"Content-Type": "application/xml"})
        answer = connection.getresponse()
        body = answer.read()
        return body if answer.status in _RECEIPTS else None
    connection.close()
    return None
