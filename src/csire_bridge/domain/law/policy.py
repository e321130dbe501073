"""The operator's decisions about the law's rules: unknown protection, to wait or to refuse, what is loosened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from csire_bridge.domain.law.book import LawBook

__all__ = ["LawPolicy", "Loosened", "UnknownProtection", "WhenBanned"]


class UnknownProtection(StrEnum):
    """How a household is treated of which nobody knows whether it is protected.

    ``ASK``: SID is asked first; where it does not know either, the household counts as protected. ``UNDECIDED`` is as
    ``ASK``, and an alert stays open until the operator has decided.
    """

    UNDECIDED = "undecided"
    ASK = "ask"
    PROTECTED = "protected"
    NOT_PROTECTED = "not-protected"


class WhenBanned(StrEnum):
    """What becomes of an order that a ban forbids now.

    ``BY_LENGTH``: it waits where the ban ends within the days that it may wait, else it is answered with "cannot".
    """

    WAIT = "wait"
    REFUSE = "refuse"
    BY_LENGTH = "by-length"


@dataclass(frozen=True, slots=True)
class Loosened:
    """A rule that the operator does not apply; who decided it, and why."""

    rule: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class LawPolicy:
    """The law and the operator's decisions. ``wait_days``: how many days an order may wait for a ban to end.

    ``when_banned`` is by name of a rule; a rule that is not named goes ``BY_LENGTH``.
    """

    book: LawBook = field(default_factory=LawBook)
    unknown: UnknownProtection = UnknownProtection.UNDECIDED
    wait_days: int = 7
    when_banned: Mapping[str, WhenBanned] = field(default_factory=dict)
    loosened: Mapping[str, Loosened] = field(default_factory=dict)
