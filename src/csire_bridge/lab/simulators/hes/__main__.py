"""The simulated head-end system as a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading

from csire_bridge.channels.hes.dialect.dialect import OURS
from csire_bridge.channels.hes.dialect.loader import shipped_names
from csire_bridge.lab.simulators.control_endpoint import ControlEndpoint
from csire_bridge.lab.simulators.faults.delay import Delay
from csire_bridge.lab.simulators.hes.control import control_of
from csire_bridge.lab.simulators.hes.simulator import ConfirmationStyle, HeadEndFaults, HeadEndSimulator, meter_number

__all__ = ["main"]

_DELAYS = "2, 0.5:3, exponential:MEAN[:CAP] or lognormal:MEDIAN:SIGMA[:CAP]"


def main(arguments: list[str] | None = None) -> None:
    """Run until SIGTERM, or until stdin closes, which it does when the parent process dies."""
    options = _options(arguments)
    simulator = HeadEndSimulator(
        (meter_number(index) for index in range(options.meters)),
        mode=options.mode,
        delay=options.delay,
        seed=options.seed,
        dialect=options.dialect,
        style=ConfirmationStyle(options.style) if options.style else None,
        faults=options.faults,
        per_concentrator=options.meters_per_concentrator,
        port=options.port,
    )
    door = control_of(simulator, options.control_port)
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    simulator.start()
    door.start()
    _announce(simulator, door, options.meters)
    threading.Thread(target=_watch_stdin, args=(stop,), daemon=True).start()
    stop.wait()
    door.stop()
    simulator.stop()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m csire_bridge.lab.simulators.hes.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--meters", type=int, default=10, help="how many meters")
    parser.add_argument("--mode", type=int, default=2, choices=range(7), help="control mode of the meters")
    parser.add_argument("--delay", type=Delay.of, default=Delay(), help=f"seconds until a command is run: {_DELAYS}")
    parser.add_argument("--seed", type=int, default=0, help="of the delays and faults")
    parser.add_argument("--style", choices=[s.value for s in ConfirmationStyle], help="of confirmations")
    parser.add_argument("--dialect", choices=shipped_names(), default=OURS)
    parser.add_argument("--faults", type=_faults, default=None, help="JSON, see HeadEndFaults; or the word plan")
    parser.add_argument("--meters-per-concentrator", type=int, default=None, help="none: all behind one")
    parser.add_argument("--control-port", type=int, default=0, help="TCP port of the control door; 0 takes a free one")
    return parser.parse_args(arguments)


def _faults(text: str) -> HeadEndFaults:
    return HeadEndFaults.plan_value() if text == "plan" else HeadEndFaults.read(json.loads(text))


def _announce(simulator: HeadEndSimulator, door: ControlEndpoint, meters: int) -> None:
    first_and_last = [meter_number(0), meter_number(meters - 1)] if meters else []
    told = {"url": simulator.url, "control": door.url, "meters": meters, "first_and_last": first_and_last}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _watch_stdin(stop: threading.Event) -> None:
    # not sys.stdin: its lock, held by this thread, would make the interpreter abort at exit
    while os.read(0, 4096):
        pass
    stop.set()


if __name__ == "__main__":
    main()
