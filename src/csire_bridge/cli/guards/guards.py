"""``csire-bridge stop``, ``go``, ``hold`` and ``allow``: operator actions on the guards."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.guards import complaints
from csire_bridge.cli.guards.guard_tables import (
    ALLOWANCE_COLUMNS,
    HOLD_COLUMNS,
    ListedHold,
    allowance_line,
    hold_line,
    met_lines,
    stop_line,
)
from csire_bridge.cli.guards.new_holds import NewHold, hold_many
from csire_bridge.cli.shared.arguments import ListedKeyArgument
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.moments import MOMENT_HELP, local, parse_moment
from csire_bridge.cli.shared.operator_action import parse_point
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.domain.metering_point.guards import CAP_WINDOW, StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.domain.words import counted
from csire_bridge.pipeline.operator import guard_actions
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.queries.guard_facts import allowance_facts, hold_facts, stop_facts

if TYPE_CHECKING:
    from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["add_to"]

_hold = typer.Typer(help="Holds: forbid moving the contactor of a metering point.", no_args_is_help=True)
_allow = typer.Typer(help="Disconnections above the hourly cap; needs two persons.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(stop)
    app.command()(go)
    complaints.add_to(_hold)
    app.add_typer(_hold, name="hold")
    app.add_typer(_allow, name="allow")


@operator_command()
def stop(
    operator: Operator,
    *,
    everything: Annotated[bool, typer.Option("--everything", help="Connections too.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Only show whether it is on.")] = False,
) -> None:
    """Throw the stop switch: no node sends any disconnection until `csire-bridge go`.

    Examples:

        csire-bridge stop --by "Anna Nowak" --why "200 disconnections in one street"

        csire-bridge stop --show
    """
    act = None if show else operator.action()
    with operator.changing() as tx:
        if act is not None:
            scope = StopScope.EVERYTHING if everything else StopScope.DISCONNECTIONS
            guard_actions.throw_stop(tx, scope, act)
        thrown, open_commands = tx.guards.stop(), _under_way(tx, everything)
    facts = stop_facts(thrown) | {"under_way": open_commands}
    operator.tell(facts, stop_line(thrown), f"commands under way, which are not called back: {open_commands}")


def _under_way(tx: UnitOfWork, everything: bool) -> int:
    from csire_bridge.store.queries.search.order_search import commands_under_way

    return commands_under_way(tx.connection, None if everything else OrderKind.DISCONNECT)


@operator_command(needs_why=False)
def go(operator: Operator) -> None:
    """Lift the stop switch. Orders that waited for it continue at once, under the cap and all other guards.

    Example:

        csire-bridge go --by "Jan Kowalski" --why "the list was checked"
    """
    act = operator.action()
    with operator.changing() as tx:
        before = tx.guards.stop()
        lifted = guard_actions.lift_stop(tx, act)
    said = f"lifted by {act.by}; it was: {stop_line(before)}" if before else "nothing was stopped"
    operator.tell({"lifted": lifted, "by": act.by, "was": stop_facts(before)}, said)


@_hold.command("set")
@operator_command()
def set_hold(
    operator: Operator,
    point: Annotated[str | None, typer.Argument(metavar="[POINT]", help="Code of the metering point (PPE).")] = None,
    kind: Annotated[
        HoldKind | None,
        typer.Option(help="emergency holds connections, the others disconnections; emergency-supply danger cuts, too."),
    ] = None,
    *,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Many points: codes or meter numbers, one a line.", exists=True, dir_okay=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --file: only show what would be held.")] = False,
    only_found: Annotated[
        bool, typer.Option("--only-found", help="With --file: hold what is found, although other lines are not.")
    ] = False,
    lodged: Annotated[
        str | None, typer.Option(help="When the complaint was lodged: a day, or a moment. None: today.")
    ] = None,
    after_cut: Annotated[
        bool, typer.Option("--after-cut", help="The complaint was lodged after the supply was cut.")
    ] = False,
    until: Annotated[str | None, typer.Option(help=f"Its end; none: until it is released. {MOMENT_HELP}")] = None,
    days: Annotated[float | None, typer.Option(help="Its end, in days from now.", min=0.001, max=3660)] = None,
) -> None:
    """Hold a metering point: disconnections are answered with "cannot", or connections wait (emergency).

    A complaint has no end by time: it holds until it is decided (`hold decide`) or released. With --file, many points
    are held, and none as long as a line is unknown or ambiguous. If it is interrupted, the same command goes on.

    Examples:

        csire-bridge hold set 590243856287817706 --kind complaint --lodged 2026-11-20 --by "Anna Nowak" --why "no. 17"

        csire-bridge hold set --file flooded.csv --kind emergency --by "Anna Nowak" --why "flood" --dry-run
    """
    from csire_bridge.service.wiring.settings_to_values import law_policy

    if kind is None:
        raise typer.BadParameter(f"--kind is missing: one of {', '.join(HoldKind)}")
    if (point is None) is (file is None):
        raise typer.BadParameter("give one POINT, or --file with many")
    if file is None and (dry_run or only_found):
        raise typer.BadParameter("--dry-run and --only-found are for --file")
    act, law = operator.action(), law_policy(operator.settings())
    if kind is not HoldKind.COMPLAINT and (lodged is not None or after_cut):
        raise typer.BadParameter("--lodged and --after-cut are for --kind complaint")
    since = parse_moment(lodged, act.at) if lodged is not None else None
    new = NewHold(kind, since, _end(kind, until, days, act.at), after_cut, act, law)
    if file is not None:
        hold_many(operator, file, new, dry_run=dry_run, only_found=only_found)
        return
    code = parse_point(point or "")
    with operator.changing() as tx:
        hold, met = new.enter(tx, code)
    orders = {"orders": [{"key": o.key, "kind": o.kind, "state": o.state} for o in met]}
    operator.tell(hold_facts(hold, act.at, law) | orders, hold_line(hold, act.at, law), *met_lines(met))


def _end(kind: HoldKind, until: str | None, days: float | None, now: datetime) -> datetime | None:
    if until is not None and days is not None:
        raise typer.BadParameter("give --until or --days, not both")
    if kind is HoldKind.COMPLAINT and (until is not None or days is not None):
        raise typer.BadParameter("a complaint does not end by time, but by `hold decide` or `hold release`")
    if days is not None:
        return now + timedelta(days=days)
    return parse_moment(until, now) if until is not None else None


@_hold.command("list")
@list_command(HOLD_COLUMNS)
def list_holds(listing: Listing) -> None:
    """Every hold that was not released; what is over is marked. Of a complaint: what stands, and which times count.

    Example:

        csire-bridge hold list
    """
    from csire_bridge.service.wiring.settings_to_values import law_policy

    now, law = system_clock(), law_policy(listing.settings())
    with listing.reading() as tx:
        found = tx.guards.holds()
    listing.show(
        HOLD_COLUMNS,
        [ListedHold(hold, now, law) for hold in found],
        title="Holds",
        nothing="nothing is held",
        facts=lambda: {"holds": [hold_facts(hold, now, law) for hold in found]},
    )


@_hold.command("release")
@operator_command(needs_why=False)
def release_hold(operator: Operator, key: ListedKeyArgument) -> None:
    """Release a hold. Orders that waited for it continue at once.

    Example:

        csire-bridge hold release 3 --by "Jan Kowalski" --why "the fire brigade has left"
    """
    from csire_bridge.service.wiring.settings_to_values import law_policy

    act, law = operator.action(), law_policy(operator.settings())
    with operator.changing() as tx:
        hold, waited = guard_actions.release_hold(tx, key, act)
    lines = [f"order {order.key} ({order.kind}) goes on" for order in waited]
    facts = hold_facts(hold, act.at, law) | {"orders": [order.key for order in waited]}
    operator.tell(facts, f"hold {key} at {hold.metering_point} ({hold.kind}) was released by {act.by}", *lines)


@_allow.command("ask")
@operator_command()
def ask(
    operator: Operator,
    count: Annotated[int, typer.Argument(metavar="COUNT", help="How many disconnections above the cap.", min=1)],
) -> None:
    """Ask for more disconnections than the hour's cap; somebody else approves.

    Example:

        csire-bridge allow ask 50 --by "Anna Nowak" --why "the list of 23.11. was checked"
    """
    act = operator.action()
    with operator.changing() as tx:
        key = guard_actions.ask(tx, count, act)
    wanted = f"request {key} for {counted(count, 'disconnection')} above the cap"
    line = f"{wanted}; somebody else: csire-bridge allow approve {key}"
    operator.tell({"key": key, "count": count, "asked_by": act.by, "why": act.why}, line)


@_allow.command("approve")
@operator_command(needs_why=False)
def approve(
    operator: Operator,
    key: ListedKeyArgument,
    *,
    hours: Annotated[float, typer.Option(help="How long it is valid, in hours.", min=0.01, max=24)] = 1,
) -> None:
    """Approve a request of another person. Orders that wait for the cap continue at once.

    Example:

        csire-bridge allow approve 1 --by "Jan Kowalski"
    """
    act = operator.action()
    with operator.changing() as tx:
        allowance = guard_actions.approve(tx, key, act, timedelta(hours=hours))
    operator.tell(allowance_facts(allowance), allowance_line(allowance))


@_allow.command("list")
@list_command(ALLOWANCE_COLUMNS)
def list_allowances(listing: Listing) -> None:
    """The cap, the disconnections sent within the last hour, requests that wait, and approved allowances.

    Example:

        csire-bridge allow list
    """
    now, settings = system_clock(), listing.settings()
    with listing.reading() as tx:
        found = tx.guards.allowances(now)
        given, more = tx.neighbours.disconnections_given(now - CAP_WINDOW), tx.guards.allowed(now)
    cap = settings.execution.disconnections_per_hour
    sent = f"{counted(given, 'disconnection')} given within the hour"
    head = f"{local(now)}: {sent}; the cap is {cap}, and {more} above it"
    facts = {"cap": cap, "allowed_above": more, "given": given, "allowances": [allowance_facts(one) for one in found]}
    listing.show(ALLOWANCE_COLUMNS, found, title=head, nothing=head, facts=lambda: facts)
