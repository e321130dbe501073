"""Reads the body of a request: no more than allowed, and no slower than allowed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect

from csire_bridge.config.sections.running.web import WebSettings
from csire_bridge.domain.message.partners import PartnerLimits

__all__ = ["BodyLimits", "BodyRefused", "forget_body", "read_body"]

_DEFAULTS = WebSettings()  # each default is written once, there

_FORGOTTEN_SECONDS = 2.0
_LONGEST_NUMBER = 18  # digits; Python refuses to read numbers of thousands of them


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """``max_bytes`` of one body; ``seconds`` for all of it. After ``grace`` seconds it must have come with
    ``bytes_per_second`` on the average.
    """

    max_bytes: int = PartnerLimits().max_bytes
    seconds: float = _DEFAULTS.body_seconds
    bytes_per_second: float = _DEFAULTS.bytes_per_second
    grace: float = _DEFAULTS.grace_seconds


class BodyRefused(Exception):
    """The body was not read to its end; ``status`` is the HTTP status that says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


async def read_body(request: Request, limits: BodyLimits) -> bytes:
    """The whole body; raises BodyRefused if it is too long or too slow, ClientDisconnect if the client has gone."""
    if announced_length(request) > limits.max_bytes:
        raise _too_long(limits)
    start = asyncio.get_running_loop().time()
    body = bytearray()
    try:
        async with asyncio.timeout_at(start + min(limits.grace, limits.seconds)) as watch:
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.max_bytes:
                    raise _too_long(limits)
                watch.reschedule(start + min(limits.seconds, limits.grace + len(body) / limits.bytes_per_second))
    except TimeoutError:
        raise BodyRefused(408, f"the body must come within {limits.seconds:g} s, and without long pauses") from None
    return bytes(body)


async def forget_body(request: Request, limits: BodyLimits) -> None:
    """Read and discard the rest for a moment, so that a sender that is still writing can read our refusal."""
    left = limits.max_bytes
    try:
        async with asyncio.timeout(_FORGOTTEN_SECONDS):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    return
    except (TimeoutError, ClientDisconnect, RuntimeError):  # RuntimeError: the stream was read already
        return


def announced_length(request: Request) -> int:
    """Content-Length; 0 if there is no valid one (the server refuses an invalid one by itself)."""
    text = request.headers.get("content-length", "")
    if not (text.isascii() and text.isdigit()):
        return 0
    digits = text.lstrip("0")
    return int(digits or "0") if len(digits) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER


def _too_long(limits: BodyLimits) -> BodyRefused:
    return BodyRefused(413, f"a message has at most {limits.max_bytes} bytes")
