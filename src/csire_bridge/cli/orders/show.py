"""``csire-bridge orders``: a list of orders, and everything about one order."""

from __future__ import annotations

from typing import Annotated

import typer

from csire_bridge.cli.figures.clock_lines import clock_facts, clock_lines
from csire_bridge.cli.orders import actions
from csire_bridge.cli.orders.explain import explain
from csire_bridge.cli.orders.tables import order_facts, order_lines, orders_table
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, out, print_json
from csire_bridge.cli.shared.operator_action import opened, parse_point, reading
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.order.order import OrderKind, OrderState, WaitsFor
from csire_bridge.domain.people.acts import Act
from csire_bridge.runtime.steady_clock import system_clock

__all__ = ["add_to"]

_orders = typer.Typer(help="Orders: find them, show one, and act on those that wait for a person.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_orders, name="orders", no_args_is_help=True)


@_orders.command("list")
def show_all(
    state: Annotated[list[OrderState] | None, typer.Option(help="May be given more than once.")] = None,
    waits_for: Annotated[WaitsFor | None, typer.Option(help="What a registered order waits for.")] = None,
    point: Annotated[str | None, typer.Option(help="Code of the metering point.")] = None,
    kind: Annotated[OrderKind | None, typer.Option(help="What is to be done.")] = None,
    reason_like: Annotated[str | None, typer.Option(help="Words of the reason.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 50,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Orders, the newest first.

    Examples:

        csire-bridge orders list --state parked --state field-work

        csire-bridge orders list --waits-for cap
    """
    from csire_bridge.store.queries.order_search import OrderSearch, count_orders, find_orders

    code = parse_point(point) if point else None
    wanted = OrderSearch(states=tuple(state or ()), waits_for=waits_for, point=code, kind=kind, reason=reason_like)
    with opened(load_settings(config, database=database), reads=True) as store, store.reading() as connection:
        found, count = find_orders(connection, wanted, limit), count_orders(connection, wanted)
    if json_wanted:
        print_json({"count": count, "orders": [order_facts(order) for order in found]})
    elif found:
        out.print(orders_table(found, f"Orders ({len(found)} of {count})", system_clock()))
    else:
        out.print("no such order")


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
    from csire_bridge.store.queries.order_dossier import order_file

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
