"""``csire-bridge demo``: every sample from its file to its end, on simulated meters."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.live import Live
from rich.table import Table

from csire_bridge.cli.figures.executions_table import executions_table
from csire_bridge.cli.figures.stats import TIME_COLUMNS
from csire_bridge.cli.shared.console import ExitCode, err, out
from csire_bridge.cli.shared.table import Column, print_table
from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ConfigurationError, OurFault
from csire_bridge.domain.figures.summary import statistics
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.message.partners import SecurityProfile
from csire_bridge.domain.words import counted
from csire_bridge.lab.cli.law_days import law_table, play_law_days
from csire_bridge.lab.cli.weekend import play_weekend, weekend_table
from csire_bridge.lab.simulators.faults.hub import Trouble
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.lab.demo.market import Feeder, Market
    from csire_bridge.lab.simulators.expectations import Expectations
    from csire_bridge.service.wiring.bridge import Bridge
    from csire_bridge.store.queries.reports import OrderLine

__all__ = ["add_to", "tell_refused"]

_OPENING = (
    "A simulated market hub and SID now send the sample messages, good ones and bad ones, to a bridge on this machine; "
    "it has the orders carried out on simulated meters, and answers. You see the orders, how long they took, why "
    "messages were refused, and then two plays on a simulated clock: a weekend, and a protected household."
)
_SUMMARY = "summary.json"
_WEEKEND, _LAW_DAYS = "weekend", "law-days"
_LONGEST_ROUND = 50.0


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    target: Annotated[Path, typer.Option("--dir", help="Folder for the results.", file_okay=False)] = Path("demo-out"),
    keep: Annotated[bool, typer.Option("--keep", help="Then keep everything running, with the console.")] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port of the console; 0 = any free port.")] = 0,
    standard: Annotated[
        str | None, typer.Option("--standard", help="`other`: the sample of another standard, in the place of all.")
    ] = None,
) -> None:
    """Send all samples to the bridge through a simulated hub, execute orders on simulated meters, and show the results.

    Messages come by webhook (bare and SOAP) and through the hub's queue; in the second round the hub signs with
    WS-Security. Answers go to the hub, which answers each with its own result. SID asks for orders too, and is told
    what became of them. At the end a weekend is played on a simulated clock, with the operator's rules, and some days
    of a protected household.

    With --keep the hub, the meters and the bridge go on until Ctrl-C: the console, whose address and accounts are
    printed, works on all of them.

    Leaves in the folder: summary.json, acknowledgements/*.xml, pki/*.pem, the database. Exit code 0 only when every
    sample ended as samples/expected.yaml says.

    Example:

        csire-bridge demo --dir demo-out
    """
    from csire_bridge.lab.demo.market import Feeder, market
    from csire_bridge.lab.demo.stage import load_points
    from csire_bridge.lab.demo.summary import differences
    from csire_bridge.lab.simulators.expectations import load_expected

    _clear(target)
    if standard is not None:
        _play_other(target, standard)
        return
    out.print(_OPENING, soft_wrap=False)
    samples = folder("samples")
    expected = load_expected(samples)
    points = load_points(samples / "metering-points.yaml", system_clock())
    with market(target, system_clock, points, console_port=port) as scene:
        feeder = Feeder(scene)
        numbers = _ask_by_sid(scene)
        _play(scene, feeder, expected, samples)
        wrong = _told_to_sid(scene, numbers)
        summary = _tell(scene.bridge, target, feeder)
        wrong += differences(scene.bridge.database, expected, feeder.sent) + scene.hub.problems + scene.sid.problems
        tell_refused(summary["refused"])
        out.print(weekend_table(play_weekend(target / _WEEKEND, samples, expected, system_clock())))
        out.print(law_table(play_law_days(target / _LAW_DAYS, samples, expected, system_clock())))
        _tell_end(wrong, expected, summary, target)
        if keep:
            _keep_up(scene)
    out.print("the same in a browser: make console (csire-bridge demo --keep)", highlight=False)


def _play_other(target: Path, standard: str) -> None:
    """Play the sample of another standard; exit code 1 unless each of its orders has a good answer."""
    from csire_bridge.lab.demo.other_standard import other_standard, play

    if standard != "other":
        raise ConfigurationError(f"there is no standard {standard!r} to play", "write --standard other")
    out.print(
        "The market now sends the message of samples/other-standard, which files alone describe.", highlight=False
    )
    with other_standard(target, system_clock) as scene:
        played = play(scene, system_clock)
    for line in played.orders:
        told = (
            f"order {line.key}: {line.kind} at {line.metering_point}: {line.state}, answered with {line.answer_number}"
        )
        out.print(told, markup=False, highlight=False)
    for problem in played.problems:
        err.print(problem, style="red", markup=False, highlight=False)
    if played.problems:
        raise typer.Exit(ExitCode.BAD_INPUT)
    said = f"{counted(len(played.answers), 'answer')}, each signed and valid by its own schema"
    out.print(f"{said}: {target / 'acknowledgements'}", markup=False, highlight=False, soft_wrap=True)


def _tell_end(wrong: Sequence[str], expected: Expectations, summary: Mapping[str, Any], target: Path) -> None:
    """Say whether every sample ended as expected; exit code 1 if not."""
    fed = sum(len(entries) for entries in expected.rounds)
    if wrong:
        for sentence in wrong:
            err.print(sentence, style="red", markup=False, highlight=False)
        err.print(f"{len(wrong)} of {fed} samples did not end as expected")
        raise typer.Exit(ExitCode.OUR_FAILURE)
    orders = counted(len(summary["orders"]), "order")
    out.print(f"all {fed} samples ended as expected; {orders}; results in {target}")


def _keep_up(scene: Market) -> None:
    """Print the console's address and accounts, and wait for Ctrl-C or SIGTERM."""
    from csire_bridge.lab.demo.accounts import NAMES, make_accounts
    from csire_bridge.service.web.doors import Door

    url = next(address.url for address in scene.service.addresses if Door.CONSOLE in address.doors)
    passwords = make_accounts(scene.bridge.database, system_clock)
    rows = [(NAMES[role], role.value, password) for role, password in passwords.items()]
    print_table(_ACCOUNT_COLUMNS, rows, "Accounts of the console")
    out.print(f"the console: {url}/", highlight=False, soft_wrap=True)
    out.print("everything runs until Ctrl-C", highlight=False)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


_ACCOUNT_COLUMNS: Sequence[Column[tuple[str, str, str]]] = (
    Column("name", lambda row: row[0]),
    Column("role", lambda row: row[1]),
    Column("password", lambda row: row[2]),
)


def _clear(target: Path) -> None:
    """Remove the results of an earlier demo; never anything else."""
    from csire_bridge.config.settings import DATABASE_FILE

    if not target.exists() or not any(target.iterdir()):
        return
    if not (target / _SUMMARY).exists() and not (target / DATABASE_FILE).exists():
        err.print(f"{target} holds something else than a demo's results -> give another folder with --dir")
        raise typer.Exit(ExitCode.WRONG_USE)
    for name in ("acknowledgements", "pki", _WEEKEND, _LAW_DAYS):
        shutil.rmtree(target / name, ignore_errors=True)
    for file in (_SUMMARY, DATABASE_FILE, f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm"):
        (target / file).unlink(missing_ok=True)


def _play(scene: Market, feeder: Feeder, expected: Expectations, samples: Path) -> None:
    from csire_bridge.lab.simulators.sample_preparer import SamplePreparer

    doctor = SamplePreparer(scene.pki, expected.offset_to(system_clock()))
    live = Live(console=out, refresh_per_second=8) if out.is_terminal else None
    if live:
        live.start()
    try:
        for number, entries in enumerate(expected.rounds, 1):
            profile = _PROFILES.get(number, SecurityProfile.ENVELOPED)
            _agree(scene, profile)
            answers = _answers(scene.bridge)
            raws = [(e, _naming(answers, (samples / e.file).read_bytes())) for e in entries]
            documents = [(e.file, doctor.prepare(raw, e.sign)) for e, raw in raws]
            feeder.feed(documents, profile)
            _wait(scene, partial(_show, live, scene.bridge, number))
    finally:
        if live:
            live.stop()


def _answers(bridge: Bridge) -> dict[bytes, bytes]:
    """The ids that the samples' results name, with those of our answers, which are not known beforehand."""
    from csire_bridge.store.queries.reports import order_lines

    with bridge.database.read_transaction() as tx:
        lines = [line for line in order_lines(tx.connection) if line.answer_id and line.message_id]
    return {
        MessageId(str(line.message_id)).derive(str(line.answer_number)).encode(): str(line.answer_id).encode()
        for line in lines
    }


def _naming(answers: Mapping[bytes, bytes], raw: bytes) -> bytes:
    for placeholder, real in answers.items():
        raw = raw.replace(placeholder, real)
    return raw


# The hub's own results are signed inside the document, so none may come while the other profile is agreed.
_PROFILES = {2: SecurityProfile.WSS}


def _agree(scene: Market, profile: SecurityProfile) -> None:
    scene.hub.faults.no_result = Trouble(chance=1.0 if profile is SecurityProfile.WSS else 0.0)
    scene.agree(profile)
    deadline = time.monotonic() + _LONGEST_ROUND
    while scene.bridge.partners.partners[scene.pki.hub.eic].profile is not profile:
        if time.monotonic() > deadline:
            raise OurFault("the bridge did not learn of the other profile", "run it again with -v")
        time.sleep(0.05)


def _ask_by_sid(scene: Market) -> list[str]:
    """Let SID offer one order, which the bridge fetches, and submit another one itself; return their numbers."""
    waiting = scene.sid.register(MeteringPointCode="590000047891571482")
    order = scene.sid.order(Kind="reconnect", MeteringPointCode="590000026256555237", ReconnectionReason="reason-gone")
    scene.sid_caller().submit(order)
    return [waiting, order["Number"]]


def _told_to_sid(scene: Market, numbers: Iterable[str]) -> list[str]:
    """A sentence for each order of SID whose end was not reported to SID in time."""
    deadline = time.monotonic() + _LONGEST_ROUND
    while any(scene.sid.status_of(number) != "done" for number in numbers) and time.monotonic() < deadline:
        time.sleep(0.05)
    told = {number: scene.sid.status_of(number) for number in numbers}
    for number, status in told.items():
        out.print(f"SID was told of its order {number}: {status}", highlight=False)
    return [f"SID's order {number} is {status}, expected done" for number, status in told.items() if status != "done"]


def _wait(scene: Market, show: Callable[[], None]) -> None:
    """Wait until all work is done and the hub's queue is empty."""
    from csire_bridge.store.queries.reports import at_rest

    deadline = time.monotonic() + _LONGEST_ROUND
    while True:
        show()
        if scene.service.broken():
            raise OurFault(f"{', '.join(scene.service.broken())} stopped", "run it again with -v")
        if scene.hub.waiting == 0:
            with scene.bridge.database.reading() as connection:
                if at_rest(connection, scene.bridge.clock()):
                    return
        if time.monotonic() > deadline:
            raise OurFault(f"the samples did not come to rest within {_LONGEST_ROUND:.0f} s", "run it again with -v")
        time.sleep(0.1)


def _show(live: Live | None, bridge: Bridge, number: int) -> None:
    if live:
        live.update(_orders(bridge, f"Orders, round {number}"))


def _orders(bridge: Bridge, title: str) -> Table:
    from csire_bridge.store.queries.reports import order_lines

    with bridge.database.reading() as connection:
        return executions_table(list(order_lines(connection)), title)


def _tell(bridge: Bridge, target: Path, feeder: Feeder) -> dict[str, Any]:
    from csire_bridge.lab.demo.summary import summary_of
    from csire_bridge.store.figures.counted import figures
    from csire_bridge.store.queries.reports import order_lines

    if not out.is_terminal:
        out.print(_orders(bridge, "Orders"))
    with bridge.database.reading() as connection:
        found = figures(connection, bridge.policy.deadlines, bridge.clock())
        print_table(TIME_COLUMNS, statistics(found.cells), "Execution times")
        _keep(target / "acknowledgements", order_lines(connection, with_answer=True))
    summary = summary_of(bridge.database, target, feeder.sent)
    (target / _SUMMARY).write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return summary


def tell_refused(refused: Sequence[Mapping[str, Any]]) -> None:
    """The refused messages by their reason, the most frequent first."""
    by_code: dict[str, list[Mapping[str, Any]]] = {}
    for message in refused:
        by_code.setdefault(str(message["code"]), []).append(message)
    rows = sorted(by_code.items(), key=lambda item: (-len(item[1]), item[0]))
    title = f"Refused: {counted(len(refused), 'message')} for {counted(len(rows), 'reason')}"
    print_table(_REFUSED_COLUMNS, rows, title)


def _why(message: Mapping[str, Any]) -> str:
    """What was wrong, without its code, place and remedy."""
    told = str(message["reason"] or "").removeprefix(f"{message['code']}: ")
    return told.partition(" -> ")[0].partition(" [")[0]


_REFUSED_COLUMNS: Sequence[Column[tuple[str, list[Mapping[str, Any]]]]] = (
    Column("reason", lambda row: row[0]),
    Column("messages", lambda row: len(row[1]), right=True),
    Column("such-as", lambda row: Path(str(row[1][0]["file"])).name, goes=1),
    Column("why", lambda row: _why(row[1][0]), words=True),
)


def _keep(place: Path, lines: Iterable[OrderLine]) -> None:
    """Write the answers as they were sent, one file each."""
    place.mkdir(exist_ok=True)
    for line in lines:
        if line.answer is not None and line.answer_name is not None:
            (place / line.answer_name).write_bytes(line.answer)
