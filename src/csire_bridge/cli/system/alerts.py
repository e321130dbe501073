"""``csire-bridge alerts``: what needs a person now, who takes care of it, and whether it can be sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.shared.console import ConfigOption, ExitCode, JsonOption, out, print_json
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.moments import MOMENT_HELP, local, parse_moment
from csire_bridge.cli.shared.operator_action import opened
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.domain.operations.alert_records import Notification
    from csire_bridge.store.queries.alerts.alert_list import ListedAlert, PastAlert

__all__ = ["add_to"]

_alerts = typer.Typer(
    help="Conditions that hold now: what waits for a person, for a release or for a partner, and since when.",
    invoke_without_command=True,
)
KindArgument = Annotated[AlertKind, typer.Argument(metavar="KIND", help="As shown by `alerts`.", show_default=False)]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many, the newest.")]


_At = tuple["ListedAlert", datetime]
ALERT_COLUMNS: Sequence[Column[_At]] = (
    Column("kind", lambda row: row[0].alert.kind),
    Column("subject", lambda row: row[0].alert.subject or None, goes=5),
    Column("count", lambda row: row[0].alert.count, goes=3, right=True),
    Column("oldest", lambda row: row[0].alert.oldest, goes=4),
    Column("told", lambda row: row[0].opened_at, goes=6),
    Column("text", lambda row: row[0].alert.text(row[1]), words=True),
    Column("acknowledged-by", lambda row: one.by if (one := row[0].acknowledgement) else None, goes=1),
    Column("until", lambda row: one.over_at() if (one := row[0].acknowledgement) else None, goes=2),
)
HISTORY_COLUMNS: Sequence[Column[PastAlert]] = (
    Column("key", lambda one: one.record.key, goes=4),
    Column("kind", lambda one: one.record.kind),
    Column("subject", lambda one: one.record.subject or None, goes=3),
    Column("opened", lambda one: one.record.opened_at),
    Column("closed", lambda one: one.record.closed_at, goes=1),
    Column("text", lambda one: one.record.text, words=True),
    Column("acknowledged-by", lambda one: ", ".join(known.by for known in one.acknowledgements) or None, goes=2),
)
SENT_COLUMNS: Sequence[Column[Notification]] = (
    Column("made", lambda one: one.created_at),
    Column("route", lambda one: one.route),
    Column("channel", lambda one: one.channel),
    Column("attempts", lambda one: one.attempts, goes=3, right=True),
    Column("state", lambda one: one.state),
    Column("settled", lambda one: one.settled_at, goes=2),
    Column("due", lambda one: one.due_at, goes=4),
    Column("last-error", lambda one: one.last_error, goes=1, words=True),
)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_alerts, name="alerts")


@_alerts.callback()
@list_command(ALERT_COLUMNS)
def alerts(listing: Listing, context: typer.Context) -> None:
    """Conditions that hold now: what waits for a person, for a release or for a partner, and since when.

    The exit code is 1 while one of them needs a person, and 0 when nobody has to look: all are acknowledged, or there
    is none. 2 is wrong use or wrong settings, 3 means that it could not be found out.

    Examples:

        csire-bridge alerts --database sqlite:///demo-out/csire-bridge.db

        csire-bridge alerts || echo "somebody has to look"
    """
    if context.invoked_subcommand is None:
        _list(listing)


def _list(listing: Listing) -> None:
    from csire_bridge.cli.system.alert_lines import alert_line
    from csire_bridge.service.wiring.alerts_now import alerts_now

    settings, now = listing.settings(), system_clock()
    with opened(settings, reads=True) as store:
        found = alerts_now(settings, store, now)
    listing.show_lines(
        ALERT_COLUMNS,
        [(one, now) for one in found],
        lambda row: [alert_line(*row)],
        title="Alerts",
        nothing="nothing needs a person",
        facts=lambda: [one.facts(now) for one in found],
    )
    if any(one.needs_a_person for one in found):
        raise typer.Exit(ExitCode.NEEDS_A_PERSON)


@_alerts.command()
@operator_command()
def acknowledge(
    operator: Operator,
    kind: KindArgument,
    subject: Annotated[
        str | None, typer.Argument(metavar="[SUBJECT]", help="Only this one of the kind; none: all that are open.")
    ] = None,
    *,
    until: Annotated[str, typer.Option(help=f"Until when nobody else needs to look. {MOMENT_HELP}")],
) -> None:
    """Say that you take care of an open alert: until then it is not told again, and `alerts` exits with 0.

    It ends sooner when the alert closes, or when the condition becomes worse.

    Example:

        csire-bridge alerts acknowledge field-work --until "2026-12-01 08:00" --by "Anna Nowak" --why "crew on its way"
    """
    from csire_bridge.pipeline.operator.alert_actions import acknowledge as acknowledge_alert

    act = operator.action()
    end = parse_moment(until, act.at)
    with operator.changing() as tx:
        done = acknowledge_alert(tx, kind, subject, end, act)
    facts = {"kind": kind, "acknowledged": len(done), "until": end, "by": act.by}
    operator.tell(facts, *[f"{kind} is acknowledged until {local(end)} by {act.by}" for _ in done])


@_alerts.command()
@list_command(HISTORY_COLUMNS)
def history(listing: Listing, limit: LimitOption = 50) -> None:
    """Alerts that were opened, the newest first: from when to when, and who has acknowledged them.

    Example:

        csire-bridge alerts history --limit 20
    """
    from csire_bridge.cli.system.alert_lines import past_lines
    from csire_bridge.store.queries.alerts.alert_list import alert_history

    with listing.reading() as tx:
        found = alert_history(tx.connection, limit)
    listing.show_lines(
        HISTORY_COLUMNS,
        found,
        past_lines,
        title="Alerts that were opened",
        nothing="no alert was opened",
        facts=lambda: [one.facts() for one in found],
    )


@_alerts.command()
@list_command(SENT_COLUMNS)
def sent(listing: Listing, limit: LimitOption = 50) -> None:
    """Mails and calls of the webhook with alerts, the newest first: sent, waiting, or given up, and why.

    Example:

        csire-bridge alerts sent
    """
    from csire_bridge.cli.system.alert_lines import sent_facts, sent_line

    with listing.reading() as tx:
        found = tx.notifications.last(limit)
    listing.show_lines(
        SENT_COLUMNS,
        found,
        lambda one: [sent_line(one)],
        title="Mails and calls with alerts",
        nothing="nothing was to be sent",
        facts=lambda: [sent_facts(one) for one in found],
    )


@_alerts.command()
def test(
    route: Annotated[str, typer.Option(help="The route's name, as in the settings.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Send a trial to a route now, by each of its channels; it says that it is one. Needs no database.

    Example:

        csire-bridge alerts test --route duty --config config.toml
    """
    from csire_bridge.worker.notifications.trial import send_trial

    tried = send_trial(load_settings(config).alerts, route, system_clock())
    if as_json:
        print_json([{"channel": channel, "error": error and str(error)} for channel, error in tried])
    for channel, error in tried if not as_json else ():
        out.print(f"{channel}: {error or 'sent'}", markup=False, highlight=False)
    if any(error for _, error in tried):
        raise typer.Exit(ExitCode.OUR_FAILURE)
