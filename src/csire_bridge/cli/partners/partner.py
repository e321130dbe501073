"""``csire-bridge partner``: who may send us messages, with which certificates, and whether these are valid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.partners import ping
from csire_bridge.cli.partners.tables import PARTNER_COLUMNS, listed
from csire_bridge.cli.shared.arguments import (
    AsTheHubOption,
    EicArgument,
    NumberOption,
    OptionalByOption,
    ProfileChoice,
    ReasonOption,
    SomeEicArgument,
    parse_eic,
    parse_numbers,
    parse_widened,
    parse_words,
)
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, ExitCode, JsonOption, err, out, print_json
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.operator_action import act_of, opened, parse_reason
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.message.partner_entries import PartnerEntry
from csire_bridge.domain.message.partners import PartnerRole, SecurityProfile
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings
    from csire_bridge.worker.partners.facts import SeenPartners

__all__ = ["add_to"]

_partner = typer.Typer(help="Partners and their certificates.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_partner, name="partner")


@_partner.callback()
def group() -> None:
    """Partners and their certificates: those of the settings file and of the database's registry."""


def _look(settings: Settings) -> SeenPartners:
    from csire_bridge.worker.partners.facts import see_partners

    with opened(settings, reads=True) as store, store.reading() as connection:
        return see_partners(settings, connection, system_clock())


@_partner.command("list")
@list_command(PARTNER_COLUMNS)
def show(listing: Listing) -> None:
    """Every partner with its certificates, their validity, and where they come from.

    Example:

        csire-bridge partner list --config bridge.toml
    """
    seen = _look(listing.settings())
    listing.show(
        PARTNER_COLUMNS,
        listed(seen.roster, seen.now, seen.revoked),
        title="Partners",
        nothing="no partner is known",
        facts=seen.facts,
    )
    for alert in seen.revocations.alerts(seen.now):
        err.print(str(alert), style="yellow", markup=False, highlight=False)


@_partner.command()
def check(
    eic: SomeEicArgument = None,
    database: DatabaseOption = None,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Look for certificates that are expired, about to expire (60 days), revoked, weak or shared. Exit code 1 if any.

    Example:

        csire-bridge partner check --config bridge.toml
    """
    from csire_bridge.worker.partners.facts import finding_facts

    seen, only = _look(load_settings(config, database=database)), parse_eic(eic) if eic else None
    if only is not None and only not in seen.roster.partners:
        raise typer.BadParameter(f"{only} is no partner of ours")
    found = seen.findings(only)
    if json_wanted:
        print_json([finding_facts(finding) for finding in found])
    for finding in () if json_wanted else found:
        out.print(f"{finding.code}: {finding.text} -> {finding.remedy}", markup=False, highlight=False)
    if found:
        raise typer.Exit(ExitCode.BAD_INPUT)
    if not json_wanted:
        out.print("nothing is wrong")


@_partner.command()
def add(
    eic: EicArgument,
    by: OptionalByOption = None,
    certificate: Annotated[
        list[Path] | None,
        typer.Option("--certificate", help="PEM file; may be given more than once.", exists=True, dir_okay=False),
    ] = None,
    role: Annotated[PartnerRole | None, typer.Option(help="Its role in the market.")] = None,
    profile: Annotated[ProfileChoice | None, typer.Option(help="How it signs.")] = None,
    number: NumberOption = None,
    may_send_as_the_hub: AsTheHubOption = None,
    user: Annotated[
        str | None, typer.Option(help="The name that it sends (organisationUser); nothing depends on it.")
    ] = None,
    per_minute: Annotated[int | None, typer.Option(min=1, help="Messages that it may send per minute.")] = None,
    at_once: Annotated[int | None, typer.Option(min=1, help="Requests that it may have open at once.")] = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Enter a partner, add a certificate of a known one (roll-over), or change the given values.

    Example:

        csire-bridge partner add 10XPL-TSO------P --certificate hub-2027.pem --by "Anna Nowak"
    """
    from csire_bridge.worker.partners.entry import enter_by_hand
    from csire_bridge.worker.partners.roster import FilePartners

    known, settings = parse_eic(eic), load_settings(config, database=database)
    act = act_of(settings, by, None, needs_why=False)
    entry = PartnerEntry(
        eic=known,
        entered_at=act.at,
        entered_by=act.by,
        role=role,
        profile=SecurityProfile(profile.value) if profile else None,
        numbers=parse_numbers(number),
        user=parse_words(user, "--user") if user is not None else None,
        per_minute=per_minute,
        at_once=at_once,
        may_send_as_the_hub=parse_widened(may_send_as_the_hub),
    )
    file = FilePartners.load(settings)
    with opened(settings) as store, store.transaction() as tx:
        done = enter_by_hand(tx, file, entry, certificate or [], act)
    for line in done:
        out.print(line, highlight=False)
    out.print(_soon())


@_partner.command()
def withdraw(
    eic: EicArgument,
    fingerprint: Annotated[str, typer.Option(help="SHA-256 of the certificate, or 8 and more of its first digits.")],
    reason: ReasonOption,
    by: OptionalByOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Withdraw a certificate: it is not trusted any more, even if the settings file names it, nor entered again.

    Example:

        csire-bridge partner withdraw 10XPL-TSO------P --fingerprint 3fa94c1e --by "Anna Nowak" --reason "key lost"
    """
    from csire_bridge.worker.partners.entry import withdraw_by_hand
    from csire_bridge.worker.partners.roster import FilePartners

    known, why, settings = parse_eic(eic), parse_reason(reason, "--reason"), load_settings(config, database=database)
    act = act_of(settings, by, why)
    file = FilePartners.load(settings)
    with opened(settings) as store, store.transaction() as tx:
        whole = withdraw_by_hand(tx, file, known, fingerprint, act)
    out.print(f"{known}: certificate {whole} is trusted no longer; {_soon()}", highlight=False)


_partner.command()(ping.ping)


def _soon() -> str:
    from csire_bridge.worker.partners.current import LOOK_AGAIN_SECONDS

    return f"a running bridge sees it within {LOOK_AGAIN_SECONDS:g} seconds"
