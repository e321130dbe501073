"""Head-end systems that are down, beside the first one, of which the conditions speak."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from csire_bridge.domain.operations.alerts import Alert, AlertKind
from csire_bridge.store.tables import circuits

__all__ = ["other_systems_down"]

_BEGIN = "head-end: "
"""What the names of their circuits begin with."""


def other_systems_down(connection: Connection) -> Iterator[Alert]:
    """One alert for each, by its name."""
    c = circuits.c
    down = select(c.name, c.opened_at).where(c.name.startswith(_BEGIN, autoescape=True), c.opened_at.is_not(None))
    for name, since in connection.execute(down.order_by(c.name)):
        system = name.removeprefix(_BEGIN)
        yield Alert(AlertKind.HEAD_END_DOWN, 1, since, subject=system, words=f"the head-end system {system} is down")
