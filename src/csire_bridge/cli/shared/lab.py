"""The laboratory (simulators, demo, benches) is no part of the product: it is loaded by name, when a command asks."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from csire_bridge.domain.errors import ConfigurationError

__all__ = ["lab_module"]


def lab_module(name: str) -> ModuleType:
    """The module ``csire_bridge.lab.<name>``; raise ConfigurationError where a package that it needs is missing."""
    try:
        return import_module(f"csire_bridge.lab.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("csire_bridge."):
            raise
        raise ConfigurationError(
            f"the package {error.name} is missing, which only the simulators need",
            "install csire-bridge with its extra: pip install 'csire-bridge[lab]'",
        ) from error
