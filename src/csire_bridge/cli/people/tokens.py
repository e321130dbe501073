"""``csire-bridge tokens``: API tokens for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.moments import local
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.people.roles import Permission
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.access.people_facts import ListedToken

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
    from csire_bridge.access.people_facts import listed_token, token_facts
    from csire_bridge.access.token_actions import create as made

    act = operator.action()
    with operator.changing() as tx:
        token, secret = made(tx, name, scope, act.at + timedelta(days=days), act)
        facts = token_facts(listed_token(tx, token, act.at))
    until = f"token {token.name}: {token.scopes}; it ends {local(token.expires_at)}"
    operator.tell(facts | {"secret": secret}, until, "its secret, shown this once:", secret)


TOKEN_COLUMNS: Sequence[Column[ListedToken]] = (
    Column("name", lambda row: row.token.name),
    Column("state", lambda row: row.state.replace("-", " ")),
    Column("ends", lambda row: row.token.expires_at),
    Column("last-used", lambda row: row.token.last_used_at, goes=2),
    Column("made-by", lambda row: row.token.created_by, goes=1),
    Column("may-now", lambda row: " ".join(sorted(row.rights)), words=True),
    Column("scopes", lambda row: row.token.scopes, words=True, goes=3),
)


@_tokens.command("list")
@list_command(TOKEN_COLUMNS)
def show(listing: Listing) -> None:
    """Every token: what it may do now of its scopes, who made it, when it was last used, and its end.

    Example:

        csire-bridge tokens list
    """
    from csire_bridge.access.people_facts import listed_token, token_facts

    now = system_clock()
    with listing.reading() as tx:
        found = [listed_token(tx, token, now) for token in tx.tokens.all()]
    listing.show(
        TOKEN_COLUMNS,
        found,
        title="Tokens",
        nothing="there is no token",
        facts=lambda: [token_facts(one) for one in found],
    )


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
