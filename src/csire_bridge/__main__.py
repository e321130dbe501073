"""``python -m csire_bridge`` is the command ``csire-bridge``."""

from __future__ import annotations

from csire_bridge.cli.main import run

run()
