"""Who called, as the endpoints of a service in this process see it."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from csire_bridge.channels.transport.inbound.caller_address import Caller
from csire_bridge.channels.transport.inbound.entrance import Entrance

__all__ = ["watched_callers"]


def watched_callers(monkeypatch: pytest.MonkeyPatch) -> list[Caller]:
    """A list into which each caller goes from now on, mostly twice a request."""
    callers: list[Caller] = []
    plain = Entrance.caller

    def caller(entrance: Entrance, request: Request) -> Caller:
        callers.append(plain(entrance, request))
        return callers[-1]

    monkeypatch.setattr(Entrance, "caller", caller)
    return callers
