"""``csire-bridge partner ping``: tests the connection to a partner step by step, with a remedy for a failure."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.shared.arguments import SomeEicArgument, parse_eic
from csire_bridge.cli.shared.console import ConfigOption, ExitCode, JsonOption, out, print_json
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import Eic
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.channels.hub.profile import HubProfile
    from csire_bridge.config.settings import Settings

if TYPE_CHECKING:  # zeep and TLS are loaded when a partner is really called
    from csire_bridge.channels.hub.probe.probe import ProbeStep
    from csire_bridge.channels.transport.outbound.zeep_wss import WsSecurityPlugin

__all__ = ["ping"]


def ping(
    eic: SomeEicArgument = None,
    hub: Annotated[bool, typer.Option("--hub", help="The hub of the settings.")] = False,
    url: Annotated[str | None, typer.Option("--url", help="Another address than that of the settings.")] = None,
    peek: Annotated[
        bool, typer.Option("--peek", help="Also look at the head of our queue at the hub; it stays there.")
    ] = False,
    json_wanted: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Test the connection to a partner: name, connection, TLS, certificate, HTTP, and a peek if you allow it.

    No business document is ever sent. Exit code 1 when a step fails.

    Example:

        csire-bridge partner ping --hub --config bridge.toml
    """
    from csire_bridge.channels.hub.probe.probe import ProbeTarget, try_door
    from csire_bridge.service.wiring.settings_to_values import hub_profile

    settings = load_settings(config)
    profile = hub_profile(settings, _address(settings, parse_eic(eic) if eic else None, hub, url))
    steps = []
    for step in try_door(ProbeTarget(profile, _peeking(settings, profile) if peek else None), system_clock()):
        steps.append(step)
        if not json_wanted:
            _show(step)
    if json_wanted:
        print_json([asdict(step) for step in steps])
    if not steps[-1].ok:
        raise typer.Exit(ExitCode.BAD_INPUT)


def _show(step: ProbeStep) -> None:
    text = f"{step.name:<12} {'ok' if step.ok else 'FAILS':<6} {step.text}"
    out.print(text + (f" -> {step.remedy}" if step.remedy else ""), markup=False, highlight=False)


def _address(settings: Settings, eic: Eic | None, hub: bool, url: str | None) -> str:
    if (eic is None) != hub:
        raise typer.BadParameter("name either an EIC code or --hub")
    if eic is not None and eic != settings.hub_eic and url is None:
        raise ConfigurationError(
            f"no address of {eic} is known: only the hub is called, other partners call us",
            "give the address with --url, or use --hub",
        )
    address = url or settings.hub.url
    if address is None:
        raise ConfigurationError("the hub's address is not set", "set url under [hub], or give it with --url")
    return address


def _peeking(settings: Settings, profile: HubProfile) -> Callable[[], str]:
    """Describes what a peek has found, never its content."""
    from csire_bridge.channels.hub.client import HubClient
    from csire_bridge.channels.hub.profile import HubSecurity

    plugin = _plugin(settings) if profile.security is HubSecurity.WSS else None

    def look() -> str:
        with closing(HubClient(profile, plugin)) as client:
            head = client.peek()
        if head is None:
            return "the hub answers, our queue is empty"
        return f"the hub answers, a message waits ({head.reference or 'without a reference'}); it was left there"

    return look


def _plugin(settings: Settings) -> WsSecurityPlugin:
    from csire_bridge.channels.transport.outbound.zeep_wss import WsSecurityPlugin
    from csire_bridge.service.wiring.identity import partner_book, signing_keys
    from csire_bridge.store.database import Database

    key = signing_keys(settings)
    with closing(Database(settings.database)) as store:
        store.require_current()
        book = partner_book(settings, store)
    return WsSecurityPlugin(key, lambda: book.of_the_hub, system_clock)
