"""``csire-bridge messages``: what came in, with state and reason; and judging refused messages again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csire_bridge.cli.shared.arguments import ListedKeyArgument
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, out, print_json
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.moments import MOMENT_HELP, local, parse_moment
from csire_bridge.cli.shared.operator_action import reading
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.people.acts import Act
from csire_bridge.pipeline.intake.judge_again import reopen_by_hand
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.store.queries.alerts.said_early import SaidEarly
    from csire_bridge.store.queries.search.message_search import FoundMessage

__all__ = ["add_to"]

_messages = typer.Typer(help="Messages: find them, show one, judge refused ones again.", no_args_is_help=True)
_AT_ONCE = 1000
CodeOption = Annotated[
    str | None, typer.Option("--code", help="Why it was refused: a whole code, or its first word such as trust.")
]
SinceOption = Annotated[str | None, typer.Option("--since", help=f"Received then or later. {MOMENT_HELP}")]


MESSAGE_COLUMNS: Sequence[Column[FoundMessage]] = (
    Column("key", lambda one: one.key),
    Column("received", lambda one: one.received_at, goes=2),
    Column("state", lambda one: one.state),
    Column("channel", lambda one: one.channel, goes=4),
    Column("sender", lambda one: f"{one.sender}{'' if one.proven else ' ?'}" if one.sender else None, goes=3),
    Column("number", lambda one: one.number, goes=1),
    Column("point", lambda one: one.metering_point),
    Column("why", lambda one: one.code),
    Column("judged-again", lambda one: one.again_at, goes=5),
    Column("message", lambda one: one.message_id, goes=6),
)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_messages, name="messages")


@_messages.callback()
def group() -> None:
    """Messages: find them, show one, judge refused ones again."""


@_messages.command("list")
@list_command(MESSAGE_COLUMNS)
def show_all(
    listing: Listing,
    state: Annotated[list[MessageState] | None, typer.Option(help="May be given more than once.")] = None,
    code: CodeOption = None,
    sender: Annotated[str | None, typer.Option(help="EIC code of the sender, proven or claimed.")] = None,
    channel: Annotated[Channel | None, typer.Option(help="The channel it came through.")] = None,
    number: Annotated[str | None, typer.Option(help="Message number, such as 8.1.1.5.")] = None,
    point: Annotated[str | None, typer.Option(help="Code of the metering point.")] = None,
    message: Annotated[str | None, typer.Option(help="Message id.")] = None,
    since: SinceOption = None,
    until: Annotated[str | None, typer.Option("--until", help="Received before then.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Only those that will be judged again.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 50,
) -> None:
    """Messages, the newest first. A sender with a question mark is only claimed by the message, not proven.

    Examples:

        csire-bridge messages list --state refused --code trust

        csire-bridge messages list --sender 10XPL-TSO------P --since 2026-11-23
    """
    from csire_bridge.store.queries.lists.message_pages import count_messages, find_messages
    from csire_bridge.store.queries.search.message_search import MessageSearch

    wanted = MessageSearch(
        states=tuple(state or ()),
        code=code,
        sender=sender,
        channel=channel,
        number=number,
        point=point,
        message=message.lower() if message else None,
        since=_moment(since),
        until=_moment(until),
        again=again,
    )
    with listing.reading() as tx:
        found, count = find_messages(tx.connection, wanted, limit), count_messages(tx.connection, wanted)
    listing.show(
        MESSAGE_COLUMNS,
        found,
        title=f"Messages ({len(found)} of {count})",
        nothing="no such message",
        facts=lambda: {
            "count": count.number,
            "count_is_exact": count.exact,
            "messages": [asdict(one) for one in found],
        },
    )


@_messages.command("show")
def show_one(
    key: ListedKeyArgument,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Everything about one message except its bytes: facts, history, earlier verdicts, receipt, orders.

    For its bytes use `evidence`.

    Example:

        csire-bridge messages show 17
    """
    from csire_bridge.store.queries.search.message_search import message_file

    with reading(load_settings(config, database=database), Act.MESSAGE_READ, f"message {key}") as tx:
        file = message_file(tx.connection, key)
        if file is None:
            raise ActionRefused(f"there is no message {key}", "look its key up with `messages list`")
    if json_wanted:
        print_json(file)
        return
    for line in _lines(file):
        out.print(line, markup=False, highlight=False)


EARLY_COLUMNS: Sequence[Column[SaidEarly]] = (
    Column("at", lambda one: one.at),
    Column("what", lambda one: one.kind),
    Column("about", lambda one: one.about),
    Column("message", lambda one: "archived" if one.message is None else one.message),
)


@_messages.command("early")
@list_command(EARLY_COLUMNS)
def show_early(listing: Listing) -> None:
    """What was said about orders that have not come: ends of processes, withdrawals of SID; the oldest first.

    It counts when the order comes. If that takes long, an order may be lost on its way: ask the hub, or SID.

    Example:

        csire-bridge messages early
    """
    from csire_bridge.store.queries.alerts.said_early import said_early

    with listing.reading() as tx:
        found = list(said_early(tx.connection, None, system_clock()))
    listing.show(
        EARLY_COLUMNS,
        found,
        title="Said of orders that have not come",
        nothing="nothing was said about orders that have not come",
        facts=lambda: [asdict(one) for one in found],
    )


@_messages.command("judge-again")
@operator_command()
def judge_again(
    operator: Operator,
    keys: Annotated[list[int] | None, typer.Argument(metavar="[KEY]...", help="Keys, as shown by `list`.")] = None,
    code: CodeOption = None,
    since: SinceOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which ones.")] = False,
) -> None:
    """Judge refused messages again; the running bridge does it at once. The old verdict is kept in the history.

    Use it after a fault of ours was corrected: a missing certificate, a wrong clock, a missing schema or setting.
    Messages that are still wrong are refused again. Give keys, or a code; at most 1000 at once, the oldest first.

    Examples:

        csire-bridge messages judge-again 17 18 --by "Anna Nowak" --why "the hub's new certificate was entered"

        csire-bridge messages judge-again --code trust.unknown-signer --since "2026-11-23 08:00" --dry-run
    """
    from csire_bridge.store.queries.search.message_search import MessageSearch, keys_of

    if bool(keys) is (code is not None):
        raise typer.BadParameter("give keys, or --code (with --since where wanted)")
    act = None if dry_run else operator.action()
    wanted = MessageSearch(states=(MessageState.REFUSED,), code=code, since=_moment(since))
    with operator.changing() as tx:
        chosen = list(keys) if keys else keys_of(tx.connection, wanted, _AT_ONCE)
        done = chosen if act is None else reopen_by_hand(tx, chosen, act)
    what = "would be judged again" if dry_run else "is judged again"
    facts = {"messages": done, "dry_run": dry_run, "by": act.by if act else None, "why": act.why if act else None}
    operator.tell(facts, *[f"message {key} {what}" for key in done] or ["no such message was refused"])


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_moment(text, system_clock())


def _lines(file: dict[str, Any]) -> Iterator[str]:
    message = file["message"]
    yield f"message {message['key']}: {message['state']}, by {message['channel']} from {message['origin']}"
    for name, value in message.items():
        if value is not None and name not in ("key", "state", "channel", "origin"):
            yield f"  {name}: {local(value) if isinstance(value, datetime) else value}"
    yield "history (Polish time)"
    yield from (f"  {local(line['at'])} {line['step']}: {line['text']}" for line in file["history"])
    for verdict in file["verdicts"]:
        yield f"verdict taken back {local(verdict['taken_back_at'])}: {verdict['state']} {verdict['code'] or ''}"
    yield from (f"order {key}" for key in file["orders"])
    if file["receipt"]:
        yield "receipt"
        yield file["receipt"]
