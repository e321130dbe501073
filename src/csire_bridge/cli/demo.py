"""``csire-bridge demo``: every sample from its file to its end, on simulated meters."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.table import Table

from csire_bridge.bootstrap import Bridge, system_clock
from csire_bridge.cli.console import ExitCode, err, out
from csire_bridge.cli.stage import DATABASE_NAME, Stage, load_points, stage, working
from csire_bridge.cli.stats import table_of
from csire_bridge.cli.summary import differences, orders_table, summary_of
from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.messages import Channel
from csire_bridge.domain.statistics import summarise
from csire_bridge.pipeline.receive import Arrival
from csire_bridge.resources import folder
from csire_bridge.simulators.doctor import Doctor
from csire_bridge.simulators.expectations import Expectations, Expected, load_expected
from csire_bridge.store.reports import at_rest, executed, order_lines

__all__ = ["add_to"]

_SUMMARY = "summary.json"
_LONGEST_ROUND = 50.0


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    target: Annotated[Path, typer.Option("--dir", help="Where results go.", file_okay=False)] = Path("demo-out"),
) -> None:
    """Feed all samples to the bridge and to simulated meters, and show what becomes of them.

    Leaves in the folder: summary.json, acknowledgements/*.xml, pki/*.pem, the database. Exit code 0 only when every
    sample ended as samples/expected.yaml says.

    Example:

        csire-bridge demo --dir demo-out
    """
    _clear(target)
    samples = folder("samples")
    expected = load_expected(samples)
    points = load_points(samples / "metering-points.yaml", system_clock())
    with stage(target, system_clock, points=points) as scene, working(scene.bridge) as failure:
        _play(scene, expected, samples, failure)
        summary = _tell(scene.bridge, target)
        wrong = differences(scene.bridge.database, expected)
    fed = sum(len(entries) for entries in expected.rounds)
    if wrong:
        for sentence in wrong:
            err.print(sentence, style="red", markup=False, highlight=False)
        err.print(f"{len(wrong)} of {fed} samples did not end as expected")
        raise typer.Exit(ExitCode.OUR_FAILURE)
    out.print(f"all {fed} samples ended as expected; {len(summary['orders'])} orders; results in {target}")


def _clear(target: Path) -> None:
    """Remove the results of an earlier demo; never anything else."""
    if not target.exists() or not any(target.iterdir()):
        return
    if not (target / _SUMMARY).exists() and not (target / DATABASE_NAME).exists():
        err.print(f"{target} holds something else than a demo's results -> give another folder with --dir")
        raise typer.Exit(ExitCode.WRONG_USE)
    for name in ("acknowledgements", "pki"):
        shutil.rmtree(target / name, ignore_errors=True)
    for file in (_SUMMARY, DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm"):
        (target / file).unlink(missing_ok=True)


def _play(scene: Stage, expected: Expectations, samples: Path, failure: Callable[[], BaseException | None]) -> None:
    doctor = Doctor(scene.pki, expected.offset_to(system_clock()))
    live = Live(console=out, refresh_per_second=8) if out.is_terminal else None
    if live:
        live.start()
    try:
        for number, entries in enumerate(expected.rounds, 1):
            _feed(scene.bridge, doctor, samples, entries)
            _wait(scene.bridge, failure, lambda number=number: _show(live, scene.bridge, number))  # type: ignore[misc]
    finally:
        if live:
            live.stop()


def _feed(bridge: Bridge, doctor: Doctor, samples: Path, entries: Sequence[Expected]) -> None:
    arrivals = [Arrival(e.file, doctor.prepare((samples / e.file).read_bytes(), e.sign)) for e in entries]
    bridge.take_in(Channel.REPLAY, arrivals)


def _wait(bridge: Bridge, failure: Callable[[], BaseException | None], show: Callable[[], None]) -> None:
    """Until nothing moves any more."""
    deadline = time.monotonic() + _LONGEST_ROUND
    while True:
        show()
        error = failure()
        if error is not None:
            raise error
        with bridge.database.reading() as connection:
            if at_rest(connection, bridge.clock()):
                return
        if time.monotonic() > deadline:
            raise OurFault(f"the samples did not come to rest within {_LONGEST_ROUND:.0f} s", "run it again with -v")
        time.sleep(0.1)


def _show(live: Live | None, bridge: Bridge, number: int) -> None:
    if live:
        live.update(_orders(bridge, f"Orders, round {number}"))


def _orders(bridge: Bridge, title: str) -> Table:
    with bridge.database.reading() as connection:
        return orders_table(list(order_lines(connection)), title)


def _tell(bridge: Bridge, target: Path) -> dict[str, Any]:
    if not out.is_terminal:
        out.print(_orders(bridge, "Orders"))
    with bridge.database.reading() as connection:
        out.print(table_of(summarise(executed(connection))))
    summary = summary_of(bridge.database, target)
    (target / _SUMMARY).write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return summary
