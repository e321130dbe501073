"""``csire-bridge retention``: moves records that ended long ago from the database into an archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.shared.arguments import OptionalByOption
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption, out, print_json, with_progress
from csire_bridge.cli.shared.operator_action import act_of, opened
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings
    from csire_bridge.domain.people.actor import Actor
    from csire_bridge.store.database import Database
    from csire_bridge.worker.audit_retention import AuditRetention
    from csire_bridge.worker.retention_job import Retention

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(retention)


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be deleted.")] = False,
    archive: Annotated[
        Path | None, typer.Option("--archive", help="The folder for archives, instead of that of the settings.")
    ] = None,
    by: OptionalByOption = None,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Archive and delete records that are older than the settings allow; the service does the same each night.

    Only ended records are deleted: nothing that is open, parked or contested, and no answer that the hub has not
    confirmed. Ids stay, so nothing is accepted twice. If it is interrupted, the next run continues.

    Examples:

        csire-bridge retention --config config.toml --dry-run

        csire-bridge evidence --check archive/retention-20261123T013000000000Z-messages.zip
    """
    where = {"archive": archive} if archive else None
    settings = load_settings(config, database=database, retention=where)
    with opened(settings) as store:
        worker, audit = _worker(settings, store), _audit(settings, store)
        if dry_run:
            _tell_plan(worker, audit, json_wanted)
        else:
            act = act_of(settings, by, None, needs_why=False, needs_name=False)
            with store.transaction() as tx:
                note(tx, act.who, Act.RETENTION_RUN, "database", act.at, after=settings.retention.model_dump())
            _run(worker, audit, act.who, json_wanted)


def _worker(settings: Settings, store: Database) -> Retention:
    from csire_bridge.worker.retention_job import Retention

    rules, folder = settings.retention.as_rules(), settings.retention.archive
    if not (rules.any or settings.retention.audit_days) or folder is None:
        raise ConfigurationError(
            "no days are set under [retention], so everything stays for ever",
            "set accepted_days, refused_days, duplicate_days, orders_days, events_days, jobs_days or audit_days",
        )
    return Retention(store, system_clock, rules, folder, settings.retention.batch)


def _audit(settings: Settings, store: Database) -> AuditRetention | None:
    from csire_bridge.worker.audit_retention import AuditRetention

    days, folder = settings.retention.audit_days, settings.retention.archive
    return AuditRetention(store, system_clock, days, folder) if days and folder else None


def _tell_plan(worker: Retention, audit: AuditRetention | None, json_wanted: bool) -> None:
    counts: dict[str, int] = {str(kind): count for kind, count in worker.plan().items()}
    if audit is not None:
        counts["entries of the audit"] = audit.due()
    if json_wanted:
        print_json(counts)
        return
    out.print(", ".join(f"{count} {kind}" for kind, count in counts.items()) + " would go")
    out.print("(orders are counted once their messages have gone)")


def _run(worker: Retention, audit: AuditRetention | None, by: Actor, json_wanted: bool) -> None:
    done = []
    for retired in with_progress(worker.run(by=by), "archives"):
        done.append({"archive": str(retired.archive), "kind": retired.kind, "count": retired.count})
        if not json_wanted:
            out.print(f"{retired.count} {retired.kind}: {retired.archive}", highlight=False, soft_wrap=True)
    if audit is not None and (taken := audit.run(by)):
        done.append({"archive": str(taken[0]), "kind": "audit", "count": taken[1]})
        if not json_wanted:
            out.print(f"{taken[1]} entries of the audit: {taken[0]}", highlight=False, soft_wrap=True)
    if json_wanted:
        print_json(done)
    elif not done:
        out.print("nothing is due")
