"""What stands in a cell of a list, as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Generic, Protocol, TypeAlias, TypeVar

from csire_bridge.domain.clock import WARSAW

__all__ = ["Cell", "PlainColumn", "SheetColumn", "cell_text", "local"]

Cell: TypeAlias = str | int | float | date | datetime | Enum | None
_T = TypeVar("_T")
_T_contra = TypeVar("_T_contra", contravariant=True)


class SheetColumn(Protocol[_T_contra]):
    """A column of rows of one kind; ``shape`` is how a spreadsheet shows a number."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> Callable[[_T_contra], Cell]: ...
    @property
    def shape(self) -> str | None: ...


@dataclass(frozen=True)
class PlainColumn(Generic[_T]):
    """A column with nothing but a name and a value."""

    name: str
    value: Callable[[_T], Cell]
    shape: str | None = None


def cell_text(value: Cell) -> str:
    """What stands in a cell: moments in Polish time, yes and no, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return local(value)
    return str(value.value) if isinstance(value, Enum) else str(value)


def local(moment: datetime | None) -> str:
    """A moment in Polish time, with its offset; to the minute, unless it has seconds. Empty for None."""
    if moment is None:
        return ""
    at = moment.astimezone(WARSAW).replace(microsecond=0)
    return at.isoformat(sep=" ", timespec="seconds" if at.second else "minutes")
