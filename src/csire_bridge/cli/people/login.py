"""``csire-bridge login``, ``logout`` and ``whoami``: who gives the commands."""

from __future__ import annotations

from typing import Annotated

import typer

from csire_bridge.cli.people.passwords import PasswordFileOption, asked
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption
from csire_bridge.cli.shared.moments import local
from csire_bridge.cli.shared.operator_action import opened, tell
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.cli.shared.who import (
    actor_who_reads,
    authenticator,
    forget_session,
    here,
    keep_session,
    kept_session,
    mode_of,
)
from csire_bridge.domain.errors import ActionRefused

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(login)
    app.command()(logout)
    app.command()(whoami)


def login(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The account's name; asked for without.")] = None,
    password_file: PasswordFileOption = None,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Log in, so that the commands that follow know who gives them.

    The session's secret is kept in a file of your own (in ~/.local/state/csire-bridge), until it ends or you log out.

    Example:

        csire-bridge login anna
    """
    from csire_bridge.domain.people.accounts import Refusal, RefusalReason

    settings = load_settings(config, database=database)
    with opened(settings) as store:
        who = name or typer.prompt("Name", err=True)
        found = authenticator(settings, store).log_in(who, asked(password_file), here())
    if isinstance(found, Refusal):
        change = f"csire-bridge users password {who}"
        remedy = change if found.reason is RefusalReason.MUST_CHANGE else "an administrator can reset it: users reset"
        raise ActionRefused(found.text, remedy)
    file = keep_session(settings, found.secret)
    facts = {"name": found.actor.name, "role": found.actor.role, "until": found.expires_at, "file": str(file)}
    said = f"logged in as {found.actor.name} ({found.actor.role}) until {local(found.expires_at)} at the latest"
    tell(json_wanted, facts, said)


def logout(database: DatabaseOption = None, json_wanted: JsonOption = False, config: ConfigOption = None) -> None:
    """Log out: the session ends, and its file is taken away.

    Example:

        csire-bridge logout
    """
    settings = load_settings(config, database=database)
    try:
        secret = kept_session(settings)
    finally:
        forget_session(settings)
    ended = False
    if secret is not None:
        with opened(settings) as store:
            ended = authenticator(settings, store).log_out(secret, here())
    tell(json_wanted, {"ended": ended}, "logged out" if ended else "nobody was logged in")


def whoami(database: DatabaseOption = None, json_wanted: JsonOption = False, config: ConfigOption = None) -> None:
    """Who gives the commands, and what that one may do; exit code 1: a login is needed.

    Example:

        csire-bridge whoami
    """
    settings = load_settings(config, database=database)
    with opened(settings) as store:
        mode, actor = mode_of(settings, store), actor_who_reads(settings, store)
    permissions = sorted(actor.permissions)
    facts = {"by": mode, "name": actor.name, "role": actor.role, "permissions": permissions}
    named = {"named": "; commands that change something take a name (--by)"}.get(mode, "")
    role = f" ({actor.role})" if actor.role else ""
    tell(json_wanted, facts, f"{actor.name}{role}{named}", f"may: {', '.join(permissions)}")
