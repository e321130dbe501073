"""``csire-bridge alerts``: what needs a person now."""

from __future__ import annotations

from datetime import timedelta

import typer

from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, out, print_json
from csire_bridge.cli.shared.operator_action import opened
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.runtime.steady_clock import system_clock

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(alerts)


def alerts(database: DatabaseOption = None, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Conditions that hold now: what waits for a person, for a release or for a partner, and since when.

    Example:

        csire-bridge alerts --database sqlite:///demo-out/csire-bridge.db
    """
    from csire_bridge.domain.law.alerts import law_alerts
    from csire_bridge.service.wiring.settings_to_values import law_policy
    from csire_bridge.store.queries.alert_conditions import open_alerts, standing
    from csire_bridge.worker.certificate_job import certificates_of
    from csire_bridge.worker.database_log_job import log_alerts

    settings = load_settings(config, database=database)
    limits, now = settings.limits, system_clock()
    wait, patience = timedelta(seconds=limits.result_wait_seconds), timedelta(seconds=limits.partner_wait_seconds)
    with opened(settings, reads=True) as store, store.reading() as connection:
        found = [
            *standing(connection, now, wait, timedelta(days=1), patience),
            *law_alerts(law_policy(settings)),
            *certificates_of(settings, connection).alerts(now),
            *log_alerts(store),
        ]
        told = open_alerts(connection)
    if as_json:
        print_json(
            [
                {
                    "kind": a.kind,
                    "subject": a.subject,
                    "count": a.count,
                    "oldest": a.oldest,
                    "text": a.text(now),
                    "told_at": told.get(a.kind),
                }
                for a in found
            ]
        )
        return
    for alert in found:
        out.print(f"[bold]{alert.kind}[/]: {alert.text(now)}", highlight=False)
    if not found:
        out.print("nothing needs a person")
