"""Who takes care of an order: one person at a time, until it is left or given to another one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Care", "CareOf", "Whose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """``person`` is the name of an account, ``by`` who gave it to that person. Moments are UTC; without ``ended_at`` it
    stands.
    """

    order: int
    person: str
    since: datetime
    by: str
    ended_at: datetime | None = None
    ended_by: str | None = None


class Whose(StrEnum):
    """Who takes care, as a list is filtered."""

    MINE = "mine"
    SOMEBODYS = "somebodys"
    NOBODYS = "nobodys"


@dataclass(frozen=True, slots=True)
class CareOf:
    """The same, for whoever asks: the account ``me``."""

    whose: Whose
    me: str
