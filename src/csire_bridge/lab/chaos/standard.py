"""The hub's standard, read once in a process and in all that are forked from it."""

from __future__ import annotations

from functools import cache

from csire_bridge.config.settings import load_settings
from csire_bridge.service.wiring.standard import Standard

__all__ = ["standard_once"]


@cache
def standard_once() -> Standard:
    """Schemas and mapping files of the package, which every round's bridge has."""
    return Standard.load(load_settings(environment=False))
