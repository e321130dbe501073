"""``csire-bridge users``: accounts, their roles and their sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.people.passwords import PasswordFileOption, asked, chosen
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.moments import local
from csire_bridge.cli.shared.operator_action import opened, tell
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.cli.shared.table import Column
from csire_bridge.cli.shared.who import authenticator, here
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.roles import Role
from csire_bridge.domain.words import counted
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.domain.people.accounts import Account
    from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["add_to"]

_users = typer.Typer(help="Accounts of people: who they are, which role they have, and their sessions.")
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
_CHANGE = "it is good for one thing only: csire-bridge users password"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_users, name="users", no_args_is_help=True)


@_users.command()
@operator_command(needs_why=False)
def add(
    operator: Operator,
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="What the account is for.")],
    *,
    subject: Annotated[
        str | None, typer.Option(help="Logs in at the identity provider only, which calls it so (claim sub).")
    ] = None,
    password_file: PasswordFileOption = None,
) -> None:
    """Add an account. It gets an initial password, which is shown once and must be changed.

    With --password-file the password of the file is the initial one. The first account is an administrator; from then
    on commands need a login, unless the setting access.by says otherwise.

    Example:

        csire-bridge users add anna --role operator
    """
    from csire_bridge.access import user_actions

    first = None if subject else _First.of(name, password_file)
    stored, must_change = (first.stored if first else None), first is not None

    def added(tx: UnitOfWork, act: OperatorAction) -> Account:
        return user_actions.add(tx, name, role, stored, act, must_change=must_change, subject=subject)

    _change(operator, added, f"({role})", first)


@_users.command("role")
@operator_command(needs_why=False)
def set_role(
    operator: Operator, name: NameArgument, role: Annotated[Role, typer.Argument(metavar="ROLE", help="The new role.")]
) -> None:
    """Give an account another role. Its sessions end.

    Example:

        csire-bridge users role anna supervisor
    """
    from csire_bridge.access import user_actions

    told = f"is {role} now; its sessions have ended"
    _change(operator, lambda tx, act: user_actions.set_role(tx, name, role, act), told)


@_users.command()
@operator_command()
def lock(operator: Operator, name: NameArgument) -> None:
    """Lock an account: nobody logs in by it, and its sessions end. Its name stays in every history.

    Example:

        csire-bridge users lock anna --why "left the company"
    """
    from csire_bridge.access import user_actions

    _change(operator, lambda tx, act: user_actions.lock(tx, name, act), "is locked; its sessions have ended")


@_users.command()
@operator_command()
def unlock(operator: Operator, name: NameArgument) -> None:
    """Unlock an account.

    Example:

        csire-bridge users unlock anna --why "back from leave"
    """
    from csire_bridge.access import user_actions

    _change(operator, lambda tx, act: user_actions.unlock(tx, name, act), "is open again")


@_users.command()
@operator_command(needs_why=False)
def reset(operator: Operator, name: NameArgument, *, password_file: PasswordFileOption = None) -> None:
    """Give an account a new initial password, which must be changed. Its sessions end.

    Example:

        csire-bridge users reset anna
    """
    from csire_bridge.access import user_actions

    first = _First.of(name, password_file)
    _change(operator, lambda tx, act: user_actions.reset(tx, name, first.stored, act), "has a new password", first)


@_users.command()
def password(
    name: NameArgument,
    old_file: Annotated[
        Path | None, typer.Option("--old-password-file", help="File with the old one.", exists=True, dir_okay=False)
    ] = None,
    new_file: Annotated[
        Path | None, typer.Option("--new-password-file", help="File with the new one.", exists=True, dir_okay=False)
    ] = None,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Choose a new password, by the old or the initial one. All sessions of the account end.

    Example:

        csire-bridge users password anna
    """
    from csire_bridge.access.authenticate import actor_of
    from csire_bridge.access.user_actions import change_password
    from csire_bridge.domain.people.accounts import Refusal

    settings = load_settings(config, database=database)
    with opened(settings) as store:
        account = authenticator(settings, store).proven(name, asked(old_file, "Old password"), here())
        if isinstance(account, Refusal):
            raise ActionRefused(account.text, "give the old password, or have an administrator reset it")
        new = _hashed(chosen(account.name, new_file))
        act = OperatorAction.of(actor_of(account, here()), system_clock())
        with store.transaction() as tx:
            change_password(tx, account, new, act)
    tell(json_wanted, {"name": account.name}, f"account {account.name} has a new password; log in: csire-bridge login")


USER_COLUMNS: Sequence[Column[tuple[Account, int]]] = (
    Column("name", lambda row: row[0].name),
    Column("role", lambda row: row[0].role),
    Column("state", lambda row: _state(row[0])),
    Column("sessions", lambda row: row[1], right=True),
    Column("since", lambda row: row[0].created_at, goes=1),
)


@_users.command("list")
@list_command(USER_COLUMNS)
def show(listing: Listing) -> None:
    """Every account: role, whether it is locked, open sessions.

    Example:

        csire-bridge users list
    """
    from csire_bridge.access.people_facts import account_facts

    with listing.reading() as tx:
        found = [(account, len(tx.sessions.of(account.key))) for account in tx.accounts.all()]
    listing.show(
        USER_COLUMNS,
        found,
        title="Accounts",
        nothing="there is no account: commands take names (--by)",
        facts=lambda: [account_facts(account) | {"sessions": count} for account, count in found],
    )


@_users.command()
def sessions(
    name: NameArgument,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """The sessions of an account that nobody has revoked, the newest first.

    Example:

        csire-bridge users sessions anna
    """
    from csire_bridge.access.people_facts import open_sessions, session_facts
    from csire_bridge.access.user_actions import sessions_of

    settings, now = load_settings(config, database=database), system_clock()
    policy = settings.access.session_policy()
    with opened(settings) as store, store.read_transaction() as tx:
        found = open_sessions(sessions_of(tx, name), now, policy)
    facts = [session_facts(one) for one in found]
    lines = [
        f"session {f['key']}: since {local(one.created_at)}, last used {local(one.last_seen_at)}, from {f['from']}"
        for f, one in zip(facts, found, strict=True)
    ]
    tell(json_wanted, {"sessions": facts}, *lines or ["no session is open"])


@_users.command()
@operator_command(needs_why=False)
def revoke(
    operator: Operator,
    name: NameArgument,
    *,
    session: Annotated[int | None, typer.Option("--session", help="Only this one, as shown by `sessions`.")] = None,
) -> None:
    """End all sessions of an account, or one of them.

    Example:

        csire-bridge users revoke anna
    """
    from csire_bridge.access import user_actions

    act = operator.action()
    with operator.changing() as tx:
        if session is None:
            count = user_actions.revoke_sessions(tx, name, act)
        else:
            user_actions.revoke_session_of(tx, name, session, act)
            count = 1
    operator.tell({"name": name, "ended": count}, f"{counted(count, 'session')} of {name} ended")


@dataclass(frozen=True)
class _First:
    """An initial password: as it is stored, and as it is shown this once; not if it came from a file."""

    stored: str
    shown: str | None

    @classmethod
    def of(cls, name: str, file: Path | None) -> _First:
        """That of the file, or a new one."""
        from csire_bridge.access.secrets import new_password

        shown = new_password() if file is None else None
        return cls(_hashed(shown or chosen(name, file)), shown)


def _change(
    operator: Operator, do: Callable[[UnitOfWork, OperatorAction], Account], said: str, first: _First | None = None
) -> None:
    """Change an account, and tell what became of it and what its owner has to do."""
    from csire_bridge.access.people_facts import account_facts

    act = operator.action()
    with operator.changing() as tx:
        account = do(tx, act)
    shown = {"initial_password": first.shown} if first and first.shown else {}
    lines = [f"initial password, shown this once: {first.shown}"] if first and first.shown else []
    lines += [f"{_CHANGE} {account.name}"] if first else []
    operator.tell(account_facts(account) | shown, f"account {account.name} {said}", *lines)


def _hashed(password: str) -> str:
    from csire_bridge.access.passwords import Passwords

    return Passwords().hash(password)


def _state(account: Account) -> str:
    from csire_bridge.access.people_facts import AccountState, account_state

    state = account_state(account)
    if account.locked_at is not None:
        return f"locked since {local(account.locked_at)}"
    return "" if state is AccountState.OPEN else state.value.replace("-", " ")
