"""``csire-bridge stop``, ``go``, ``hold`` and ``allow``: operator actions on the guards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.guards import complaints
from csire_bridge.cli.guards.guard_tables import (
    allowance_facts,
    allowance_line,
    hold_facts,
    hold_line,
    met_lines,
    stop_facts,
    stop_line,
)
from csire_bridge.cli.shared.arguments import ListedKeyArgument, PointArgument
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption
from csire_bridge.cli.shared.moments import MOMENT_HELP, local, parse_moment
from csire_bridge.cli.shared.operator_action import (
    opened,
    parse_point,
    tell,
)
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.metering_point.guards import CAP_WINDOW, StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.metering_point.interlocks import against
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.pipeline.operator import complaint_actions, guard_actions
from csire_bridge.runtime.steady_clock import system_clock

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
    from csire_bridge.store.queries.order_search import commands_under_way

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
    point: PointArgument,
    kind: Annotated[
        HoldKind,
        typer.Option(help="emergency holds connections, the others disconnections; emergency-supply danger cuts, too."),
    ],
    *,
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

    A complaint has no end by time: it holds until it is decided (`hold decide`) or released.

    Examples:

        csire-bridge hold set 590243856287817706 --kind complaint --lodged 2026-11-20 --by "Anna Nowak" --why "no. 17"

        csire-bridge hold set 590243856287817706 --kind emergency --by "Anna Nowak" --why "fire in the building"
    """
    from csire_bridge.service.wiring.settings_to_values import law_policy
    from csire_bridge.store.queries.order_search import open_at

    act, code, law = operator.action(), parse_point(point), law_policy(operator.settings())
    end = _end(kind, until, days, act.at)
    if kind is not HoldKind.COMPLAINT and (lodged is not None or after_cut):
        raise typer.BadParameter("--lodged and --after-cut are for --kind complaint")
    since = parse_moment(lodged, act.at) if lodged is not None else None
    with operator.changing() as tx:
        if kind is HoldKind.COMPLAINT:
            key = complaint_actions.lodge(tx, code, since, act, law, after_cut=after_cut)
        else:
            key = guard_actions.set_hold(tx, code, kind, end, act)
        hold = tx.guards.hold(key)
        met = [order for order in open_at(tx.connection, code, kind.stops) if against(order, [hold]) is not None]
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
def list_holds(database: DatabaseOption = None, json_wanted: JsonOption = False, config: ConfigOption = None) -> None:
    """Every hold that was not released; what is over is marked. Of a complaint: what stands, and which times count.

    Example:

        csire-bridge hold list
    """
    from csire_bridge.service.wiring.settings_to_values import law_policy

    now, settings = system_clock(), load_settings(config, database=database)
    law = law_policy(settings)
    with opened(settings, reads=True) as store, store.read_transaction() as tx:
        found = tx.guards.holds()
    lines = [hold_line(hold, now, law) for hold in found] or ["nothing is held"]
    tell(json_wanted, {"holds": [hold_facts(hold, now, law) for hold in found]}, *lines)


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
    line = f"request {key} for {count} disconnections above the cap; somebody else: csire-bridge allow approve {key}"
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
def list_allowances(
    database: DatabaseOption = None, json_wanted: JsonOption = False, config: ConfigOption = None
) -> None:
    """The cap, the disconnections sent within the last hour, requests that wait, and approved allowances.

    Example:

        csire-bridge allow list
    """
    now, settings = system_clock(), load_settings(config, database=database)
    with opened(settings, reads=True) as store, store.read_transaction() as tx:
        found = tx.guards.allowances(now)
        given, more = tx.neighbours.disconnections_given(now - CAP_WINDOW), tx.guards.allowed(now)
    cap = settings.execution.disconnections_per_hour
    facts = {"cap": cap, "allowed_above": more, "given": given, "allowances": [allowance_facts(one) for one in found]}
    head = f"{local(now)}: {given} disconnections were given within the hour; the cap is {cap}, and {more} above it"
    tell(json_wanted, facts, head, *[allowance_line(one) for one in found])
