"""The control endpoint of a simulator: ``POST /control`` with JSON on a port of its own, 127.0.0.1 only.

One request may have several words, which are handled in the order of the endpoint's own list. The answer has the same
words. An invalid request gets 400 with a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from csire_bridge.domain.errors import BridgeError
from csire_bridge.lab.simulators.http_server import HttpServer, Reply

__all__ = ["ControlEndpoint", "done"]

_JSON = "application/json"
_PATH = "/control"


class ControlEndpoint:
    """Lets another process, or a person with curl, set faults and look at what came. ``words`` says what it knows."""

    def __init__(self, words: Mapping[str, Callable[[Any], object]], port: int = 0) -> None:
        self._words = words
        self._http = HttpServer(self._answer, max_bytes=1024 * 1024, port=port)

    @property
    def url(self) -> str:
        """The address to post to."""
        return f"{self._http.url}{_PATH}"

    def start(self) -> ControlEndpoint:
        """Begin to answer."""
        self._http.start()
        return self

    def stop(self) -> None:
        """Close the endpoint."""
        self._http.stop()

    def _answer(self, path: str, _content_type: str, raw: bytes) -> Reply:
        if path != _PATH:
            return _json(404, {"error": f"post to {_PATH}"})
        try:
            return _json(200, self._done(json.loads(raw)))
        except KeyError as error:
            return _json(400, {"error": f"there is no {error}"})
        except (ValueError, TypeError, AttributeError, IndexError, BridgeError) as error:
            return _json(400, {"error": str(error)})
        except OSError as error:
            return _json(400, {"error": f"{error.filename}: {error.strerror}"})

    def _done(self, asked: object) -> dict[str, object]:
        if not isinstance(asked, dict):
            raise ValueError("a JSON object is wanted")
        if unknown := asked.keys() - self._words.keys():
            known = ", ".join(self._words)
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; there are {known}")
        return {word: do(asked[word]) for word, do in self._words.items() if word in asked}


def done(act: Callable[[Any], None]) -> Callable[[Any], object]:
    """A word that only does something: its answer is true."""

    def do(value: Any) -> object:
        act(value)
        return True

    return do


def _json(status: int, answer: Mapping[str, object]) -> Reply:
    return Reply(status, json.dumps(answer, default=str, ensure_ascii=False).encode(), _JSON)
