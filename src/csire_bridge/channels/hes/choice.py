"""Which head-end system a meter has: by a list of meters, by the beginning of its number, else the first one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from csire_bridge.channels.hes.client import HeadEndConnector
from csire_bridge.channels.hes.profile import HeadEndProfile
from csire_bridge.channels.hes.router import HeadEndRouter
from csire_bridge.config.sections.peers.head_end import FIRST_SYSTEM, HeadEndSettings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import MeterNumber

__all__ = ["chooser_of", "head_end_of", "profiles_of"]


def profiles_of(settings: HeadEndSettings, reply_address: str = "") -> dict[str, HeadEndProfile]:
    """The profile of each system, the first one first; raises ConfigurationError.

    A system that is told no address for its events gets the first one's, with its own name behind it.
    """
    first = HeadEndProfile.of(settings, reply_address)
    found = {FIRST_SYSTEM: first}
    for one in settings.system:
        own = settings.of_system(one)
        found[one.name] = HeadEndProfile.of(own, one.reply_address or _below(reply_address, one.name), one.name)
    return found


def _below(address: str, name: str) -> str:
    path, mark, query = address.partition("?")
    return f"{path.rstrip('/')}/{name}{mark}{query}" if address else ""


def head_end_of(
    profiles: Mapping[str, HeadEndProfile],
    system_of: Callable[[MeterNumber], str],
    connect: Callable[[HeadEndProfile], HeadEndConnector],
) -> HeadEndConnector | HeadEndRouter:
    """What calls the systems: the only one itself, or a router."""
    connectors = {name: connect(profile) for name, profile in profiles.items()}
    return HeadEndRouter(connectors, system_of) if len(connectors) > 1 else connectors[FIRST_SYSTEM]


def chooser_of(settings: HeadEndSettings) -> Callable[[MeterNumber], str]:
    """Gives the name of a meter's system; raises ConfigurationError for lists that can't be read, or contradict."""
    listed: dict[str, str] = {}
    for one in settings.system:
        for meter in _listed(one.meter_list) if one.meter_list else ():
            if (other := listed.setdefault(meter.value, one.name)) != one.name:
                raise ConfigurationError(
                    f"setting head_end.system: meter {meter} is in the lists of {other} and of {one.name}",
                    "name each meter in one list",
                )
    begins = sorted(
        ((begin.casefold(), one.name) for one in settings.system for begin in one.meters), key=lambda b: -len(b[0])
    )
    if not listed and not begins:
        return lambda _meter: FIRST_SYSTEM

    def system_of(meter: MeterNumber) -> str:
        value = meter.value
        if value in listed:
            return listed[value]
        return next((name for begin, name in begins if value.startswith(begin)), FIRST_SYSTEM)

    return system_of


def _listed(file: Path) -> Iterator[MeterNumber]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"setting head_end.system: the list of meters {file} can't be read: {error}",
            "name a text file with a meter number in each line",
        ) from error
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            yield MeterNumber.parse(text)
        except ValueError as error:
            raise ConfigurationError(f"{file}, line {number}: {error}", "write a meter number in each line") from error
