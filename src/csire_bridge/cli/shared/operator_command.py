"""Commands by which a named person changes something: the options that all of them have are said once, here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec

import typer

from csire_bridge.cli.shared.added_options import with_options
from csire_bridge.cli.shared.arguments import OptionalByOption
from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, JsonOption
from csire_bridge.cli.shared.operator_action import act_of, changing, tell
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.operations.operator_action import OperatorAction

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings
    from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["Operator", "operator_command"]

WhyOption = Annotated[str | None, typer.Option("--why", help="Why; it is kept.", show_default=False)]
OptionalWhyOption = Annotated[str | None, typer.Option("--why", help="Why; it is kept. May be left out.")]
_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class Operator:
    """Who gives the command and why, on which database, and how it is answered."""

    by: str | None
    why: str | None
    database: str | None
    json_wanted: bool
    config: Path | None
    needs_why: bool

    def action(self) -> OperatorAction:
        """Who and why, now; exit code 2 with a sentence where one of them is missing.

        Raises ActionRefused where a login is needed.
        """
        return act_of(self.settings(), self.by, self.why, needs_why=self.needs_why)

    def settings(self) -> Settings:
        """The settings that hold, with the database that is named."""
        return load_settings(self.config, database=self.database)

    @contextmanager
    def changing(self) -> Iterator[UnitOfWork]:
        """One transaction in the database."""
        with changing(self.config, self.database) as tx:
            yield tx

    def tell(self, facts: Mapping[str, Any], *lines: str) -> None:
        """What was changed: as JSON for a program, else as lines."""
        tell(self.json_wanted, facts, *lines)


def operator_command(
    *, needs_why: bool = True
) -> Callable[[Callable[Concatenate[Operator, _P], None]], Callable[..., None]]:
    """Give a command ``--by``, ``--why``, ``--database``, ``--json`` and ``--config``; it gets them as an Operator."""
    who: dict[str, Any] = {"by": OptionalByOption, "why": WhyOption if needs_why else OptionalWhyOption}
    where: dict[str, Any] = {"database": DatabaseOption, "json_wanted": JsonOption, "config": ConfigOption}

    def decorate(command: Callable[Concatenate[Operator, _P], None]) -> Callable[..., None]:
        return with_options(command, lambda common, _: Operator(**common, needs_why=needs_why), who, where)

    return decorate
