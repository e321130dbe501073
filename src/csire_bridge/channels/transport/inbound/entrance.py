"""Admission for every endpoint of the service: who calls, how often, how many at once, how much and how slowly.

An endpoint says who the caller has proved to be, what its limits are, and what a refusal looks like.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from csire_bridge.channels.transport.inbound.caller_address import Caller, Callers
from csire_bridge.channels.transport.inbound.password_guesses import Guesses
from csire_bridge.channels.transport.inbound.rate_limiter import RateLimiter
from csire_bridge.channels.transport.inbound.request_body import BodyLimits, BodyRefused, forget_body, read_body
from csire_bridge.domain.message.partners import PartnerLimits

__all__ = ["Entrance", "Refusal"]

Refusal = Callable[[int, str, dict[str, str]], Response]
"""Makes an answer of status, sentence and headers."""

_REMEMBERED = 10_000


@dataclass
class Entrance:
    """For one event loop. ``strangers`` limits each address for which nothing was proved."""

    callers: Callers = field(default_factory=Callers)
    body: BodyLimits = field(default_factory=BodyLimits)
    strangers: PartnerLimits = field(default_factory=PartnerLimits)
    limiter: RateLimiter = field(default_factory=RateLimiter)
    guesses: Guesses = field(default_factory=Guesses)
    _proved: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def caller(self, request: Request) -> Caller:
        """Who sends a request."""
        return self.callers.of(request)

    def spoke_for(self, caller: Caller) -> str | None:
        """The partner whose signed message came last from the caller's address; used for quotas, never for trust."""
        return self._proved.get(caller.origin)

    def note_proof(self, caller: Caller, partner: str) -> None:
        """Note that a message from the caller's address was signed by ``partner``."""
        self._proved[caller.origin] = partner
        self._proved.move_to_end(caller.origin)
        while len(self._proved) > _REMEMBERED:
            self._proved.popitem(last=False)

    async def let_in(
        self,
        request: Request,
        quota: str,
        limits: PartnerLimits,
        take: Callable[[bytes], Awaitable[Response]],
        refuse: Refusal,
    ) -> Response:
        """Let ``take`` answer the body of ``request``, counted under ``quota``; or refuse it."""
        wait = self.limiter.acquire(quota, limits)
        if wait is not None:
            sentence = f"at most {limits.per_minute} messages a minute and {limits.at_once} at once"
            return await self.turn_away(request, refuse, 429, sentence, {"Retry-After": str(wait)})
        try:
            raw = await read_body(request, replace(self.body, max_bytes=limits.max_bytes))
        except BodyRefused as refused:
            return await self.turn_away(request, refuse, refused.status, refused.sentence)
        except ClientDisconnect:
            return refuse(400, "the message was not sent to its end", {})
        else:
            return await take(raw)
        finally:
            self.limiter.release(quota)

    async def turn_away(
        self, request: Request, refuse: Refusal, status: int, sentence: str, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Refuse a request without reading its body, and close the connection."""
        if status != 408:
            await forget_body(request, self.body)
        return refuse(status, sentence, {**(headers or {}), "Connection": "close"})
