"""Checks everything that the settings name before anything starts, and reports all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from csire_bridge.channels.hes.choice import chooser_of, profiles_of
from csire_bridge.config.private_files import PRIVATE_MODE, private_files, require_private_files, too_wide
from csire_bridge.config.role import Role
from csire_bridge.config.settings import Settings
from csire_bridge.domain.errors import ConfigurationError, StoreFailure
from csire_bridge.service.web.doors import Door, address_of, addresses
from csire_bridge.service.web.tls_files import server_context
from csire_bridge.service.wiring.bridge_sid import sid_profile
from csire_bridge.service.wiring.caller_proofs import event_proofs, sid_proofs
from csire_bridge.service.wiring.identity import partner_book, signing_keys
from csire_bridge.service.wiring.settings_to_values import execution_policy, hub_profile, intake_policy
from csire_bridge.service.wiring.standard import Standard
from csire_bridge.service.written_folders import require_writable, written_folders
from csire_bridge.store.connection.engine import open_engine
from csire_bridge.store.connection.private_file import with_companions
from csire_bridge.store.database import Database
from csire_bridge.telemetry.logs import logger
from csire_bridge.worker.notifications.settings_to_routes import outlets_of
from csire_bridge.xml.reading.names import Names
from csire_bridge.xml.security.certificates.keys import load_pins

__all__ = ["Finding", "check_settings", "findings", "warnings"]

_log = logger(__name__)
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not listened on


def check_settings(settings: Settings) -> None:
    """Raise one ConfigurationError with every problem and its remedy, a line for each; return when there is none."""
    found = dict.fromkeys(str(error) for check in _checks(settings) for error in _errors(check))
    if found:
        raise ConfigurationError("\n".join(found))
    for warning in warnings(settings):
        _log.warning("settings.remark", text=warning.problem, remedy=warning.remedy)


@dataclass(frozen=True)
class Finding:
    """Something wrong, with its place, and what to do about it."""

    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.problem} -> {self.remedy}" if self.remedy else self.problem

    @classmethod
    def all_of(cls, error: ConfigurationError | StoreFailure) -> list[Finding]:
        """One for each line of an error."""
        pairs = (line.partition(" -> ") for line in error.text.splitlines())
        return [cls(problem, remedy or error.remedy) for problem, _, remedy in pairs]


def findings(settings: Settings) -> list[Finding]:
    """Everything that stops the service from starting with these settings; a database that does not answer too."""
    errors: list[ConfigurationError | StoreFailure] = [error for check in _checks(settings) for error in _errors(check)]
    with suppress(ConfigurationError), closing(Database(settings.database)) as database:
        errors += _unanswered(database)
    return list(dict.fromkeys(finding for error in errors for finding in Finding.all_of(error)))


def _unanswered(database: Database) -> Iterable[StoreFailure]:
    try:
        database.require_current()
    except StoreFailure as error:
        yield error


def warnings(settings: Settings) -> Iterator[Finding]:
    """What does not stop the service, but should be mended."""
    if settings.group_may_read_keys:
        for name, file in private_files(settings):
            if mode := too_wide(file):
                text = f"setting {name}: its group may read {file} (mode {mode}), because group_may_read_keys is set"
                yield Finding(text, f"chmod {PRIVATE_MODE:o} {file}, and take group_may_read_keys out")
    with suppress(ConfigurationError):
        for address in addresses(settings.web, Role.ALL):
            if not address.tls and not address.is_of_this_machine:
                text = f"{address.setting}: {address.host}:{address.port} can be reached from elsewhere, and has no TLS"
                yield Finding(text, f"set {address.setting}.tls, or let a proxy with TLS be the only caller")
    with suppress(ConfigurationError), closing(Database(settings.database)) as database:
        for file in with_companions(database.file) if database.file else ():
            if mode := too_wide(file):
                text = f"other users can read the database {file} (its mode is {mode}), which has personal data in it"
                yield Finding(text, f"run csire-bridge db upgrade, or chmod {PRIVATE_MODE:o} {file}")


def _checks(settings: Settings) -> Iterator[Callable[[], object]]:
    yield partial(require_private_files, settings, group_may_read=settings.group_may_read_keys)
    yield partial(signing_keys, settings)
    for partner in settings.partners:
        for file in partner.certificates:
            yield partial(load_pins, file)
    yield partial(_partners_can_be_trusted, settings)
    for name, folders in (("schemas", settings.schemas), ("mappings", settings.mappings)):
        for folder in folders:
            yield partial(_is_folder, name, folder)
    yield partial(Standard.load, settings)
    yield partial(Names.load, settings.mapping_path, settings.schema_path)
    yield partial(open_engine, settings.database)
    yield partial(_is_current, settings)
    yield partial(_keeps_what_it_commits, settings)
    for name, folder in written_folders(settings).items():
        yield partial(require_writable, name, folder)
    if settings.hub.url:
        yield partial(hub_profile, settings)
    yield partial(addresses, settings.web, Role.ALL)
    for setting, tls in settings.web.every_tls():
        yield partial(server_context, tls, setting)
    yield partial(profiles_of, settings.head_end)
    yield partial(chooser_of, settings.head_end)
    yield partial(event_proofs, settings, ())
    yield partial(_can_be_answered, settings)
    yield partial(outlets_of, settings.alerts)
    yield partial(intake_policy, settings)
    yield partial(execution_policy, settings)
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
    host = address_of(Door.EVENTS, settings.web).host
    if head_end.url and head_end.reply_address is None and host in _EVERYWHERE:
        raise ConfigurationError(
            f"setting head_end.reply_address: events of the head-end system can't be sent to {host!r}",
            "set the address at which the head-end system reaches this service, ending in /hes/events",
        )
