"""Moments on the command line."""

from __future__ import annotations

from datetime import datetime

import typer

from csire_bridge.domain.bounds import checked_day, checked_moment
from csire_bridge.domain.clock import WARSAW, at_wall_clock
from csire_bridge.sheets.cells import local

__all__ = ["MOMENT_HELP", "local", "parse_future", "parse_moment", "short"]

MOMENT_HELP = 'A moment such as "2026-11-23 08:00" by the Polish clock, or with an offset, or now.'


def parse_future(text: str, now: datetime) -> datetime:
    """A moment in UTC that is not past."""
    moment = parse_moment(text, now)
    if moment < now:
        raise typer.BadParameter(f"{text} is past, and what was done can't be done otherwise: use --from now")
    return moment


def parse_moment(text: str, now: datetime) -> datetime:
    """A moment in UTC. One without an offset is Polish time; on clock-change nights it may need one."""
    if text == "now":
        return now
    try:
        moment = datetime.fromisoformat(text)
        checked_day(moment.date())
        if moment.tzinfo is not None:
            return checked_moment(moment)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no moment. {MOMENT_HELP}") from error
    one, other = (at_wall_clock(moment, later=later) for later in (False, True))
    if one != other:
        raise typer.BadParameter(f"clocks change then: write the offset, as in {one.astimezone(WARSAW).isoformat()}")
    return one


def short(moment: datetime) -> str:
    """A moment in Polish time to the minute; with its offset only in the hour that comes twice a year."""
    at = moment.astimezone(WARSAW)
    twice = at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()
    return f"{at:%Y-%m-%d %H:%M}" + (f" {at:%z}" if twice else "")
