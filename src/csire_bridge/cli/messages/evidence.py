"""``csire-bridge evidence``: everything stored about one message, as an archive whose hashes can be checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, ExitCode, err, out
from csire_bridge.cli.shared.operator_action import reading
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError, StoreFailure
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.words import counted
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evidence)


def evidence(
    what: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Id of the hub's message or our answer, or an order's key."),
    ] = None,
    target: Annotated[Path | None, typer.Option("--out", help="The archive to write (zip).", dir_okay=False)] = None,
    check: Annotated[
        Path | None, typer.Option("--check", help="Check the hashes of such an archive.", exists=True, dir_okay=False)
    ] = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Export every layer of a message - bytes received, receipt, order, events, answer, the hub's result - or check it.

    summary.html in the archive tells the story, to be read and printed.

    Hashes are taken from the bytes in the database at the moment of export; those of messages and answers are compared
    with the hashes that were stored when they were received and signed.

    Examples:

        csire-bridge evidence 825970f3-22cb-489c-ad3d-3d89cbba8f04 --out evidence.zip

        csire-bridge evidence 17 --out order-17.zip

        csire-bridge evidence --check evidence.zip
    """
    if check is not None:
        _check(check)
    elif what is None or target is None:
        raise typer.BadParameter("give an ID with --out ZIP, or --check ZIP")
    else:
        _export(_wanted(what), target, load_settings(config, database=database))


def _wanted(text: str) -> MessageId | int:
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        return MessageId.parse(text)
    except ValueError as error:
        raise ConfigurationError(str(error), "give the id of a message or an answer, or the key of an order") from error


def _export(wanted: MessageId | int, target: Path, settings: Settings) -> None:
    from csire_bridge.api.evidence.archive import evidence_of, subject_of

    with reading(settings, Act.EVIDENCE_EXPORT, subject_of(wanted)) as tx:
        try:
            found = evidence_of(tx.connection, wanted, system_clock())
        except StoreFailure as error:
            raise typer.Exit(_broken(error.text)) from error
    target.write_bytes(found.zip)
    out.print(f"{counted(found.files, 'file')} in {target}; their hashes hold", highlight=False)
    for remark in found.archived:
        out.print(remark, highlight=False, soft_wrap=True)


def _check(file: Path) -> None:
    from csire_bridge.api.evidence.archive import files_in

    try:
        out.print(f"{counted(files_in(file), 'file')}; all hashes hold", highlight=False)
    except StoreFailure as error:
        raise typer.Exit(_broken(error.text)) from error


def _broken(sentence: str) -> ExitCode:
    err.print(sentence, style="red", markup=False, highlight=False)
    return ExitCode.BAD_INPUT
