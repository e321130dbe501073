"""``csire-bridge orders``: a list of orders, and everything about one order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from csire_bridge.cli.figures.clock_lines import clock_lines
from csire_bridge.cli.orders import actions
from csire_bridge.cli.orders.explain import explain
from csire_bridge.cli.orders.tables import ORDER_COLUMNS, order_facts, order_lines
from csire_bridge.cli.shared.arguments import parse_as, parse_eic
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, out, print_json
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.moments import MOMENT_HELP, parse_moment
from csire_bridge.cli.shared.operator_action import parse_point, reading
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MessageId, ProcessInstanceId
from csire_bridge.domain.order.order import OrderKind, OrderState, WaitsFor
from csire_bridge.domain.people.acts import Act
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.store.queries.lists.listed_order import ListedOrder

__all__ = ["add_to"]

_orders = typer.Typer(help="Orders: find them, show one, and act on those that wait for a person.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_orders, name="orders", no_args_is_help=True)


@_orders.command("list")
@list_command(ORDER_COLUMNS)
def show_all(
    listing: Listing,
    state: Annotated[list[OrderState] | None, typer.Option(help="May be given more than once.")] = None,
    waits_for: Annotated[WaitsFor | None, typer.Option(help="What a registered order waits for.")] = None,
    point: Annotated[str | None, typer.Option(help="Code of the metering point.")] = None,
    kind: Annotated[OrderKind | None, typer.Option(help="What is to be done.")] = None,
    since: Annotated[str | None, typer.Option("--since", help=f"Registered then or later. {MOMENT_HELP}")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Registered before then.")] = None,
    message: Annotated[str | None, typer.Option(help="Id of the hub's message that asked for it.")] = None,
    process: Annotated[str | None, typer.Option(help="Id of the hub's process instance.")] = None,
    supplier: Annotated[str | None, typer.Option(help="EIC code of the supplier.")] = None,
    sid_number: Annotated[str | None, typer.Option(help="Number of the order at SID.")] = None,
    reason_like: Annotated[str | None, typer.Option(help="Words of the reason.")] = None,
    text: Annotated[
        str | None, typer.Option(help="Words of the reason, the description or the history; slow if alone.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 50,
) -> None:
    """Orders, the newest first: what each waits for, and until when, or when that is looked at again.

    Examples:

        csire-bridge orders list --state parked --state field-work

        csire-bridge orders list --since 2026-11-23 --until 2026-11-24 --supplier 10XPL-SUPPLIER-X

        csire-bridge orders list --waits-for cap --columns key,point,registered --csv cap.csv
    """
    from csire_bridge.store.queries.lists.listed_order import listed_orders
    from csire_bridge.store.queries.lists.order_pages import count_orders, find_orders
    from csire_bridge.store.queries.search.order_search import OrderSearch

    now = system_clock()
    wanted = OrderSearch(
        states=tuple(state or ()),
        waits_for=waits_for,
        point=parse_point(point) if point else None,
        kind=kind,
        reason=reason_like,
        text=text,
        since=parse_moment(since, now) if since else None,
        until=parse_moment(until, now) if until else None,
        message=parse_as(MessageId.parse, message, "--message") if message else None,
        process=parse_as(ProcessInstanceId.parse, process, "--process") if process else None,
        supplier=parse_eic(supplier) if supplier else None,
        sid_number=sid_number,
    )
    with listing.reading() as tx:
        found, count = find_orders(tx.connection, wanted, limit), count_orders(tx.connection, wanted)
        rows = listed_orders(tx.connection, found, now)
    listing.show(
        ORDER_COLUMNS,
        rows,
        title=f"Orders ({len(found)} of {count})",
        nothing="no such order",
        facts=lambda: {"count": count.number, "count_is_exact": count.exact, "orders": [_facts(row) for row in rows]},
    )


def _facts(row: ListedOrder) -> dict[str, Any]:
    return order_facts(row.order) | {"waits_until": row.until, "last": row.last.text if row.last else None}


@_orders.command("show")
def show_one(
    key: actions.KeyArgument,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Everything about one order: facts, history, events, answers, open work, guards that affected it, and clocks.

    Example:

        csire-bridge orders show 17
    """
    from csire_bridge.service.wiring.settings_to_values import deadlines_of, law_policy
    from csire_bridge.store.queries.clock_facts import clock_facts
    from csire_bridge.store.queries.dossiers.order_dossier import order_file

    settings = load_settings(config, database=database)
    with reading(settings, Act.ORDER_READ, f"order {key}") as tx:
        file = order_file(tx.connection, key)
        if file is None:
            raise ActionRefused(f"there is no order {key}", "look its key up with `orders list`")
        order = tx.orders.get(key)
    file["clocks"] = clock_facts(order, deadlines_of(settings), law_policy(settings), system_clock())
    if json_wanted:
        print_json(file)
        return
    for line in (*order_lines(file), *clock_lines(file["clocks"])):
        out.print(line, markup=False, highlight=False)


_orders.command("explain")(explain)
_orders.command("retry")(actions.retry)
_orders.command("withdraw")(actions.withdraw)
_orders.command("field-work")(actions.field_work)
_orders.command("report")(actions.report)
_orders.command("settle")(actions.settle)
_orders.command("told-before")(actions.told_before)
