"""``csire-bridge points meter``: an operator action on a metering point. ``lift-danger`` is that of `danger lift`."""

from __future__ import annotations

from typing import Annotated

import typer

from csire_bridge.cli.shared.arguments import PointArgument
from csire_bridge.cli.shared.operator_action import parse_point
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.pipeline.operator.points import point_actions

__all__ = ["set_meter"]


@operator_command()
def set_meter(
    operator: Operator,
    point: PointArgument,
    meter: Annotated[str | None, typer.Argument(metavar="METER", help="Number of the meter that is there.")] = None,
    none: Annotated[bool, typer.Option("--none", help="No meter is there.")] = False,
) -> None:
    """Confirm which meter is at a point, after checking it. Orders parked for that continue with `orders retry`.

    Examples:

        csire-bridge points meter 590243856287817706 48151623 --by "Anna Nowak" --why "seen on site"

        csire-bridge points meter 590243856287817706 --none --by "Anna Nowak" --why "dismantled, protocol 8"
    """
    if (meter is None) != none:
        raise typer.BadParameter("give the meter's number, or --none where no meter is")
    act, code = operator.action(), parse_point(point)
    try:
        number = None if meter is None else MeterNumber.parse(meter)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    with operator.changing() as tx:
        others, parked = point_actions.set_meter(tx, code, number, act)
    head = f"meter {number} is at {code}, says {act.by}" if number else f"no meter is at {code}, says {act.by}"
    lines = [
        *(f"it is known at {other}, too: nothing is switched at either -> say what is there" for other in others),
        *(f"order {key} of the point is parked: look at it, then csire-bridge orders retry {key}" for key in parked),
    ]
    facts = {"metering_point": code, "meter": number, "by": act.by, "why": act.why}
    operator.tell({**facts, "also_at": list(others), "parked": list(parked)}, head, *lines)
