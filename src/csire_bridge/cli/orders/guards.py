"""``csire-bridge stop``, ``go``, ``hold`` and ``allow``: operator actions on the guards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.orders.guard_tables import (
    allowance_facts,
    allowance_line,
    hold_facts,
    hold_line,
    stop_facts,
    stop_line,
)
from csire_bridge.cli.shared.arguments import ListedKeyArgument, PointArgument
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption
from csire_bridge.cli.shared.moments import MOMENT_HELP, local, parse_moment
from csire_bridge.cli.shared.operator_action import (
    opened,
    parse_point,
    read_transaction,
    tell,
)
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.metering_point.guards import CAP_WINDOW, StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.order.order import NEEDS_OPERATOR, OrderKind
from csire_bridge.pipeline.operator import guard_actions
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
    until: Annotated[str | None, typer.Option(help=f"Its end; none: until it is released. {MOMENT_HELP}")] = None,
    days: Annotated[float | None, typer.Option(help="Its end, in days from now.", min=0.001, max=3660)] = None,
) -> None:
    """Hold a metering point: disconnections are answered with "cannot", or connections wait (emergency).

    Example:

        csire-bridge hold set 590243856287817706 --kind complaint --days 14 --by "Anna Nowak" --why "complaint 17/2026"
    """
    from csire_bridge.store.queries.order_search import open_at

    act, code = operator.action(), parse_point(point)
    if until is not None and days is not None:
        raise typer.BadParameter("give --until or --days, not both")
    end: datetime | None = parse_moment(until, act.at) if until is not None else None
    end = act.at + timedelta(days=days) if days is not None else end
    with operator.changing() as tx:
        key = guard_actions.set_hold(tx, code, kind, end, act)
        hold = next(hold for hold in tx.guards.holds() if hold.key == key)
        met = open_at(tx.connection, code, kind.stops)
    warnings = [
        f"order {order.key} ({order.kind}) is {order.state}: "
        + ("call the people back" if order.state in NEEDS_OPERATOR else "its next command is not given")
        for order in met
    ]
    facts = hold_facts(hold, act.at) | {"orders": [{"key": o.key, "kind": o.kind, "state": o.state} for o in met]}
    operator.tell(facts, hold_line(hold, act.at), *warnings)


@_hold.command("list")
def list_holds(database: DatabaseOption = None, json_wanted: JsonOption = False, config: ConfigOption = None) -> None:
    """Every hold that was not released; expired ones are marked.

    Example:

        csire-bridge hold list
    """
    now = system_clock()
    with read_transaction(config, database) as tx:
        found = tx.guards.holds()
    lines = [hold_line(hold, now) for hold in found] or ["nothing is held"]
    tell(json_wanted, {"holds": [hold_facts(hold, now) for hold in found]}, *lines)


@_hold.command("release")
@operator_command(needs_why=False)
def release_hold(operator: Operator, key: ListedKeyArgument) -> None:
    """Release a hold. Orders that waited for it continue at once.

    Example:

        csire-bridge hold release 3 --by "Jan Kowalski" --why "the fire brigade has left"
    """
    act = operator.action()
    with operator.changing() as tx:
        hold, waited = guard_actions.release_hold(tx, key, act)
    lines = [f"order {order.key} ({order.kind}) goes on" for order in waited]
    facts = hold_facts(hold, act.at) | {"orders": [order.key for order in waited]}
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
    with opened(settings) as store, store.read_transaction() as tx:
        found = tx.guards.allowances(now)
        given, more = tx.neighbours.disconnections_given(now - CAP_WINDOW), tx.guards.allowed(now)
    cap = settings.execution.disconnections_per_hour
    facts = {"cap": cap, "allowed_above": more, "given": given, "allowances": [allowance_facts(one) for one in found]}
    head = f"{local(now)}: {given} disconnections were given within the hour; the cap is {cap}, and {more} above it"
    tell(json_wanted, facts, head, *[allowance_line(one) for one in found])
