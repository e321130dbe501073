"""Passwords that were tried wrongly, counted for all processes together, within one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, select

from csire_bridge.domain.people.guesses import OF_ADDRESS, OF_NAME, Tries, seconds_to_wait
from csire_bridge.store.connection.dialects import take_turns, upsert
from csire_bridge.store.tables import login_tries

__all__ = ["LoginTries"]

_ADDRESS, _NAME, _RIGHT = "address", "name", "right"
_FORGOTTEN = timedelta(minutes=10)
_KNOWN_FOR = timedelta(days=180)


class LoginTries:
    """The rule of ``domain.people.guesses`` for the table of tries.

    A try is counted as wrong before the password is checked, and given back if it was right: so many tries at once are
    no more than one after the other.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, address: str, name: str, now: datetime) -> int | None:
        """Count a try; None if the password may be checked, else the whole seconds to wait, and nothing is counted."""
        take_turns(self._connection, "logins")
        counted = [(_ADDRESS, address, OF_ADDRESS)]
        if self._at(_RIGHT, f"{address} {name}") is None:
            counted.append((_NAME, name, OF_NAME))
        left = {(kind, subject): self._left(kind, subject, most, now) for kind, subject, most in counted}
        wait = seconds_to_wait(left.values())
        if wait is None:
            for (kind, subject), tries in left.items():
                self._put(kind, subject, tries.wrong(now.timestamp()).left, now)
        self._forget(now)
        return wait

    def right(self, address: str, name: str, now: datetime) -> None:
        """The password that was tried is right: the try is given back, and the owner is known at this address."""
        take_turns(self._connection, "logins")
        for kind, subject, most in ((_ADDRESS, address, OF_ADDRESS), (_NAME, name, OF_NAME)):
            if self._at(kind, subject) is not None:
                left = self._left(kind, subject, most, now).left
                self._put(kind, subject, min(float(most), left + 1), now)
        self._put(_RIGHT, f"{address} {name}", 0, now)

    def _at(self, kind: str, subject: str) -> Any:
        t = login_tries.c
        return self._connection.execute(select(t.left, t.at).where(t.kind == kind, t.subject == subject[:200])).first()

    def _left(self, kind: str, subject: str, most: int, now: datetime) -> Tries:
        row = self._at(kind, subject)
        before = Tries(most, row.left, row.at.timestamp()) if row else Tries(most, most, now.timestamp())
        return before.now(now.timestamp())

    def _put(self, kind: str, subject: str, left: float, now: datetime) -> None:
        upsert(self._connection, login_tries, {"kind": kind, "subject": subject[:200], "left": left, "at": now})

    def _forget(self, now: datetime) -> None:
        t = login_tries.c
        old = and_(t.kind != _RIGHT, t.at < now - _FORGOTTEN) | (t.at < now - _KNOWN_FOR)
        self._connection.execute(delete(login_tries).where(old))
