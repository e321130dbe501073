"""Facts of a request that only its answers repeat: its sender's own number of it, the place in a list, and the like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Self

__all__ = ["LONGEST_KEPT", "RELEASE", "Kept"]

LONGEST_KEPT = 250
"""Characters of one such fact."""
RELEASE = "@release"
"""The name of the fact that says in which release of the standard the request came."""


class Kept(str):
    """Facts by name, as the text in which they are stored; a value, so it can be compared."""

    __slots__ = ()

    @classmethod
    def of(cls, facts: Mapping[str, str]) -> Self:
        """The facts as one value; the order of their names does not matter."""
        return cls(json.dumps(facts, ensure_ascii=False, sort_keys=True))

    @property
    def facts(self) -> Mapping[str, str]:
        """Each fact by its name."""
        found: dict[str, str] = json.loads(self)
        return found

    @property
    def release(self) -> str | None:
        """The release of the standard in which the request came; None if its file names none."""
        return self.facts.get(RELEASE)
