"""Common parts of the tables: moments, keys, and the names of constraints."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime as SqlDateTime
from sqlalchemy import (
    Dialect,
    Integer,
    MetaData,
    String,
    TypeDecorator,
)
from sqlalchemy.types import BigInteger, TypeEngine

from csire_bridge.domain.clock import aware_utc

__all__ = ["KEY", "Moment", "metadata"]

_MOMENT_LENGTH = len("2026-11-23 08:00:00.000000")


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment: ``timestamptz`` in PostgreSQL, a sortable text of fixed width in SQLite."""

    impl = String(_MOMENT_LENGTH)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(SqlDateTime(timezone=True))
        return dialect.type_descriptor(String(_MOMENT_LENGTH))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Converts directly, without SQLAlchemy's intermediate steps: a row of an order has a dozen moments."""
        return _moment if dialect.name == "postgresql" else _as_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Text is parsed as written; a driver's datetime is converted from its own time zone."""
        return _moment if dialect.name == "postgresql" else _of_text


def _moment(value: datetime | None) -> datetime | None:
    return value if value is None or value.tzinfo is UTC else aware_utc(value)


def _as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    return _utc_as_text(value if value.tzinfo is UTC else aware_utc(value))


@lru_cache(maxsize=256)  # many rows are of the same moment; in UTC only, elsewhere two moments of a night can be equal
def _utc_as_text(value: datetime) -> str:
    return value.isoformat(" ", "microseconds")[:_MOMENT_LENGTH]


def _of_text(value: object) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return aware_utc(value)
    return datetime.fromisoformat(f"{value}+00:00")  # parsing the zone is quicker than replacing it


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
KEY = BigInteger().with_variant(Integer, "sqlite")
