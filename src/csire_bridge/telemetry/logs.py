"""The logger of every room: one line an event, by a name of the catalogue, with facts as fields.

    log = logger(__name__)
    log.error("order.given_up", order=order.key, why=error)

Values go in as they are, because the type says what is personal: ``MeteringPointCode`` and ``MeterNumber`` are masked,
errors become their sentence, enums their value. A sentence made with an f-string would hide that from the mask.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from csire_bridge.telemetry.log_masking import masked

__all__ = ["FLOORS", "Log", "bound", "bound_fields", "floor_of", "logger"]

FLOORS: Mapping[str, int] = {
    "alembic": logging.WARNING,  # it tells each table that it makes
    "apscheduler": logging.ERROR,  # a tick that takes longer than a second is no news
    "authlib": logging.WARNING,
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,  # below, it logs addresses with the passwords in them
    "multipart": logging.WARNING,
    "opentelemetry": logging.WARNING,
    "python_multipart": logging.WARNING,  # below, it logs what was sent
    "signxml": logging.WARNING,  # below, it logs whole documents
    "sqlalchemy": logging.WARNING,  # below, it logs the values of rows
    "urllib3": logging.WARNING,
    "uvicorn": logging.WARNING,
    "xmlschema": logging.WARNING,
    "zeep": logging.WARNING,  # below, it logs whole envelopes
}
"""The lowest level of each library's loggers. They never go below it, whatever the settings say."""

for _name, _level in FLOORS.items():
    logging.getLogger(_name).setLevel(_level)


def floor_of(name: str) -> int:
    """The lowest level of a logger."""
    return next((floor for library, floor in FLOORS.items() if f"{name}.".startswith(f"{library}.")), 0)


_bound: ContextVar[Mapping[str, object]] = ContextVar("log fields", default={})  # noqa: B039 - never changed in place


class Log:
    """Logs events of the catalogue ``log_events``. A line that nobody wants costs one comparison."""

    __slots__ = ("_logger",)

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, /, *, exc_info: BaseException | None = None, **fields: object) -> None:
        """For whoever looks for a mistake in the bridge."""
        self._write(logging.DEBUG, event, exc_info, fields)

    def info(self, event: str, /, *, exc_info: BaseException | None = None, **fields: object) -> None:
        """The ordinary course of things."""
        self._write(logging.INFO, event, exc_info, fields)

    def warning(self, event: str, /, *, exc_info: BaseException | None = None, **fields: object) -> None:
        """Unusual; the bridge deals with it."""
        self._write(logging.WARNING, event, exc_info, fields)

    def error(self, event: str, /, *, exc_info: BaseException | None = None, **fields: object) -> None:
        """Somebody has to look, now or soon."""
        self._write(logging.ERROR, event, exc_info, fields)

    def _write(self, level: int, event: str, error: BaseException | None, fields: Mapping[str, object]) -> None:
        if not self._logger.isEnabledFor(level):
            return
        told = {name: masked(value) for name, value in (*_bound.get().items(), *fields.items())}
        # What structlog's formatter knows a record of its own by. structlog itself is loaded where lines are written
        # (``log_output``), as it takes longer than a small command.
        own = {"_logger": self._logger, "_name": logging.getLevelName(level).lower()}
        self._logger.log(level, {"event": event, **told, **({"exc_info": error} if error else {})}, extra=own)


def logger(name: str) -> Log:
    """The logger of a module; ``name`` is its ``__name__``."""
    return Log(name)


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Add ``fields`` to every line that is logged inside, such as the id of the request."""
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


def bound_fields() -> Mapping[str, object]:
    """What ``bound`` adds here, for code that goes on in another thread."""
    return _bound.get()
