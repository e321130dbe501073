"""The revocation lists that the settings name, read again whenever their files change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from csire_bridge.config.settings import PartnerSettings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.xml.security.certificates.keys import TrustedCertificate
from csire_bridge.xml.security.certificates.revocation import RevocationList

__all__ = ["ListSource", "Revocations"]


@dataclass(frozen=True)
class ListSource:
    """Two files: the list, and its authority's certificate. ``strict``: the bridge doesn't start when it is expired."""

    file: Path
    authority: Path
    strict: bool = True

    @classmethod
    def of(cls, partners: Iterable[PartnerSettings]) -> list[ListSource]:
        """Each list that partners name, once; strict if one of them asks for it."""
        strict: dict[tuple[Path, Path], bool] = {}
        for partner in partners:
            if partner.revocation_list is not None and partner.revocation_authority is not None:
                files = partner.revocation_list, partner.revocation_authority
                strict[files] = strict.get(files, False) or partner.revocation_expired == "refuse-start"
        return [cls(file, authority, wanted) for (file, authority), wanted in strict.items()]


_State = tuple[int, int] | None  # of a file: its time of change in nanoseconds, and its size


class _Watched:
    """One list. If a newer version can't be used, the older one stays in force."""

    def __init__(self, source: ListSource) -> None:
        self.source = source
        self.current: RevocationList | None = None
        self.failure: ConfigurationError | None = None
        self._seen: tuple[_State, _State] | None = None

    def refresh(self, now: datetime) -> bool:
        state = _state(self.source.file), _state(self.source.authority)
        if state == self._seen and self.failure is None:
            return False
        self._seen, self.failure = state, None
        try:
            found = RevocationList.load(self.source.file, self.source.authority, now)
            self._require_newer(found)
        except ConfigurationError as error:
            self.failure = error
            return False
        changed = self.current is None or found.entries != self.current.entries
        self.current = found
        return changed

    def _require_newer(self, found: RevocationList) -> None:
        if self.current is not None and found.issued_at < self.current.issued_at:
            raise ConfigurationError(
                f"the revocation list {found.file} was replaced by an older one, of {found.issued_at:%Y-%m-%d} UTC",
                "the newer one stays in force; fetch the authority's current list",
            )

    def overdue(self, now: datetime) -> ConfigurationError | None:
        if self.current is None or not self.current.expired(now):
            return None
        return ConfigurationError(
            f"the revocation list {self.source.file} ended on {self.current.stands_until:%Y-%m-%d %H:%M} UTC",
            'fetch the current list, or set revocation_expired = "alert" to start without it',
        )


class Revocations:
    """All lists together. A list applies to every pinned certificate of its authority, whoever owns it."""

    def __init__(self, sources: Sequence[ListSource]) -> None:
        self._watched = [_Watched(source) for source in sources]

    def refresh(self, now: datetime) -> bool:
        """Read changed files; return whether any list in force has changed. Never raises."""
        changed = [watched.refresh(now) for watched in self._watched]
        return any(changed)

    def require(self, now: datetime) -> None:
        """Raise ConfigurationError for a list that can't be used, or is strict and has expired."""
        for watched in self._watched:
            overdue = watched.overdue(now) if watched.source.strict else None
            if error := watched.failure or overdue:
                raise error

    def alerts(self, now: datetime) -> list[ConfigurationError]:
        """The problems for a person at ``now`` (aware)."""
        found = (error for watched in self._watched for error in (watched.failure, watched.overdue(now)))
        return [error for error in found if error is not None]

    def revoked(self, pinned: Sequence[TrustedCertificate]) -> frozenset[bytes]:
        """Fingerprints of the pinned certificates that are on a list, even an expired one."""
        lists = (watched.current for watched in self._watched)
        return frozenset().union(*(each.revoked(pinned) for each in lists if each is not None))


def _state(file: Path) -> _State:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
