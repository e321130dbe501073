"""The bridge's service as a process of its own, as in production."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from csire_bridge.domain.errors import OurFault

__all__ = ["service_environment", "service_process", "service_words"]

_PREFIX = "CSIRE_BRIDGE_"
_STOP_SECONDS = 60


@contextmanager
def service_process(settings: Mapping[str, object], processes: int = 1) -> Iterator[str]:
    """Run ``csire-bridge serve`` on any free port; gives its URL. It ends with the block."""
    command = [sys.executable, "-m", "csire_bridge", *service_words(processes)]
    environment = service_environment(settings)
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            told = process.stdout.readline().split()
            if len(told) < 4:
                raise OurFault("the service did not start", "run csire-bridge serve by hand")
            yield told[3]
        finally:
            process.terminate()
            process.wait(timeout=_STOP_SECONDS)


def service_words(processes: int) -> list[str]:
    """What the command is called with."""
    return ["serve", "--port", "0", "--operations-port", "0", "--workers", str(processes)]


def service_environment(settings: Mapping[str, object]) -> dict[str, str]:
    """This process's environment with ``settings`` in the place of any others."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)}
    return others | {_PREFIX + name.upper(): _text(value) for name, value in settings.items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
