"""``csire-bridge tokens``: API tokens for programs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, out, print_json
from csire_bridge.cli.shared.moments import local
from csire_bridge.cli.shared.operator_action import read_transaction
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.domain.people.roles import Permission
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from datetime import datetime

    from csire_bridge.domain.people.accounts import ApiToken

__all__ = ["add_to"]

_tokens = typer.Typer(help="API tokens for programs: what each may do, and until when.")
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The token's name; the program that uses it.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_tokens, name="tokens", no_args_is_help=True)


@_tokens.command()
@operator_command(needs_why=False)
def create(
    operator: Operator,
    name: NameArgument,
    scope: Annotated[list[Permission], typer.Option("--scope", help="What it may do; may be given more than once.")],
    *,
    days: Annotated[float, typer.Option(min=0.001, max=1826, help="Its end, in days from now.")] = 365,
) -> None:
    """Make a token. Its secret is shown once. Nobody can give scopes that he does not have himself.

    Example:

        csire-bridge tokens create reports --scope read --days 90
    """
    from csire_bridge.access.token_actions import create as made

    act = operator.action()
    with operator.changing() as tx:
        token, secret = made(tx, name, scope, act.at + timedelta(days=days), act)
    until = f"token {token.name}: {token.scopes}; it ends {local(token.expires_at)}"
    operator.tell(_facts(token, act.at) | {"secret": secret}, until, "its secret, shown this once:", secret)


@_tokens.command("list")
def show(database: DatabaseOption = None, json_wanted: JsonOption = False, config: ConfigOption = None) -> None:
    """Every token: scopes, who made it, when it was last used, and its end.

    Example:

        csire-bridge tokens list
    """
    now = system_clock()
    with read_transaction(config, database) as tx:
        found = tx.tokens.all()
    if json_wanted:
        print_json([_facts(token, now) for token in found])
        return
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("name", "state", "ends", "last used", "made by", "scopes"):
        table.add_column(heading)
    for token in found:
        used = local(token.last_used_at) if token.last_used_at else "never"
        table.add_row(token.name, _state(token, now), local(token.expires_at), used, token.created_by, token.scopes)
    out.print(table if found else "there is no token")


@_tokens.command()
@operator_command(needs_why=False)
def revoke(operator: Operator, name: NameArgument) -> None:
    """End a token at once. Its name stays in every history.

    Example:

        csire-bridge tokens revoke reports --why "the program is gone"
    """
    from csire_bridge.access.token_actions import revoke as revoked

    act = operator.action()
    with operator.changing() as tx:
        token = revoked(tx, name, act)
    operator.tell({"name": token.name, "revoked_at": act.at}, f"token {token.name} was revoked")


def _facts(token: ApiToken, now: datetime) -> dict[str, Any]:
    names = ("name", "scopes", "created_at", "created_by", "expires_at", "last_used_at", "revoked_at")
    return {name: getattr(token, name) for name in names} | {"state": _state(token, now)}


def _state(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "ended" if token.ended(now) else "good"
