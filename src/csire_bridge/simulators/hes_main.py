"""The simulated head-end system as a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading

from csire_bridge.simulators.hes import ConfirmationStyle, HeadEndSimulator, meter_number

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Run until SIGTERM, or until stdin closes, which it does when the parent process dies."""
    options = _options(arguments)
    simulator = HeadEndSimulator(
        (meter_number(index) for index in range(options.meters)),
        mode=options.mode,
        delay=options.delay,
        seed=options.seed,
        style=ConfirmationStyle(options.style),
        port=options.port,
    )
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    simulator.start()
    _announce(simulator, options.meters)
    threading.Thread(target=_watch_stdin, args=(stop,), daemon=True).start()
    stop.wait()
    simulator.stop()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m csire_bridge.simulators.hes", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--meters", type=int, default=10, help="how many meters")
    parser.add_argument("--mode", type=int, default=2, choices=range(7), help="control mode of the meters")
    parser.add_argument("--delay", type=_delay, default=0.0, help="seconds from command to switching: 2 or 0.5:3")
    parser.add_argument("--seed", type=int, default=0, help="of the random delays")
    parser.add_argument("--style", choices=[s.value for s in ConfirmationStyle], default="event-codes")
    return parser.parse_args(arguments)


def _delay(text: str) -> float | tuple[float, float]:
    low, colon, high = text.partition(":")
    return (float(low), float(high)) if colon else float(low)


def _announce(simulator: HeadEndSimulator, meters: int) -> None:
    first_and_last = [meter_number(0), meter_number(meters - 1)] if meters else []
    sys.stdout.write(json.dumps({"url": simulator.url, "meters": meters, "first_and_last": first_and_last}) + "\n")
    sys.stdout.flush()


def _watch_stdin(stop: threading.Event) -> None:
    # not sys.stdin: its lock, held by this thread, would make the interpreter abort at exit
    while os.read(0, 4096):
        pass
    stop.set()
