"""``csire-bridge standard``: what is loaded of the hub's standard, and what a new release of it changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.shared.console import (
    ConfigOption,
    ExitCode,
    JsonOption,
    MappingsOption,
    SchemasOption,
    out,
    print_json,
)
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.words import counted

if TYPE_CHECKING:
    from csire_bridge.xml.mapping.loader import LoadedFile
    from csire_bridge.xml.schema.catalogue import SchemaCatalogue
    from csire_bridge.xml.schema.shapes import Shape

__all__ = ["add_to"]

_app = typer.Typer(help="The hub's standard: what is loaded, and what a new release changes.", no_args_is_help=True)
FolderArgument = Annotated[Path, typer.Argument(exists=True, file_okay=False)]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_app, name="standard")


@_app.callback()
def group() -> None:
    """The hub's standard: what is loaded, and what a new release changes."""


@_app.command("list")
def list_loaded(
    as_json: JsonOption = False,
    schemas: SchemasOption = None,
    mappings: MappingsOption = None,
    config: ConfigOption = None,
) -> None:
    """Show each message that is loaded: number, release and days in service, root element, schema and mapping file.

    Example:

        csire-bridge standard list
    """
    from csire_bridge.xml.schema.catalogue import SchemaCatalogue

    settings = load_settings(config, schemas=schemas, mappings=mappings)
    known = SchemaCatalogue(settings.schema_path).namespaces()
    rows = [_row(loaded, known.get(loaded.content.namespace)) for loaded in _files(settings.mapping_path)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        release = f", release {row['release']}" if row["release"] else ""
        days = f" ({row['from'] or '...'} to {row['until'] or '...'})" if row["from"] or row["until"] else ""
        told = f"{row['numbers']}{release}{days}: {row['name']} ({row['direction']}), {row['root']}"
        out.print(told, markup=False, highlight=False, soft_wrap=True)
        out.print(f"    {row['schema'] or 'no schema'}, {row['file']}", style="dim", markup=False, soft_wrap=True)


def _row(loaded: LoadedFile, schema: str | None) -> dict[str, str | None]:
    facts, content = loaded.facts, loaded.content
    return {
        "numbers": ", ".join(content.message),
        "release": facts.release,
        "from": facts.first.isoformat() if facts.first else None,
        "until": facts.last.isoformat() if facts.last else None,
        "name": content.name.en,
        "direction": content.direction,
        "root": f"{{{content.namespace}}}{content.root}",
        "schema": schema,
        "file": loaded.marked.name,
    }


@_app.command("check")
def check(schemas: SchemasOption = None, mappings: MappingsOption = None, config: ConfigOption = None) -> None:
    """Check schemas and mapping files against each other, as every start does; nothing is started.

    Example:

        csire-bridge standard check --schemas new-bundle/ --mappings new-mappings/
    """
    from csire_bridge.service.wiring.standard import Standard

    standard = Standard.load(load_settings(config, schemas=schemas, mappings=mappings))
    told = f"{counted(len(standard.book.inbound), 'message')} to read and {len(standard.book.outbound)} to write"
    out.print(f"{told}: schemas and mapping files fit together", highlight=False)


@_app.command("diff")
def diff(
    old: FolderArgument,
    new: FolderArgument,
    as_json: JsonOption = False,
    mappings: MappingsOption = None,
    config: ConfigOption = None,
) -> None:
    """Show what the schemas in the folder NEW change in those of OLD, and which lines of mapping files that touches.

    NEW may hold the changed files only: then the others are those of OLD. Exit code 1 if anything differs.

    Example:

        csire-bridge standard diff schemas/ official-bundle/
    """
    settings = load_settings(config, mappings=mappings)
    before, after = _bundle([old]), _new_bundle(old, new)
    files = list(_files(settings.mapping_path))
    found = list(_differences(before, after, files))
    if as_json:
        print_json(found)
    for one in [] if as_json else found:
        out.print(f"{one['message']} {one['path']}: {one['change']}", markup=False, highlight=False, soft_wrap=True)
        for line in one["lines"] if isinstance(one["lines"], list) else ():
            out.print(f"    {line}", style="dim", markup=False, highlight=False, soft_wrap=True)
    if not as_json:
        out.print(f"{counted(len(found), 'difference')}", highlight=False)
    if found:
        raise typer.Exit(ExitCode.BAD_INPUT)


_Bundle = dict[tuple[str, str], "Shape"]
"""The shape of each message, by its root element and its namespace without the release at the end."""


def _bundle(folders: list[Path]) -> _Bundle:
    from csire_bridge.xml.schema.catalogue import SchemaCatalogue

    catalogue = SchemaCatalogue(folders)
    return dict(_shapes(catalogue))


def _shapes(catalogue: SchemaCatalogue) -> Iterator[tuple[tuple[str, str], Shape]]:
    shapes = catalogue.shapes(catalogue.namespaces())
    for namespace in catalogue.namespaces():
        for root in sorted(catalogue.root_names(namespace)):
            yield (root, _family(namespace)), shapes.of(namespace, root)


def _family(namespace: str) -> str:
    """A namespace without what names its release: ``...:v2``, ``.../2``."""
    head, mark, last = namespace.rpartition("/" if "/" in namespace else ":")
    return head if mark and last.lstrip("v").replace(".", "").isdigit() else namespace


def _new_bundle(old: Path, new: Path) -> _Bundle:
    """The new bundle by itself or, where it has no messages or lacks what they import, laid over the old one."""
    try:
        return _bundle([new]) or _bundle([new, old])
    except ConfigurationError:
        return _bundle([new, old])


def _differences(before: _Bundle, after: _Bundle, files: list[LoadedFile]) -> Iterator[dict[str, object]]:
    from csire_bridge.xml.mapping.checks.touched import touches
    from csire_bridge.xml.schema.differences import changes

    for key in sorted(before.keys() | after.keys()):
        if key not in before or key not in after:
            said = "the message is new" if key not in before else "the message is gone"
            yield {"message": key[0], "path": key[1], "change": said, "lines": []}
            continue
        mine = [one for one in files if (one.content.root, _family(one.content.namespace)) == key]
        lines = [touches(one, before[key]) for one in mine]
        for change in changes(before[key], after[key]):
            touched = [f"{t.file}, line {t.line}, key {t.key}" for known in lines for t in known.get(change.path, ())]
            yield {"message": key[0], "path": "/".join(change.path), "change": change.text, "lines": touched}


def _files(folders: Sequence[Path]) -> Iterator[LoadedFile]:
    from csire_bridge.xml.mapping.loader import LoadedFile, load_file, merged_files

    for file in merged_files(folders):
        loaded = load_file(file)
        if isinstance(loaded, LoadedFile):
            yield loaded
