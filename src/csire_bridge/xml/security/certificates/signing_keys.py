"""Our signing keys over time: which one signs at a moment, and whether there is always one.

A key is rotated without a restart: the new one stands beside the old one with the moment from which it signs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.xml.security.certificates.keys import SigningKey

__all__ = ["DatedKey", "SigningKeys"]

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class DatedKey:
    """A key that signs from ``starts`` on (UTC; None: always); ``name`` is its file, for people."""

    key: SigningKey
    name: str
    starts: datetime | None = None

    @property
    def begins(self) -> datetime:
        """``starts``, or the beginning of time."""
        return self.starts or _BEGINNING


class SigningKeys:
    """Our keys; at each moment the one whose time began last signs."""

    def __init__(self, keys: Sequence[DatedKey]) -> None:
        """``keys``: at least one."""
        self._keys = tuple(sorted(keys, key=lambda one: one.begins))

    def at(self, moment: datetime) -> SigningKey:
        """The key that signs at ``moment`` (aware)."""
        begun = [one for one in self._keys if one.begins <= moment]
        return (begun or self._keys)[-1 if begun else 0].key

    def __iter__(self) -> Iterator[SigningKey]:
        """All of them, in the order in which they sign."""
        return (one.key for one in self._keys)

    def require_no_gap(self, now: datetime) -> None:
        """Raise ConfigurationError with everything because of which, from ``now`` on, a key would sign outside of its
        certificate's validity, or none at all.

        The last certificate's end is no such cause: it is watched, and an alert tells of it in time.
        """
        found = list(self._gaps(now))
        if found:
            raise ConfigurationError("\n".join(found))

    def _gaps(self, now: datetime) -> Iterator[str]:
        first, last = self._keys[0], self._keys[-1]
        if first.begins > now:
            yield f"no key signs before {_day(first.begins)}, when {first.name} begins -> give the first key no `from`"
        for this, following in pairwise(self._keys):
            if following.begins == this.begins:
                yield f"{this.name} and {following.name} sign from the same moment -> correct `from`"
            elif following.begins > now:
                yield from _too_early(this, now)
                yield from _too_late(this, following)
        yield from _too_early(last, now)
        if last.key.certificate.not_valid_after_utc < last.begins:
            yield f"the certificate of {last.name} ends before its `from` -> name a newer certificate"


def _too_early(this: DatedKey, now: datetime) -> Iterator[str]:
    valid, signs = this.key.certificate.not_valid_before_utc, max(this.begins, now)
    if valid > signs:
        yield (
            f"the certificate of {this.name} is valid from {_day(valid)} only, and would sign from {_day(signs)} on "
            "-> set its `from` to that moment or later"
        )


def _too_late(this: DatedKey, following: DatedKey) -> Iterator[str]:
    end = this.key.certificate.not_valid_after_utc
    if end < following.begins:
        yield (
            f"the certificate of {this.name} ends on {_day(end)}, and {following.name} signs from "
            f"{_day(following.begins)} only -> set the `from` of {following.name} to an earlier moment"
        )


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(WARSAW):%Y-%m-%d %H:%M} (Polish time)"
