"""``csire-bridge evidence``: everything stored about one message, as an archive whose hashes can be checked."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csire_bridge.cli.shared.console import ConfigOption, DatabaseOption, ExitCode, err, out
from csire_bridge.cli.shared.operator_action import reading
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.words import counted
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings

__all__ = ["add_to"]

_MANIFEST = "manifest.json"


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
    from csire_bridge.cli.messages.evidence_page import STYLE, page, style
    from csire_bridge.store.queries.evidence import exhibits

    subject, now = f"order {wanted}" if isinstance(wanted, int) else f"message {wanted}", system_clock()
    with reading(settings, Act.EVIDENCE_EXPORT, subject) as tx:
        shown = list(exhibits(tx.connection, wanted))
    if not shown:
        raise ConfigurationError(f"no {subject} is in the journal", "look it up, or name another database")
    files = {name: _bytes(content) for name, content in shown}
    _compare_with_stored(files)
    files |= {"summary.html": page(subject, now, shown, _hashes(files)), STYLE: style()}
    manifest = {"subject": subject, "exported_at": now.isoformat(timespec="seconds"), "sha256": _hashes(files)}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_MANIFEST, _bytes(manifest))
        for name, content in files.items():
            archive.writestr(name, content)
    out.print(f"{counted(len(files), 'file')} in {target}; their hashes hold", highlight=False)
    for name, content in files.items():
        if name.endswith("-archived.txt"):
            out.print(f"{name}: {content.decode().splitlines()[0]}", highlight=False, soft_wrap=True)


def _hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def _bytes(content: bytes | dict[str, Any] | list[dict[str, Any]]) -> bytes:
    if isinstance(content, bytes):
        return content
    return json.dumps(content, indent=2, ensure_ascii=False, default=str).encode("utf-8")


def _compare_with_stored(files: dict[str, bytes]) -> None:
    """Check that the bytes of messages and answers have the hash that was stored with them."""
    for name, content in files.items():
        facts = f"{name.removesuffix('.xml')}.json"
        if name.endswith(".xml") and facts in files:
            stored = json.loads(files[facts]).get("sha256")
            if stored is not None and stored != hashlib.sha256(content).hexdigest():
                raise typer.Exit(_broken(f"{name} is not what was stored: its hash has changed"))


def _check(file: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            hashes: dict[str, str] = json.loads(archive.read(_MANIFEST))["sha256"]
            names = set(archive.namelist()) - {_MANIFEST}
            files = {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise typer.Exit(_broken(f"{file} is no evidence of ours: {error}")) from error
    wrong = [name for name in sorted(names | set(hashes)) if _hash(files.get(name)) != hashes.get(name)]
    if wrong:
        raise typer.Exit(_broken(f"these files were changed, added or taken away: {', '.join(wrong)}"))
    _compare_with_stored(files)
    out.print(f"{counted(len(files), 'file')}; all hashes hold", highlight=False)


def _hash(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def _broken(sentence: str) -> ExitCode:
    err.print(sentence, style="red", markup=False, highlight=False)
    return ExitCode.BAD_INPUT
