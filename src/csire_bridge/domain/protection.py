"""Protected households: whom the law protects from a suspension for debt, and until when that is known to hold.

Who is protected is personal data of a special kind: it is read where it decides, and masked everywhere else.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Self

__all__ = ["NOT_PROTECTED", "ProtectedKind", "Protection", "read_protection"]


class ProtectedKind(StrEnum):
    """Why a household is protected (Energy Law art. 6b(3d), 6b(6)).

    ``VULNERABLE``: a vulnerable customer (odbiorca wrażliwy). ``HOME_VENTILATION``: somebody is ventilated at home.
    ``NATIONAL_DEFENCE``: an object of national defence.
    """

    VULNERABLE = "vulnerable"
    HOME_VENTILATION = "home-ventilation"
    NATIONAL_DEFENCE = "national-defence"


_NOT = "not-protected"
_SHAPE = re.compile(r"([a-z-]+)(?: until ([0-9]{4}-[0-9]{2}-[0-9]{2}))?\Z")


class Protection(str):
    """What is known of a household's protection: ``vulnerable``, ``vulnerable until 2027-03-31``, ``not-protected``.

    Since when it holds is the effective date of the statement. The last day is a Polish date and belongs to it.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form; raise ValueError."""
        found = _SHAPE.match(text)
        if not found or found[1] not in (_NOT, *ProtectedKind) or (found[1] == _NOT and found[2]):
            kinds = ", ".join(ProtectedKind)
            raise ValueError(f"{text!r} is no protection: {kinds} (with until and a date if it ends), or {_NOT}")
        if found[2]:
            date.fromisoformat(found[2])
        return cls(text)

    @classmethod
    def of(cls, kind: ProtectedKind, until: date | None = None) -> Self:
        """Protection of that kind, to the end of ``until`` (Polish date; None: no end is known)."""
        return cls.parse(f"{kind} until {until.isoformat()}" if until else kind.value)

    @property
    def kind(self) -> ProtectedKind | None:
        """Why it is protected; None when it is known not to be."""
        word = self.partition(" ")[0]
        return None if word == _NOT else ProtectedKind(word)

    @property
    def until(self) -> date | None:
        """Its last day (Polish date); None when no end is known."""
        _, _, day = self.partition(" until ")
        return date.fromisoformat(day) if day else None

    def on(self, day: date) -> ProtectedKind | None:
        """Why the household is protected on a Polish day; None when it is not."""
        return None if self.until is not None and day > self.until else self.kind


NOT_PROTECTED = Protection(_NOT)


def read_protection(kind: str | None, until: str | None) -> Protection | None:
    """Protection told in two parts, as in lists and by SID: its kind or ``not-protected``, and its last day.

    None when nothing was told. Raises ValueError for an unknown kind, or an end without a protection.
    """
    if kind is None:
        if until is not None:
            raise ValueError("a protection ends that was not told")
        return None
    return Protection.parse(f"{kind} until {until}" if until else kind)
