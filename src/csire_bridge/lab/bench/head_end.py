"""The simulated head-end system as a process of its own, as in production."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from csire_bridge.domain.errors import OurFault
from csire_bridge.lab.shared.cpu_affinity import keep_to

__all__ = ["head_end_process"]

_MODULE = "csire_bridge.lab.simulators.hes"
_AT_A_CONCENTRATOR = "60000"  # it has addresses for a few thousand more


@contextmanager
def head_end_process(
    meters: int, core: int | None = None, delay: str = "0", faults: Mapping[str, object] | None = None
) -> Iterator[str]:
    """Run it with ``meters`` connected meters; gives its URL. It ends with the block.

    ``delay``: after how many seconds they switch, or a range such as ``0:0.3``. ``core`` is the processor core to
    which it is pinned; None: not pinned. ``faults`` are values of ``HeadEndFaults``.
    """
    many = ("--meters", str(meters), "--meters-per-concentrator", _AT_A_CONCENTRATOR)
    command = [sys.executable, "-m", _MODULE, *many, "--delay", delay, "--faults", json.dumps(faults or {})]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        assert process.stdin is not None  # noqa: S101 - asked for above
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            if core is not None:
                keep_to(core, process.pid)
            first = process.stdout.readline()
            if not first:
                raise OurFault("the simulated head-end system did not start", f"run python -m {_MODULE} by hand")
            yield str(json.loads(first)["url"])
        finally:
            process.stdin.close()  # it ends when its input does
            process.wait(timeout=20)
