"""What administrators see of this installation, from the bridge."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from csire_bridge.api.needs import InstallationNeeds
from csire_bridge.channels.hub.probe.findings import ProbeStep
from csire_bridge.channels.hub.probe.probe import ProbeTarget, try_door
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.service.wiring.settings_to_values import hub_profile
from csire_bridge.store.database import table_version

__all__ = ["installation_needs"]


def installation_needs(bridge: Bridge) -> InstallationNeeds:
    """Everything that the pages of administrators and their API need."""

    def versions() -> Mapping[str, str]:
        with bridge.database.reading() as connection:
            tables = table_version(connection) or ""
            engine = ".".join(map(str, connection.dialect.server_version_info or ()))
        return {
            "csire-bridge": version("csire-bridge"),
            "python": platform.python_version(),
            "postgresql" if bridge.database.is_postgresql else "sqlite": engine,
            "tables": tables,
            "schemas": ", ".join(sorted(bridge.standard.catalogue.namespaces())),
        }

    def ping() -> Sequence[ProbeStep]:
        if bridge.settings.hub.url is None:
            raise ConfigurationError("the hub's address is not set", "set url under [hub]")
        return list(try_door(ProbeTarget(hub_profile(bridge.settings)), bridge.clock()))

    return InstallationNeeds(bridge.settings, bridge.certificates.all, versions, ping)
