"""What the console needs, from the bridge."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from csire_bridge.access.identity import Provider
from csire_bridge.config.sections.running.access import OidcSettings
from csire_bridge.console.needs import ConsoleNeeds
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.service.wiring.api_needs import api_needs
from csire_bridge.service.wiring.bridge import Bridge

__all__ = ["console_needs"]


def console_needs(bridge: Bridge, url: str, reasons: Callable[[], Sequence[str]]) -> ConsoleNeeds:
    """Everything that the console needs at the address ``url``, unless the settings say that browsers use another."""
    settings = bridge.settings
    address = settings.web.console.address or url
    return ConsoleNeeds(
        api=api_needs(bridge),
        own_address=address.rstrip("/"),
        policy=settings.access.session_policy(),
        reasons=reasons,
        openid=_provider(settings.access.oidc, bridge.clock),
    )


def _provider(settings: OidcSettings, clock: Clock) -> Provider | None:
    """The identity provider, if one is set; its library is an extra."""
    if settings.issuer is None:
        return None
    try:
        from csire_bridge.access.openid import OpenId  # noqa: PLC0415 - needs the extra `oidc`
    except ImportError as error:
        raise ConfigurationError(
            f"access.oidc.issuer is set, and {error.name} is not installed", "pip install 'csire-bridge[oidc]'"
        ) from error
    return OpenId(settings, clock)
