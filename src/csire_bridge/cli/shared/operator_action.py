"""Shared by commands that change something: who and why, the open database, the moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from csire_bridge.cli.shared.arguments import parse_as, parse_words
from csire_bridge.cli.shared.console import err, out, print_json
from csire_bridge.cli.shared.opened import opened
from csire_bridge.cli.shared.refused_acts import begin_act
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings
    from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = [
    "act_of",
    "changing",
    "opened",
    "parse_point",
    "parse_reason",
    "read_transaction",
    "reading",
    "tell",
]

_LONGEST = 1000


@contextmanager
def changing(config: Path | None, database: str | None) -> Iterator[UnitOfWork]:
    """One transaction in the database that is named, or that of the settings."""
    with opened(load_settings(config, database=database)) as store, store.transaction() as tx:
        yield tx


@contextmanager
def read_transaction(config: Path | None, database: str | None) -> Iterator[UnitOfWork]:
    """The same, for reading only."""
    with opened(load_settings(config, database=database), reads=True) as store, store.read_transaction() as tx:
        yield tx


def act_of(
    settings: Settings, by: str | None, why: str | None, *, needs_why: bool = True, needs_name: bool = True
) -> OperatorAction:
    """The operator action: who, why, and now. Who it is, the settings say (``who``).

    Exit code 2 with a sentence if one of them is missing; ActionRefused where a login is needed.
    """
    from csire_bridge.cli.shared.who import actor_who_changes

    words = parse_reason(why) if why is not None else None
    name = None if by is None else parse_words(by, "--by")
    begin_act(settings, name, words)
    actor = actor_who_changes(settings, name, name_needed=needs_name)
    if words is None and needs_why:
        raise typer.BadParameter("--why is missing: whoever changes something says who and why")
    return OperatorAction.of(actor, system_clock(), words, settings.jobs.rules())


def parse_reason(why: str, option: str = "--why") -> str:
    """The words of a reason, or a sentence and exit code 2."""
    return parse_words(why, option, longest=_LONGEST)


@contextmanager
def reading(settings: Settings, what: Act, subject: str, after: object = None) -> Iterator[UnitOfWork]:
    """A transaction for reading personal data; that somebody reads it is written into the audit first.

    A database that takes no writes is read all the same, and the person is told that no entry was made. Raises
    NotAllowed for somebody who may not.
    """
    from csire_bridge.cli.shared.who import actor_who_reads

    with opened(settings, reads=True) as store:
        actor = actor_who_reads(settings, store)
        if store.takes_writes:
            with store.transaction() as tx:
                note(tx, actor, what, subject, system_clock(), after=after)
        else:
            err.print("the database takes no writes: this reading is not in the audit", style="yellow")
        with store.read_transaction() as tx:
            yield tx


def parse_point(text: str) -> MeteringPointCode:
    """The code, or a sentence and exit code 2."""
    return parse_as(MeteringPointCode.parse, text)


def tell(json_wanted: bool, facts: Mapping[str, Any], *lines: str) -> None:
    """What was changed: as JSON for a program, else as lines."""
    if json_wanted:
        print_json(facts)
        return
    for line in lines:
        out.print(line, markup=False, highlight=False)
