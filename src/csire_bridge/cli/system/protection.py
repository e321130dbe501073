"""``csire-bridge points protect``, ``unprotect`` and ``protection``: whom the law protects from suspension for debt."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from csire_bridge.cli.shared.arguments import PointArgument
from csire_bridge.cli.shared.operator_action import parse_point
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.domain.bounds import checked_day
from csire_bridge.domain.protection import ProtectedKind
from csire_bridge.pipeline.operator.points import protection_actions

__all__ = ["protect", "protection", "unprotect"]


@operator_command()
def protect(
    operator: Operator,
    point: PointArgument,
    kind: Annotated[ProtectedKind, typer.Option(help="Why the household is protected.")],
    *,
    until: Annotated[str | None, typer.Option(help="Its last day, such as 2027-03-31; none: no end is known.")] = None,
) -> None:
    """Record that a household is protected: the law forbids suspending it for debt on many days.

    Example:

        csire-bridge points protect 590243856287817706 --kind vulnerable --until 2027-06-30 \
--by "Anna Nowak" --why "housing benefit, decision 17/2026"
    """
    act, code, end = operator.action(), parse_point(point), _day(until)
    with operator.changing() as tx:
        protection_actions.protect(tx, code, kind, end, act)
    last = f" until {end.isoformat()}" if end else ""
    facts = {"metering_point": code, "protected": True, "until": end, "by": act.by, "why": act.why}
    operator.tell(facts, f"the household at {code} is protected{last}, says {act.by}")


@operator_command()
def unprotect(operator: Operator, point: PointArgument) -> None:
    """Record that a household is not protected. Orders that waited for the law continue, if nothing else stops them.

    Example:

        csire-bridge points unprotect 590243856287817706 --by "Anna Nowak" --why "the benefit has ended"
    """
    act, code = operator.action(), parse_point(point)
    with operator.changing() as tx:
        waited = protection_actions.unprotect(tx, code, act)
    lines = [f"order {order.key} ({order.kind}) goes on" for order in waited]
    facts = {"metering_point": code, "protected": False, "by": act.by, "why": act.why}
    operator.tell(
        {**facts, "orders": [o.key for o in waited]}, f"the household at {code} is not protected, says {act.by}", *lines
    )


@operator_command()
def protection(operator: Operator, point: PointArgument) -> None:
    """Show why a household is protected. This is personal data: that you have read it is kept, with your reason.

    Example:

        csire-bridge points protection 590243856287817706 --by "Anna Nowak" --why "complaint 17/2026"
    """
    act, code = operator.action(), parse_point(point)
    with operator.changing() as tx:
        known = protection_actions.read_protection_of(tx, code, act)
    said = f"protection of the household at {code}: {known or 'nothing is known'}"
    operator.tell({"metering_point": code, "protection": known, "read_by": act.by, "why": act.why}, said)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return checked_day(date.fromisoformat(text))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date such as 2027-03-31") from error
