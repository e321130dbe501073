"""Opens PostgreSQL: one server or several, directly or through a pooler such as PgBouncer.

A session's settings are set once for each connection. Behind a pooler that lends a server connection for one
transaction only, they are set in each transaction instead, and nothing is prepared: so no state is left behind that
another client would get.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url

from csire_bridge.store.connection.failures import notice_lost_servers
from csire_bridge.store.connection.idle_age import limit_idle_age
from csire_bridge.store.connection.options import LONGEST_WAIT_SECONDS, DatabaseOptions

__all__ = ["open_postgresql", "postgresql_address"]

# Who holds locks and says nothing (a hung process) loses them before those who wait give up.
_SESSION = {
    "timezone": "UTC",
    "lock_timeout": f"{LONGEST_WAIT_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{LONGEST_WAIT_SECONDS - 10}s",
    "statement_timeout": f"{LONGEST_WAIT_SECONDS * 10}s",
}
_DURABLE = (  # stronger settings of the server stay
    "CASE WHEN current_setting('synchronous_commit') IN ('on', 'remote_apply') "
    "THEN current_setting('synchronous_commit') ELSE 'on' END"
)
# A peer that vanished without a word is noticed within half a minute.
_LIBPQ = {
    "application_name": "csire-bridge",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "target_session_attrs": "read-write",
}
_SEVERAL = re.compile(r"(?P<begin>postgres\w*(?:\+psycopg)?://(?:[^@/?]*@)?)(?P<hosts>[^/?]*,[^/?]*)(?P<end>.*)")
_HOST = re.compile(r"(?:\[([^]]*)\]|([^,:]+))(?::(\d+))?(?:,|$)")
_PORT = "5432"
_POOLED = "pooled"


def _prepare(*, local: bool) -> str:
    """The statement that sets a session's settings, for this transaction only with ``local``."""
    values = {**{name: f"'{value}'" for name, value in _SESSION.items()}, "synchronous_commit": _DURABLE}
    return "SELECT " + ", ".join(f"set_config('{name}', {value}, {local})" for name, value in values.items())


_FOR_SESSION, _FOR_TRANSACTION = _prepare(local=False), _prepare(local=True)


def postgresql_address(url: str) -> URL:
    """The address, also one with several hosts as PostgreSQL's own tools write it: ``HOST:PORT,HOST:PORT``.

    Raises SQLAlchemy's ArgumentError.
    """
    several = _SEVERAL.fullmatch(url)
    if several is None:
        return make_url(url)
    one = make_url(several["begin"] + several["end"])
    hosts = _HOST.findall(several["hosts"])
    names = ",".join(v6 or name for v6, name, _ in hosts)
    return one.update_query_dict({"host": names, "port": ",".join(port or _PORT for _, _, port in hosts)})


def open_postgresql(address: URL, options: DatabaseOptions) -> Engine:
    """An engine for one or several servers, of which the one that takes writes is used."""
    given = {name: value for name, value in _LIBPQ.items() if name not in address.query}
    engine = create_engine(
        address,
        connect_args=given,
        pool_timeout=LONGEST_WAIT_SECONDS,
        pool_use_lifo=True,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
    )
    if options.standby:
        event.listen(engine, "do_connect", _or_a_standby)
    event.listen(engine, "connect", _begin_session)
    event.listen(engine, "begin", _begin_transaction)
    notice_lost_servers(engine)
    limit_idle_age(engine, options.kept_seconds)
    return engine


def _or_a_standby(dialect: Dialect, _record: object, positional: Any, named: dict[str, Any]) -> Any:
    """A server that takes writes, or else any one."""
    try:
        return dialect.connect(*positional, **named)
    except psycopg.OperationalError:
        return dialect.connect(*positional, **{**named, "target_session_attrs": "any"})


def _begin_session(connection: psycopg.Connection[Any], record: Any) -> None:
    connection.autocommit = True
    if _is_pooled(connection):
        record.info[_POOLED] = True
        connection.prepare_threshold = None
    else:
        connection.execute(_FOR_SESSION.encode())
    connection.autocommit = False


def _is_pooled(connection: psycopg.Connection[Any]) -> bool:
    """Whether a pooler stands between: it tells another number of the server's process than the server itself."""
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return row is not None and row[0] != connection.info.backend_pid


def _begin_transaction(connection: Connection) -> None:
    if connection.info.get(_POOLED):
        connection.exec_driver_sql(_FOR_TRANSACTION)
