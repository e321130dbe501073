"""The simulated SID as a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading

from csire_bridge.lab.simulators.sid.simulator import SidSimulator

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Run until SIGTERM, or until stdin closes, which it does when the parent process dies.

    Each line on stdin is a JSON object: an order to register, in the contract's words. Its number is printed.
    """
    options = _options(arguments)
    credentials = (options.user, options.password) if options.user else None
    simulator = SidSimulator(credentials=credentials, seed=options.seed, port=options.port)
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    with simulator:
        _say({"url": simulator.url})
        threading.Thread(target=_listen, args=(simulator, stop), daemon=True).start()
        stop.wait()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m csire_bridge.lab.simulators.sid.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--seed", type=int, default=0, help="of everything random")
    parser.add_argument("--user", help="user that is asked for; none: nobody is asked")
    parser.add_argument("--password", default="", help="password of that user, for trials only")
    return parser.parse_args(arguments)


def _listen(simulator: SidSimulator, stop: threading.Event) -> None:
    # not sys.stdin: its lock, held by this thread, would make the interpreter abort at exit
    with os.fdopen(os.dup(0), "rb", buffering=0) as lines:
        for line in lines:
            try:
                _say({"registered": simulator.register(**json.loads(line))})
            except (ValueError, TypeError) as error:
                _say({"refused": str(error)})
    stop.set()


def _say(facts: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
