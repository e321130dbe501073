"""Who gives a command: a name, the login of `csire-bridge login`, or the system user's account, as the settings say."""

from __future__ import annotations

import getpass
import hashlib
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from csire_bridge.cli.shared.opened import opened
from csire_bridge.domain.errors import ActionRefused, ConfigurationError
from csire_bridge.domain.people.actor import Actor, ActorKind, Origin, trusted

if TYPE_CHECKING:
    from csire_bridge.access.authenticate import Authenticator
    from csire_bridge.config.sections.running.access import By
    from csire_bridge.config.settings import Settings
    from csire_bridge.store.database import Database

__all__ = [
    "actor_who_changes",
    "actor_who_reads",
    "authenticator",
    "forget_session",
    "here",
    "keep_session",
    "kept_session",
    "mode_of",
    "system_user",
]

_LOG_IN = "log in with: csire-bridge login"


def here() -> Origin:
    """This machine and the system's user."""
    return Origin(host=f"{_system_user()}@{socket.gethostname()}"[:200])


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return f"uid-{os.getuid()}"


def mode_of(settings: Settings, store: Database) -> By:
    """By whom commands act on this database: as the settings say, else a name as long as there is no account."""
    from csire_bridge.config.sections.running.access import By

    if settings.access.by is not None:
        return settings.access.by
    with store.read_transaction() as tx:
        return By.LOGIN if tx.accounts.any() else By.NAMED


def actor_who_changes(settings: Settings, by: str | None, *, name_needed: bool = True) -> Actor:
    """Whoever changes something. ``by`` is the name that was given with --by.

    Where names are given and none is needed, it is the system's user.

    Raises BadParameter where a name is needed and was not given, ActionRefused where a login is needed.
    """
    from csire_bridge.config.sections.running.access import By

    if by is None and name_needed and settings.access.by is By.NAMED:
        raise _nobody()
    with opened(settings) as store:
        mode = mode_of(settings, store)
        if mode is By.NAMED:
            if by is None and name_needed:
                raise _nobody()
            return system_user(by)
        actor = _logged_in(settings, store) if mode is By.LOGIN else _of_system_user(store)
    if by is not None and by.lower() != actor.name:
        raise ActionRefused(
            f"you are {actor.name}, and nobody acts for somebody else (--by {by})",
            "leave --by out, or log in as that one",
        )
    return actor


def actor_who_reads(settings: Settings, store: Database) -> Actor:
    """Whoever reads personal data: where names are given, it is the system's user."""
    from csire_bridge.config.sections.running.access import By

    mode = mode_of(settings, store)
    if mode is By.NAMED:
        return system_user()
    return _logged_in(settings, store) if mode is By.LOGIN else _of_system_user(store)


def system_user(by: str | None = None) -> Actor:
    """The system's user, or the name that was given, where no login is needed."""
    return trusted(by, here()) if by else trusted(_system_user(), here(), ActorKind.SYSTEM_USER)


def _nobody() -> typer.BadParameter:
    return typer.BadParameter("--by is missing: whoever changes something says who and why")


def _of_system_user(store: Database) -> Actor:
    from csire_bridge.access.authenticate import actor_of

    name = _system_user().lower()
    with store.read_transaction() as tx:
        account = tx.accounts.named(name)
    if account is None or account.locked:
        what = "has no account" if account is None else "is locked"
        raise ActionRefused(f"the system's user {name} {what}", f"an administrator: csire-bridge users add {name}")
    actor = actor_of(account, here())
    return Actor(actor.name, ActorKind.SYSTEM_USER, actor.permissions, actor.role, actor.origin)


def _logged_in(settings: Settings, store: Database) -> Actor:
    secret = kept_session(settings)
    if secret is None:
        raise ActionRefused("nobody is logged in", _LOG_IN)
    found = authenticator(settings, store).by_session(secret, here())
    if not isinstance(found, Actor):
        raise ActionRefused(found.text, _LOG_IN)
    return found


def authenticator(settings: Settings, store: Database) -> Authenticator:
    """Lets people in, by the settings."""
    from csire_bridge.access.authenticate import Authenticator
    from csire_bridge.runtime.steady_clock import system_clock

    return Authenticator(store, system_clock, settings.access.session_policy())


def _session_file(settings: Settings) -> Path:
    """One file for each database, in the user's folder for the state of programs."""
    home = os.environ.get("XDG_STATE_HOME")
    folder = Path(home) if home else Path.home() / ".local" / "state"
    return folder / "csire-bridge" / f"session-{hashlib.sha256(settings.database.encode()).hexdigest()[:16]}"


def kept_session(settings: Settings) -> str | None:
    """The secret of the session that was begun by `csire-bridge login`; None without one.

    Raises ConfigurationError when others may read it.
    """
    from csire_bridge.config.private_files import too_wide

    file = _session_file(settings)
    if too_wide(file) is not None:
        raise ConfigurationError(f"others may read {file}", "csire-bridge logout, and log in again")
    try:
        return file.read_text("utf-8").strip() or None
    except FileNotFoundError:
        return None


def keep_session(settings: Settings, secret: str) -> Path:
    """Keep the secret of a session in a file that only its owner can read; return the file."""
    from csire_bridge.config.private_files import write_private

    file = _session_file(settings)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(file, secret.encode(), replace=True)
    return file


def forget_session(settings: Settings) -> None:
    """Take the file away."""
    _session_file(settings).unlink(missing_ok=True)
