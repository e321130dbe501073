"""Checks the settings before anything starts, and reports all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path

from csire_bridge.config.settings import Settings
from csire_bridge.domain.errors import ConfigurationError, StoreFailure
from csire_bridge.service.wiring.bridge_sid import sid_profile
from csire_bridge.service.wiring.caller_proofs import sid_proofs
from csire_bridge.service.wiring.identity import partner_book, signing_key
from csire_bridge.service.wiring.settings_to_values import hub_profile
from csire_bridge.service.wiring.standard import Standard
from csire_bridge.store.connection.engine import open_engine
from csire_bridge.store.database import Database
from csire_bridge.xml.security.keys import load_pins

__all__ = ["check_settings"]

_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not listened on


def check_settings(settings: Settings) -> None:
    """Raise one ConfigurationError with every problem and its remedy, a line for each; return when there is none."""
    found = [str(error) for check in _checks(settings) for error in _errors(check)]
    if found:
        raise ConfigurationError("\n".join(found))


def _checks(settings: Settings) -> Iterator[Callable[[], object]]:
    yield partial(signing_key, settings)
    for partner in settings.partners:
        for file in partner.certificates:
            yield partial(load_pins, file)
    yield partial(_partners_can_be_trusted, settings)
    for name, folders in (("schemas", settings.schemas), ("mappings", settings.mappings)):
        for folder in folders:
            yield partial(_is_folder, name, folder)
    yield partial(Standard.load, settings)
    yield partial(open_engine, settings.database)
    yield partial(_is_current, settings)
    yield partial(_keeps_what_it_commits, settings)
    if settings.hub.url:
        yield partial(hub_profile, settings)
    yield partial(_can_be_answered, settings)
    if settings.sid.url:
        yield partial(sid_profile, settings)
        yield partial(sid_proofs, settings)
        for file in settings.sid.certificates:
            yield partial(load_pins, file)


def _errors(check: Callable[[], object]) -> list[ConfigurationError]:
    try:
        check()
    except ConfigurationError as error:
        return [error]
    return []


def _partners_can_be_trusted(settings: Settings) -> None:
    """Partners of the settings, and of the registry where there is one already; nothing is made or changed."""
    try:
        database = Database(settings.database)
    except ConfigurationError:
        return  # the address has a check of its own
    with ExitStack() as last:
        last.callback(database.close)
        try:
            database.require_current()
        except (ConfigurationError, StoreFailure):
            database = Database("sqlite://")
            last.callback(database.close)
            database.upgrade()
        partner_book(settings, database)


def _is_current(settings: Settings) -> None:
    """The database must exist and be current; it is never created here: an empty one would know no holds."""
    try:
        database = Database(settings.database)
    except ConfigurationError:
        return  # the address has a check of its own
    with closing(database), suppress(StoreFailure):  # one that can't be reached says so itself when it is opened
        database.require_current()


def _keeps_what_it_commits(settings: Settings) -> None:
    """The database must be durable; an unreachable one is reported when it is opened."""
    try:
        database = Database(settings.database)
    except ConfigurationError:
        return  # the address has a check of its own
    with closing(database):
        if database.file and not database.file.is_file():
            return
        with suppress(StoreFailure):
            database.require_durable()


def _is_folder(name: str, folder: Path) -> None:
    if not folder.is_dir():
        raise ConfigurationError(f"setting {name}: there is no folder {folder}", "name a folder that is there")


def _can_be_answered(settings: Settings) -> None:
    """The reply address must be a real address: events can't be sent to 0.0.0.0."""
    head_end = settings.head_end
    if head_end.url and head_end.reply_address is None and settings.web.host in _EVERYWHERE:
        raise ConfigurationError(
            f"setting head_end.reply_address: events of the head-end system can't be sent to {settings.web.host!r}",
            "set the address at which the head-end system reaches this service, ending in /hes/events",
        )
