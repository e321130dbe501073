"""An act that is refused to whoever gives a command stands in the audit, as those of the API and the pages do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

# Typer carries a click of its own and has no public names for these.
from typer._click.globals import get_current_context
from typer.core import TyperArgument

from csire_bridge.cli.shared.console import err
from csire_bridge.domain.errors import ActionRefused, BridgeError
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from typer import _click as click

    from csire_bridge.config.settings import Settings
    from csire_bridge.domain.people.actor import Actor

__all__ = ["ActUnderWay", "begin_act", "note_refused"]

_UNDER_WAY = "csire_bridge.act_under_way"


@dataclass(frozen=True, slots=True)
class ActUnderWay:
    """What is being tried, by the name of --by if one was given, and why."""

    settings: Settings
    what: str
    by: str | None
    why: str | None


def begin_act(settings: Settings, by: str | None, why: str | None) -> None:
    """From here on the command is an act: if it is refused, ``note_refused`` writes that down."""
    context = get_current_context(silent=True)
    if context is not None:
        context.meta[_UNDER_WAY] = ActUnderWay(settings, _words(context), by, why)


def _words(context: click.Context) -> str:
    """The command with its arguments, without the options."""
    given = [context.params.get(one.name or "") for one in context.command.params if isinstance(one, TyperArgument)]
    return " ".join([context.command_path.partition(" ")[2], *(word for one in given for word in _each(one))])


def _each(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return [] if value is None else [str(value)]


def note_refused(meta: dict[str, Any], error: ActionRefused) -> None:
    """Write into the audit that the act under way was refused; nothing for a command that is none.

    Where that can't be written, the person is told so: the refusal itself is more important to him.
    """
    tried = meta.get(_UNDER_WAY)
    if not isinstance(tried, ActUnderWay):
        return
    try:
        _write(tried, error)
    except BridgeError as failed:
        err.print(f"this refusal is not in the audit: {failed}", style="yellow", markup=False, highlight=False)


def _write(tried: ActUnderWay, error: ActionRefused) -> None:
    from csire_bridge.cli.shared.opened import opened
    from csire_bridge.pipeline.operator.refusals import note_refusal

    actor = _who(tried)
    with opened(tried.settings) as store:
        note_refusal(store, actor, tried.what, system_clock(), tried.why, error)


def _who(tried: ActUnderWay) -> Actor:
    """Whoever has tried: the name that was given where names count, the login, else the system's user."""
    from csire_bridge.cli.shared.who import actor_who_changes, system_user

    for name in (tried.by, None):
        try:
            return actor_who_changes(tried.settings, name, name_needed=False)
        except ActionRefused:
            continue
    return system_user()
