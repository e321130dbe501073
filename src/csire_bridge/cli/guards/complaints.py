"""``csire-bridge hold decide`` and ``hold dispute``: what becomes of the complaint of a hold."""

from __future__ import annotations

from typing import Annotated

import typer

from csire_bridge.cli.guards.guard_tables import hold_line, met_lines
from csire_bridge.cli.shared.arguments import ListedKeyArgument
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.domain.metering_point.complaints import Decision
from csire_bridge.pipeline.operator import complaint_actions
from csire_bridge.store.queries.guard_facts import hold_facts

__all__ = ["add_to"]


def add_to(holds: typer.Typer) -> None:
    """Add the commands to the group ``hold``."""
    holds.command("decide")(decide)
    holds.command("dispute")(dispute)


@operator_command()
def decide(
    operator: Operator,
    key: ListedKeyArgument,
    *,
    upheld: Annotated[bool, typer.Option("--upheld", help="The household is right: it goes on holding.")] = False,
    rejected: Annotated[bool, typer.Option("--rejected", help="Disconnections are possible again.")] = False,
) -> None:
    """Record how a complaint was decided. Upheld, it holds until a person releases it.

    Example:

        csire-bridge hold decide 3 --rejected --by "Jan Kowalski" --why "letter of the supplier of 27.11."
    """
    from csire_bridge.service.wiring.settings_to_values import law_policy

    if upheld == rejected:
        raise typer.BadParameter("give --upheld or --rejected")
    act, law = operator.action(), law_policy(operator.settings())
    with operator.changing() as tx:
        hold = complaint_actions.decide(tx, key, Decision.UPHELD if upheld else Decision.REJECTED, act)
    operator.tell(hold_facts(hold, act.at, law), hold_line(hold, act.at, law))


@operator_command()
def dispute(operator: Operator, key: ListedKeyArgument) -> None:
    """Record that the household disputes it before the coordinator: it holds until a person releases it.

    Example:

        csire-bridge hold dispute 3 --by "Anna Nowak" --why "notice of the coordinator, case 88/2026"
    """
    from csire_bridge.service.wiring.settings_to_values import law_policy
    from csire_bridge.store.queries.lists.order_pages import open_at

    act, law = operator.action(), law_policy(operator.settings())
    with operator.changing() as tx:
        hold = complaint_actions.dispute(tx, key, act)
        met = open_at(tx.connection, hold.metering_point, hold.kind.stops)
    operator.tell(hold_facts(hold, act.at, law), hold_line(hold, act.at, law), *met_lines(met))
