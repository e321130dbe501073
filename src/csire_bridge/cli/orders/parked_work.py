"""``csire-bridge work``: parked work, which failed and waits for a person, and its release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from csire_bridge.cli.shared.console import duration
from csire_bridge.cli.shared.list_command import Listing, list_command
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.cli.shared.table import Column
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.work import ParkedWork, WorkStep
from csire_bridge.pipeline.operator.orders.release_work import release as release_pieces
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.sql.row_mapper import to_row

__all__ = ["add_to"]

_work = typer.Typer(help="Parked work: it failed and waits for a person.", no_args_is_help=True)
StepOption = Annotated[WorkStep | None, typer.Option("--step", help="Only of this step.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_work, name="work")


@_work.callback()
def group() -> None:
    """Parked work, which failed: correct the cause first, then release the work."""


PARKED_COLUMNS: Sequence[Column[ParkedWork]] = (
    Column("key", lambda piece: piece.key),
    Column("step", lambda piece: piece.step),
    Column("of", lambda piece: piece.subject),
    Column("due", lambda piece: piece.due_at, goes=1),
    Column("age", lambda piece: duration((system_clock() - piece.due_at).total_seconds())),
    Column("tries", lambda piece: piece.attempts, goes=2, right=True),
    Column("reason", lambda piece: piece.last_error, words=True),
)


@_work.command("list")
@list_command(PARKED_COLUMNS)
def show(listing: Listing, step: StepOption = None) -> None:
    """Every parked piece of work: reason, age, attempts; the oldest first.

    Example:

        csire-bridge work list --step deliver
    """
    now = system_clock()
    with listing.reading() as tx:
        found = tx.work.parked(step)
    ages = [{"age_seconds": int((now - piece.due_at).total_seconds())} for piece in found]
    listing.show(
        PARKED_COLUMNS,
        found,
        title="Parked work",
        nothing="no work is parked",
        facts=lambda: [to_row(piece) | age for piece, age in zip(found, ages, strict=True)],
    )


@_work.command("release")
@operator_command()
def release(
    operator: Operator,
    key: Annotated[int | None, typer.Argument(metavar="[KEY]", help="Its key, as shown by `list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every piece, or every one of --step.")] = False,
    step: StepOption = None,
) -> None:
    """Release parked work, so that it continues. Work that still fails is parked again.

    Examples:

        csire-bridge work release 12 --by "Anna Nowak" --why "the mapping file was corrected"

        csire-bridge work release --all --step deliver --by "Anna Nowak" --why "the hub takes messages again"
    """
    act = operator.action()
    if (key is None) is not everything:
        raise typer.BadParameter("give one KEY, or --all")
    with operator.changing() as tx:
        found = [piece for piece in tx.work.parked(step) if everything or piece.key == key]
        if key is not None and not found:
            raise ActionRefused(f"no parked work has the key {key}", "look its key up with `work list`")
        release_pieces(tx, found, act)
    lines = [f"{piece.step} of {piece.subject} goes on; it had failed: {piece.last_error}" for piece in found]
    released = [to_row(piece) for piece in found]
    operator.tell({"released": released, "by": act.by, "why": act.why}, *lines or ["no work is parked"])
