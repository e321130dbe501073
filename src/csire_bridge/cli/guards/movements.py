"""``csire-bridge movements``: contactors in a state that no order explains, and actions on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.operator_action import opened, tell
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.order.outcome.supply import Movement
from csire_bridge.pipeline.observe.sightings import take_look
from csire_bridge.pipeline.operator.points import movement_actions
from csire_bridge.pipeline.operator.points.meter_looks import read_now
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.sql.row_mapper import to_row

__all__ = ["add_to"]

_movements = typer.Typer(help="Contactors in a state that no order explains.", no_args_is_help=True)
KeyArgument = Annotated[int, typer.Argument(metavar="KEY", help="Its key, as shown by `movements list`.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_movements, name="movements")


@_movements.callback()
def group() -> None:
    """Meters that were found in, or reported, a state that no open order and no last order explains."""


MOVEMENT_COLUMNS: Sequence[Column[Movement]] = (
    Column("key", lambda movement: movement.key),
    Column("meter", lambda movement: movement.meter),
    Column("point", lambda movement: movement.metering_point),
    Column("supply", lambda movement: movement.state),
    Column("by", lambda movement: movement.source, goes=3),
    Column("at", lambda movement: movement.at, goes=1),
    Column("last-told", lambda movement: movement.told.removeprefix("last told: "), words=True),
    Column(
        "settled",
        lambda movement: f"{movement.settled_by}: {movement.why}" if movement.settled_at else None,
        goes=2,
        words=True,
    ),
)


@_movements.command("list")
@list_command(MOVEMENT_COLUMNS)
def show(
    listing: Listing,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were settled.")] = False,
) -> None:
    """Movements not explained yet: meter, metering point, state, and what the hub was told last; the oldest first.

    Example:

        csire-bridge movements list
    """
    with listing.reading() as tx:
        found = tx.contactors.movements(settled=everything)
    listing.show(
        MOVEMENT_COLUMNS,
        found,
        title="Not explained by any order",
        nothing="every contactor is as the orders have left it, as far as is known",
        facts=lambda: [to_row(movement) for movement in found],
    )


@_movements.command()
def look(
    key: KeyArgument, database: DatabaseOption = None, json_wanted: JsonOption = False, config: ConfigOption = None
) -> None:
    """Read the meter now. If an order explains the state, the movement is settled.

    Example:

        csire-bridge movements look 3
    """
    settings = load_settings(config, database=database)
    # The head-end system's SOAP client is needed only where a contactor is read.
    from csire_bridge.service.wiring.head_end_reader import head_end_reader

    with opened(settings) as store, head_end_reader(settings) as head_end:
        with store.read_transaction() as tx:
            movement = tx.contactors.movement(key)
        reading = read_now(head_end, movement.meter, system_clock)
        with store.transaction() as tx:
            take_look(tx, reading, system_clock())
            movement = tx.contactors.movement(key)
    supply = "on" if reading.output_state else "off"
    explained = f"settled: {movement.why}" if movement.settled_at else "no order explains that"
    said = f"meter {movement.meter} was read: the supply is {supply}; {explained}"
    tell(json_wanted, to_row(movement) | {"supply_on": reading.output_state}, said)


@_movements.command()
@operator_command()
def settle(operator: Operator, key: KeyArgument) -> None:
    """Record that a person has clarified a movement, and its cause. Nothing is switched.

    Example:

        csire-bridge movements settle 3 --by "Anna Nowak" --why "crew 4 exchanged the meter"
    """
    act = operator.action()
    with operator.changing() as tx:
        movement = movement_actions.settle(tx, key, act)
    operator.tell(to_row(movement), f"movement {key} at meter {movement.meter} is settled")
