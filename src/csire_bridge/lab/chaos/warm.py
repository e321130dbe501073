"""Imported by fork servers only: what they fork begins with everything imported and read, and not anew each time."""

from __future__ import annotations

from csire_bridge.config.settings import load_settings
from csire_bridge.lab.chaos.standard import standard_once
from csire_bridge.service.wiring.settings_to_values import law_policy

standard_once()
law_policy(load_settings(environment=False))
