"""The laboratory (simulators, demo, benches) is no part of the product: it is loaded by name, when a command asks."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from csire_bridge.domain.errors import ConfigurationError

__all__ = ["lab_module"]

_EXTRA = ("dlms_cosem",)
"""What the extra `lab` in pyproject.toml brings."""


def lab_module(name: str) -> ModuleType:
    """The module ``csire_bridge.lab.<name>``; raise ConfigurationError where a package that it needs is missing.

    Its commands import what they work with when they run, so the packages are looked for here, before anything is done.
    """
    for package in _EXTRA:
        if find_spec(package) is None:
            raise ConfigurationError(
                f"the package {package} is missing, which only the simulators need",
                "install csire-bridge with its extra: pip install 'csire-bridge[lab]'",
            )
    return import_module(f"csire_bridge.lab.{name}")
