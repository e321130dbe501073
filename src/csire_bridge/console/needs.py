"""What the console needs of the bridge; the service gives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from csire_bridge.access.identity import Provider
from csire_bridge.api.needs import ApiNeeds
from csire_bridge.domain.people.accounts import SessionPolicy

__all__ = ["ConsoleNeeds"]


@dataclass(frozen=True)
class ConsoleNeeds:
    """``api`` is what pages share with the API. ``own_address`` is how browsers call us: https://bridge.example.

    ``reasons`` tell why this process is not ready, with remedies; none: it is. ``openid`` is the identity provider.
    """

    api: ApiNeeds
    own_address: str
    policy: SessionPolicy
    reasons: Callable[[], Sequence[str]]
    openid: Provider | None = None

    @property
    def secure(self) -> bool:
        """Whether browsers call us by TLS."""
        return self.own_address.startswith("https://")
