"""A connection that was idle for too long, or whose server is gone, is never used for a transaction.

A firewall forgets idle connections in silence: whoever uses one then waits without end, for a test of it as well. So
the age is looked at first, and only a younger connection is tested by a question to the server.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError

__all__ = ["limit_idle_age"]

_IDLE_SINCE = "idle_since"


def limit_idle_age(engine: Engine, kept: float, monotonic: Callable[[], float] = time.monotonic) -> None:
    """Open a connection anew that was idle for more than ``kept`` seconds; test every other one before its use.

    Where the test fails, all connections of the pool are given up.
    """
    dialect = engine.dialect

    def give_back(_connection: object, record: Any) -> None:
        record.info[_IDLE_SINCE] = monotonic()

    def take(connection: Any, record: Any, _borrower: object) -> None:
        since = record.info.get(_IDLE_SINCE)
        if since is None:
            return  # it was opened just now
        if monotonic() - since > kept:
            raise DisconnectionError("it was idle for too long")
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError(str(error)) from error

    event.listen(engine, "checkin", give_back)
    event.listen(engine, "checkout", take)
