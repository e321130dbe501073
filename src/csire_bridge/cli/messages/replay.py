"""``csire-bridge replay``: message files, folders and archives, first as a plan, then for real."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer
from rich.markup import escape

from csire_bridge.cli.figures.executions_table import executions_table
from csire_bridge.cli.shared.arguments import OptionalByOption
from csire_bridge.cli.shared.console import (
    ConfigOption,
    ExitCode,
    JsonOption,
    SchemasOption,
    err,
    out,
    print_json,
    with_progress,
)
from csire_bridge.cli.shared.lab import lab_module
from csire_bridge.cli.shared.operator_action import act_of
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.errors import PartnerFault
from csire_bridge.domain.message.message import Channel, MessageState, OrderList, OrderRequest
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.pipeline.intake.message_files import ReplayFile, find_files
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings
    from csire_bridge.service.wiring.bridge import Bridge
    from csire_bridge.store.queries.search.message_search import FoundMessage

__all__ = ["add_to"]

_BATCH = 64
_SHOWN = 40
_PATIENCE = 600.0


@dataclass(frozen=True)
class Intention:
    """What replay would do with one file."""

    file: ReplayFile
    verdict: str
    text: str

    @property
    def goes_in(self) -> bool:
        """Whether the file is taken in: not if it was processed before, or can't be read at all."""
        return self.verdict in ("new", "refused")


class _Stage(Protocol):
    """The part of the laboratory's stage that is used here."""

    @property
    def bridge(self) -> Bridge: ...


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Message files, folders or zip archives.")],
    target: Annotated[Path | None, typer.Option("--out", help="Keep database and answers in this folder.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    simulate: Annotated[
        bool,
        typer.Option("--simulate", help="Use demo certificates and simulated meters of the folder given by --out."),
    ] = False,
    as_json: JsonOption = False,
    schemas: SchemasOption = None,
    by: OptionalByOption = None,
    why: Annotated[str | None, typer.Option("--why", help="Why; it is kept. May be left out.")] = None,
    config: ConfigOption = None,
) -> None:
    """Take messages in from files: first shows what it would do, then does it.

    A message that was processed before is recognised by its bytes and not repeated. Without a head-end system in the
    settings, orders are registered and wait. Exit code 1 when a message was refused.

    Examples:

        csire-bridge replay --dry-run archive.zip

        csire-bridge replay signed.xml --out demo-out --simulate
    """
    settings = _settings(config, schemas, target)
    files = list(find_files(paths))
    with _bridge(settings, target, simulate) as bridge:
        plan = [_intention(bridge, file) for file in with_progress(files, "planning")]
        _tell(plan, as_json)
        refused: list[FoundMessage] = []
        if not dry_run:
            _note(bridge, act_of(bridge.settings, by, why, needs_why=False, needs_name=False), plan)
            before, since = _last_order(bridge), bridge.clock()
            _carry_out(bridge, [intention.file for intention in plan if intention.goes_in])
            refused = _refused(bridge, since)
            if not as_json:
                _tell_result(bridge, before, refused)
    if refused or any(intention.verdict in ("refused", "unreadable") for intention in plan):
        raise typer.Exit(ExitCode.BAD_INPUT)


def _note(bridge: Bridge, act: OperatorAction, plan: Sequence[Intention]) -> None:
    """Write down who replays what, before anything is taken in."""
    files = [intention.file.origin for intention in plan if intention.goes_in]
    with bridge.database.transaction() as tx:
        note(tx, act.who, Act.MESSAGE_REPLAY, "messages", act.at, act.why, after={"files": files})


def _settings(config: Path | None, schemas: Sequence[Path] | None, target: Path | None) -> Settings:
    from csire_bridge.config.settings import DATABASE_FILE

    if target is None:
        return load_settings(config, schemas=schemas)
    target.mkdir(parents=True, exist_ok=True)
    place: dict[str, Any] = {
        "database": f"sqlite:///{target / DATABASE_FILE}",
        "delivery_folder": target / "acknowledgements",
    }
    return load_settings(config, schemas=schemas, **place)


@contextmanager
def _bridge(settings: Settings, target: Path | None, simulate: bool) -> Iterator[Bridge]:
    from csire_bridge.service.wiring.bridge import Bridge
    from csire_bridge.store.database import make_current

    if not simulate:
        if target is not None:
            make_current(settings.database)
        with Bridge(settings) as bridge:
            yield bridge
        return
    if target is None:
        err.print("--simulate needs --out FOLDER, where its certificates and registry are")
        raise typer.Exit(ExitCode.WRONG_USE)
    stage: AbstractContextManager[_Stage] = lab_module("demo.stage").stage(target, system_clock, settings=settings)
    with stage as played:
        yield played.bridge


def _intention(bridge: Bridge, file: ReplayFile) -> Intention:
    from csire_bridge.store.queries.reports import known_bytes

    try:
        arrival = file.read()
    except PartnerFault as fault:
        return Intention(file, "unreadable", str(fault.problems[0]))
    with bridge.database.reading() as connection:
        known = known_bytes(connection, hashlib.sha256(arrival.raw).hexdigest())
    if known is not None:
        where = f"; its content is no longer here, but in {known.archive}" if known.archive else ""
        return Intention(file, "processed", f"message {known.number} {known.message_id} was processed before{where}")
    judgement = bridge.intake.judge(arrival.raw, bridge.clock())
    if isinstance(judgement, PartnerFault):
        return Intention(file, "refused", str(judgement.problems[0]))
    reading = judgement.request
    what = f"{reading.kind} order" if isinstance(reading, OrderRequest) else type(reading).__name__
    if isinstance(reading, OrderList):
        what = f"a list of {len(reading.orders)} orders"
    return Intention(file, "new", f"message {judgement.header.number}: {what}")


def _tell(plan: Sequence[Intention], as_json: bool) -> None:
    counts = Counter(intention.verdict for intention in plan)
    if as_json:
        rows = [{"file": i.file.origin, "verdict": i.verdict, "text": i.text} for i in plan]
        print_json({"plan": rows, "counts": counts})
        return
    for intention in plan[:_SHOWN]:
        out.print(
            f"{escape(intention.file.origin)}: [bold]{intention.verdict}[/], {escape(intention.text)}", highlight=False
        )
    if len(plan) > _SHOWN:
        out.print(f"... and {len(plan) - _SHOWN} more")
    out.print(", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())) or "nothing to replay")


def _last_order(bridge: Bridge) -> int:
    from csire_bridge.store.queries.reports import last_order

    with bridge.database.reading() as connection:
        return last_order(connection)


def _refused(bridge: Bridge, since: datetime) -> list[FoundMessage]:
    """The messages that were refused, as planned or because of their id or process."""
    from csire_bridge.store.queries.lists.message_pages import find_messages
    from csire_bridge.store.queries.search.message_search import MessageSearch

    wanted = MessageSearch(states=(MessageState.REFUSED,), channel=Channel.REPLAY, since=since)
    with bridge.database.reading() as connection:
        return find_messages(connection, wanted, _SHOWN)


def _tell_result(bridge: Bridge, before: int, refused: Sequence[FoundMessage]) -> None:
    from csire_bridge.store.queries.reports import order_lines

    for message in reversed(refused):
        out.print(f"{message.origin}: refused, {message.problem}", markup=False, highlight=False)
    with bridge.database.reading() as connection:
        lines = list(order_lines(connection, after=before))
    if lines:
        out.print(executions_table(lines[:_SHOWN], f"The first {_SHOWN} orders" if len(lines) > _SHOWN else "Orders"))
        states = Counter(line.state.value for line in lines)
        out.print(", ".join(f"{count} {state}" for state, count in sorted(states.items())))
    if lines and not bridge.settings.head_end.url:
        out.print("no head-end system is set: the orders are registered and wait (see --simulate)")


def _carry_out(bridge: Bridge, files: Sequence[ReplayFile]) -> None:
    """Take the files in while the worker runs as in the service, so that a partner that hangs holds up nothing else."""
    from csire_bridge.store.queries.reports import at_rest

    starts = iter(with_progress(range(0, len(files), _BATCH), "taking in"))
    stop, deadline = Event(), time.monotonic() + _PATIENCE

    def take_in() -> None:
        nonlocal deadline
        start = next(starts, None)
        if start is not None:
            bridge.take_in(Channel.REPLAY, [file.read() for file in files[start : start + _BATCH]])
            deadline = time.monotonic() + _PATIENCE
        elif not bridge.settings.head_end.url or time.monotonic() > deadline:
            stop.set()

    def idle() -> None:
        with bridge.database.reading() as connection:
            if at_rest(connection, bridge.clock()):
                stop.set()
        bridge.worker.rest(0.02)

    bridge.worker.run(stop, idle, take_in)
