"""Tries a dialect's file on a sample of a head-end system's message; a part of ``csire-bridge mapping try``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from csire_bridge.cli.shared.console import ExitCode, out, print_json
from csire_bridge.domain.errors import ConfigurationError, PartnerFault

if TYPE_CHECKING:
    from csire_bridge.channels.hes.profile import HeadEndProfile
    from csire_bridge.channels.hes.reply_reader import Reply
    from csire_bridge.config.sections.peers.head_end import HeadEndSettings
    from csire_bridge.domain.meter.contactor import HeadEndEvent

__all__ = ["is_dialect", "try_dialect"]

_DIALECT = re.compile(r"^dialect\s*:", re.MULTILINE)
_Found = list[tuple[str, dict[str, object]]]


def is_dialect(file: Path) -> bool:
    """Whether the file describes a dialect, and no message of the hub."""
    return bool(_DIALECT.search(file.read_text(encoding="utf-8", errors="replace")))


def try_dialect(file: Path, message: Path, settings: HeadEndSettings, *, as_json: bool) -> None:
    """Show what a dialect reads from a reply, or from a message with events; exits with what is wrong with it."""
    from csire_bridge.channels.hes.profile import HeadEndProfile
    from csire_bridge.config.sections.peers.head_end import DialectSettings

    own = DialectSettings(name="tried", file=file)
    profile = HeadEndProfile.of(settings.model_copy(update={"speaks": "tried", "dialect": (own,)}))
    try:
        found = _read(message.read_bytes(), profile)
    except OSError as error:
        raise ConfigurationError(f"{message} can't be read: {error.strerror}", "name a message file") from error
    except PartnerFault as fault:
        for problem in fault.problems:
            out.print(escape(f"{message}: {problem}"), highlight=False)
        raise typer.Exit(ExitCode.BAD_INPUT) from fault
    if as_json:
        print_json([{"is": what, **values} for what, values in found])
        return
    for what, values in found:
        out.print(escape(what), style="bold", highlight=False)
        for name, value in values.items():
            out.print(escape(f"    {name} = {'not told' if value in (None, '') else value}"), highlight=False)


def _read(raw: bytes, profile: HeadEndProfile) -> _Found:
    from csire_bridge.channels.hes.contract import read_message
    from csire_bridge.channels.hes.event_reader import MAX_EVENT_BYTES, read_events
    from csire_bridge.channels.hes.reply_reader import reply_in
    from csire_bridge.runtime.steady_clock import system_clock

    root = read_message(raw, profile, MAX_EVENT_BYTES)
    is_reply = root.tag in profile.dialect.reply.roots
    found: _Found = [("a reply", _reply(reply_in(root, profile)))] if is_reply else []
    if not is_reply or profile.dialect.later is not None:
        kind = "the same at our endpoint for events" if is_reply else "an event"
        found += [(kind, _event(event)) for event in read_events(raw, profile, system_clock())]
    return found


def _reply(reply: Reply) -> dict[str, object]:
    spoken = reply.profile.dialect.reply
    blocks = {"contactor": spoken.contactor, "readings": spoken.readings, "calendars": spoken.calendars}
    parts = [name for name, part in blocks.items() if next(reply.blocks(part), None) is not None]
    return {
        "correlation": reply.correlation_id,
        "result": reply.result,
        "errors": "; ".join(map(str, reply.errors)),
        "written at": str(reply.told_at or ""),
        "has": ", ".join(parts),
        **dict(_values(reply)),
    }


def _values(reply: Reply) -> Iterator[tuple[str, object]]:
    """What is told of the contactor."""
    from csire_bridge.channels.hes.dialect.places import text_at

    part = reply.profile.dialect.reply.contactor
    for block in reply.blocks(part):
        for name, places in part.values.items() if part else ():
            yield f"contactor.{name}", text_at(block, places)


def _event(event: HeadEndEvent) -> dict[str, object]:
    return {
        "kind": event.kind.value,
        "code": event.code,
        "correlation": event.correlation_id,
        "meter": event.meter,
        "occurred at": str(event.occurred_at),
        "contactor": None if event.contactor is None else event.contactor.name.lower().replace("_", " "),
        "text": event.text,
        "for good": event.permanent,
    }
