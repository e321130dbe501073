"""``csire-bridge alerts``: what needs a person now, who takes care of it, and whether it can be sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, ExitCode, JsonOption, out, print_json
from csire_bridge.cli.shared.moments import MOMENT_HELP, local, parse_moment
from csire_bridge.cli.shared.operator_action import opened, read_transaction
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.runtime.steady_clock import system_clock

__all__ = ["add_to"]

_alerts = typer.Typer(
    help="Conditions that hold now: what waits for a person, for a release or for a partner, and since when.",
    invoke_without_command=True,
)
KindArgument = Annotated[AlertKind, typer.Argument(metavar="KIND", help="As shown by `alerts`.", show_default=False)]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many, the newest.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_alerts, name="alerts")


@_alerts.callback()
def alerts(
    context: typer.Context,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Conditions that hold now: what waits for a person, for a release or for a partner, and since when.

    The exit code is 1 while one of them needs a person, and 0 when nobody has to look: all are acknowledged, or there
    is none. 2 is wrong use or wrong settings, 3 means that it could not be found out.

    Examples:

        csire-bridge alerts --database sqlite:///demo-out/csire-bridge.db

        csire-bridge alerts || echo "somebody has to look"
    """
    if context.invoked_subcommand is None:
        _list(database, as_json, config)


def _list(database: str | None, as_json: bool, config: Path | None) -> None:
    from csire_bridge.cli.system.alert_lines import alert_line
    from csire_bridge.service.wiring.alerts_now import alerts_now

    settings, now = load_settings(config, database=database), system_clock()
    with opened(settings, reads=True) as store:
        found = alerts_now(settings, store, now)
    if as_json:
        print_json([one.facts(now) for one in found])
    for one in found if not as_json else ():
        out.print(alert_line(one, now), markup=False, highlight=False)
    if not found and not as_json:
        out.print("nothing needs a person")
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
def history(
    limit: LimitOption = 50, database: DatabaseOption = None, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Alerts that were opened, the newest first: from when to when, and who has acknowledged them.

    Example:

        csire-bridge alerts history --limit 20
    """
    from csire_bridge.cli.system.alert_lines import past_lines
    from csire_bridge.store.queries.alerts.alert_list import alert_history

    with read_transaction(config, database) as tx:
        found = alert_history(tx.connection, limit)
    if as_json:
        print_json([one.facts() for one in found])
        return
    for line in [line for one in found for line in past_lines(one)] or ["no alert was opened"]:
        out.print(line, markup=False, highlight=False)


@_alerts.command()
def sent(
    limit: LimitOption = 50, database: DatabaseOption = None, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Mails and calls of the webhook with alerts, the newest first: sent, waiting, or given up, and why.

    Example:

        csire-bridge alerts sent
    """
    from csire_bridge.cli.system.alert_lines import sent_facts, sent_line

    with read_transaction(config, database) as tx:
        found = tx.notifications.last(limit)
    if as_json:
        print_json([sent_facts(one) for one in found])
        return
    for line in [sent_line(one) for one in found] or ["nothing was to be sent"]:
        out.print(line, markup=False, highlight=False)


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
