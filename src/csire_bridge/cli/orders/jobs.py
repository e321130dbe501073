"""``csire-bridge jobs``: acts on lists, seen before they are started; what waits for a second person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from csire_bridge.cli.shared.arguments import ListedKeyArgument
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.opened import opened
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.jobs.job import ItemState, Job, JobItem, JobState
from csire_bridge.domain.jobs.kinds import JobDetails, JobKind
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.api.sets import ItemSet
    from csire_bridge.config.settings import Settings
    from csire_bridge.pipeline.jobs.tools import JobTools
    from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["add_to"]

_jobs = typer.Typer(help="Acts on lists, and what waits for a second person.", no_args_is_help=True)
CountOption = Annotated[int, typer.Option("--count", min=0, help="How many things will be done, as the preview said.")]
_Decide = Callable[["UnitOfWork", OperatorAction], Job]
_MOST = 1000


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_jobs, name="jobs")


@_jobs.callback()
def group() -> None:
    """Acts on lists: planned, seen item by item, then started; the service does them. Some need a second person."""


JOB_COLUMNS: Sequence[Column[Job]] = (
    Column("key", lambda job: job.key),
    Column("act", lambda job: job.kind),
    Column("state", lambda job: job.state),
    Column("items", lambda job: job.count, right=True),
    Column("done", lambda job: job.done, right=True),
    Column("skipped", lambda job: job.skipped, right=True),
    Column("failed", lambda job: job.failed, right=True),
    Column("asked-by", lambda job: job.asked_by),
    Column("asked-at", lambda job: job.asked_at, goes=1),
    Column("needs", lambda job: job.needs_why, words=True, goes=3),
    Column("why", lambda job: job.why, words=True, goes=2),
)
ITEM_COLUMNS: Sequence[Column[JobItem]] = (
    Column("no", lambda item: item.number, right=True),
    Column("item", lambda item: item.item),
    Column("would", lambda item: "?" if item.would is None else "be done" if item.would else "be skipped", goes=1),
    Column("became", lambda item: item.state if item.state is not ItemState.PENDING else None),
    Column("what", lambda item: item.text or item.foreseen, words=True),
)


@_jobs.command("list")
@list_command(JOB_COLUMNS)
def show_all(
    listing: Listing,
    state: Annotated[JobState | None, typer.Option(help="Only of this state; `waiting`: for another person.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
) -> None:
    """Jobs, the newest first; without --all those that have not ended.

    Example:

        csire-bridge jobs list --state waiting
    """
    from csire_bridge.store.queries.search.job_list import JobSearch, find_jobs, job_facts

    wanted = JobSearch(states=(state,) if state else (), open=not everything and state is None)
    with listing.reading() as tx:
        found = find_jobs(tx.connection, wanted, _MOST)
    listing.show(JOB_COLUMNS, found, title="Jobs", nothing="no job", facts=lambda: [job_facts(job) for job in found])


@_jobs.command("show")
@list_command(ITEM_COLUMNS)
def show_one(listing: Listing, key: ListedKeyArgument) -> None:
    """The items of a job: the preview, and what became of each.

    Example:

        csire-bridge jobs show 3
    """
    from csire_bridge.domain.errors import ActionRefused
    from csire_bridge.store.queries.search.job_list import find_items, item_facts

    with listing.reading() as tx:
        job = tx.jobs.get(key)
        if job is None:
            raise ActionRefused(f"there is no job {key}", "look its key up: csire-bridge jobs list")
        found = find_items(tx.connection, key, _MOST)
    title = f"Job {key}: {job.kind}, {job.state}; {job.chosen}; {_sums(job)}"
    listing.show(ITEM_COLUMNS, found, title=title, nothing="no item", facts=lambda: [item_facts(one) for one in found])


@_jobs.command()
@operator_command()
def plan(
    operator: Operator,
    kind: Annotated[JobKind, typer.Argument(metavar="ACT", help="What is to be done.")],
    items: Annotated[list[str] | None, typer.Argument(metavar="[ITEM]...", help="Keys, or codes of points.")] = None,
    file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A list: text or CSV.")] = None,
    hold: Annotated[HoldKind | None, typer.Option(help="Kind of a hold.")] = None,
    reason: Annotated[str | None, typer.Option(help="Of report-not-done: THE HUB IS TOLD.")] = None,
    unread: Annotated[bool, typer.Option("--unread", help="An order ends although its meter can't be read.")] = False,
    scope: Annotated[StopScope | None, typer.Option(help="What the stop switch stops.")] = None,
) -> None:
    """Freeze a set and show what would be done with each item; nothing is done before `jobs start`.

    Whoever may not do it himself plans and starts it all the same: it waits for somebody who may.

    Examples:

        csire-bridge jobs plan retry 17 18 19 --why "the meters answer again"

        csire-bridge jobs plan hold --file flooded.csv --hold emergency --why "flood"
    """
    from csire_bridge.pipeline.jobs.plan import freeze
    from csire_bridge.pipeline.jobs.plan import plan as planned
    from csire_bridge.store.queries.search.job_list import item_facts, job_facts

    details = JobDetails(hold=hold, reason=reason, unread=unread, scope=scope)
    act = operator.action()
    settings = operator.settings()
    with opened(settings) as store, _tools(settings, kind) as tools:
        with store.read_transaction() as tx:
            chosen = _chosen(tx, kind, items or (), file, act)
        seen = planned(store, kind, details, chosen.items, tools, act.why or "")
        with store.transaction() as tx:
            job = freeze(tx, kind, details, seen, chosen.chosen, act)
    unclear: dict[str, Any] = {**chosen.unknown, **chosen.wrong, **chosen.ambiguous}
    lines = [f"{item.item}: {'would be done' if item.would else 'skipped'}: {item.foreseen}" for item in seen]
    left_out = [f"left out: {word}: {text}" for word, text in unclear.items()]
    start_it = f"start it: csire-bridge jobs start {job.key} --count {job.would_do} --why ..."
    facts = job_facts(job) | {"items": [item_facts(item) for item in seen], "left_out": unclear}
    operator.tell(facts, *left_out, *lines, f"job {job.key}: {_sums(job)}", start_it)


@contextmanager
def _tools(settings: Settings, kind: JobKind) -> Iterator[JobTools]:
    """What items are looked at with; only a replay needs schemas, mappings, partners and keys."""
    from csire_bridge.domain.errors import ActionRefused
    from csire_bridge.service.wiring.job_tools import job_tools
    from csire_bridge.service.wiring.settings_to_values import law_policy

    if kind is JobKind.REPLAY:
        from csire_bridge.service.wiring.bridge import Bridge

        with Bridge(settings) as bridge:
            yield bridge.job_tools
        return

    def nothing(_raw: bytes, _now: datetime) -> NoReturn:
        raise ActionRefused("no message is judged for this act", "report it")

    yield job_tools(settings, law_policy(settings), nothing, system_clock)


def _chosen(tx: UnitOfWork, kind: JobKind, items: Sequence[str], file: Path | None, act: OperatorAction) -> ItemSet:
    from csire_bridge.api.sets import of_list, of_stop, text_of
    from csire_bridge.domain.jobs.kinds import ABOUT, Subject

    subject = ABOUT[kind].subject
    if subject is Subject.STOP:
        return of_stop()
    if (file is None) is (not items):
        raise typer.BadParameter("give ITEMs, or --file with a list")
    return of_list(tx, subject, text_of(file.read_bytes()) if file else "\n".join(items), act.at)


@_jobs.command()
@operator_command()
def start(operator: Operator, key: ListedKeyArgument, count: CountOption) -> None:
    """Start a job that you have planned; the service does it, or it waits for another person.

    Example:

        csire-bridge jobs start 3 --count 47 --why "seen"
    """
    from csire_bridge.pipeline.jobs.decisions import start as decided

    _decide(operator, lambda tx, act: decided(tx, key, count, act))


@_jobs.command()
@operator_command()
def approve(operator: Operator, key: ListedKeyArgument, count: CountOption) -> None:
    """Approve a job that another person has asked for.

    Example:

        csire-bridge jobs approve 3 --count 47 --why "right street"
    """
    from csire_bridge.pipeline.jobs.decisions import approve as decided

    _decide(operator, lambda tx, act: decided(tx, key, count, act))


@_jobs.command()
@operator_command()
def decline(operator: Operator, key: ListedKeyArgument) -> None:
    """Decline a job that another person has asked for: nothing of it is done.

    Example:

        csire-bridge jobs decline 3 --why "wrong street"
    """
    from csire_bridge.pipeline.jobs.decisions import decline as decided

    _decide(operator, lambda tx, act: decided(tx, key, act))


@_jobs.command()
@operator_command()
def cancel(operator: Operator, key: ListedKeyArgument) -> None:
    """Cancel a job: what is done stays done, the rest is not begun.

    Example:

        csire-bridge jobs cancel 3 --why "wrong list"
    """
    from csire_bridge.pipeline.jobs.decisions import cancel as decided

    _decide(operator, lambda tx, act: decided(tx, key, act))


def _decide(operator: Operator, decide: _Decide) -> None:
    from csire_bridge.store.queries.search.job_list import job_facts

    act = operator.action()
    with operator.changing() as tx:
        job = decide(tx, act)
    waits = f": {job.needs_why}" if job.needs_why else ""
    operator.tell(job_facts(job), f"job {job.key} is {job.state}{waits}; {_sums(job)}")


def _sums(job: Job) -> str:
    if job.started_at is None:
        return f"{job.would_do} would be done, {job.would_skip} skipped, of {job.count}"
    return f"{job.done} done, {job.skipped} skipped, {job.failed} failed, {job.left} left of {job.count}"
