"""``csire-bridge mapping``: tries a mapping file on a sample."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from csire_bridge.cli.shared.console import ConfigOption, ExitCode, JsonOption, SchemasOption, out, print_json
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError, PartnerFault

if TYPE_CHECKING:
    from lxml import etree

    from csire_bridge.domain.message.message import OrderRequest
    from csire_bridge.xml.mapping.book import MappingBook
    from csire_bridge.xml.mapping.loader import LoadedFile
    from csire_bridge.xml.mapping.outgoing.rehearsal import Ends
    from csire_bridge.xml.mapping.trial import Line

__all__ = ["add_to"]

_app = typer.Typer(help="Mapping files: try one on a sample.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_app, name="mapping")


@_app.callback()
def group() -> None:
    """Mapping files: try one on a sample."""


@_app.command("try")
def try_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The mapping file.", exists=True, dir_okay=False)],
    message: Annotated[
        Path, typer.Argument(metavar="MESSAGE", help="A message: one that asks, also for a file that answers.")
    ],
    as_json: JsonOption = False,
    schemas: SchemasOption = None,
    config: ConfigOption = None,
) -> None:
    """Show what a mapping file reads from a sample or, of an outbound file, what it writes as its answers.

    The file stands in the place of the one of its name, and need not be in a mapping folder yet. Needs no database.

    Examples:

        csire-bridge mapping try mappings/8.1.1.5.yaml samples/good/8.1.1.5-debt.xml

        csire-bridge mapping try mappings/8.1.1.7.yaml samples/good/8.1.1.5-debt.xml

    Of a head-end system's dialect it shows what is read from a reply, or from a message with events.
    """
    from csire_bridge.cli.messages.dialect import is_dialect, try_dialect
    from csire_bridge.service.wiring.standard import ends_of
    from csire_bridge.xml.mapping.book import MappingBook
    from csire_bridge.xml.mapping.loader import LoadedTechnical, load_file
    from csire_bridge.xml.mapping.model import InboundFile
    from csire_bridge.xml.schema.catalogue import SchemaCatalogue

    settings = load_settings(config, schemas=schemas)
    if is_dialect(file):
        try_dialect(file, message, settings.head_end, as_json=as_json)
        return
    catalogue = SchemaCatalogue(settings.schema_path)
    ends = ends_of(settings)
    book = MappingBook(settings.mapping_path, catalogue, ends, draft=file)
    tree = _sample(message, catalogue)
    loaded = load_file(file)
    if isinstance(loaded, LoadedTechnical):
        raise ConfigurationError("the file describes an envelope", "try a file of a message that has it")
    if isinstance(loaded.content, InboundFile):
        _show_read(book, loaded, tree, as_json)
    else:
        _show_written(book, ends, loaded, tree, as_json)


def _sample(message: Path, catalogue: object) -> etree._Element:
    """The sample without its signature; exits with what is wrong with it."""
    from csire_bridge.xml.parser import parse
    from csire_bridge.xml.schema.catalogue import SchemaCatalogue
    from csire_bridge.xml.security.signature import without_signature

    assert isinstance(catalogue, SchemaCatalogue)  # noqa: S101 - imported where it is needed only
    try:
        tree = without_signature(parse(message.read_bytes()))
        problems = () if catalogue.decide(tree) else catalogue.explain(tree)
    except OSError as error:
        raise ConfigurationError(f"{message} can't be read: {error.strerror}", "name a message file") from error
    except PartnerFault as fault:
        problems = tuple(fault.problems)
    if problems:
        for problem in problems:
            out.print(escape(f"{message}: {problem}"))
        raise typer.Exit(ExitCode.BAD_INPUT)
    return tree


def _show_read(book: MappingBook, loaded: LoadedFile, tree: etree._Element, as_json: bool) -> None:
    from csire_bridge.xml.mapping.trial import read_lines

    tag = f"{{{loaded.content.namespace}}}{loaded.content.root}"
    if tree.tag != tag:
        raise ConfigurationError(f"the file reads {tag}, and the message is {tree.tag}", "name a message of that kind")
    mapping = book.inbound[tag]
    lines = list(read_lines(mapping, tree))
    refused = ""
    try:
        mapping.read(tree)
    except PartnerFault as fault:
        refused = "\n".join(str(problem) for problem in fault.problems)
    if as_json:
        print_json({"fields": [_as_json(line) for line in lines], "refused": refused or None})
    else:
        _print_lines(lines, refused)
    if refused:
        raise typer.Exit(ExitCode.BAD_INPUT)


def _as_json(line: Line) -> dict[str, object]:
    said = str(line.problem) if line.problem else None
    return {"item": line.item, "field": line.field, "value": line.value, "problem": said, "path": line.path}


def _print_lines(lines: list[Line], refused: str) -> None:
    for line in lines:
        place = f"item {line.item}: " if line.item else ""
        value = line.problem.text if line.problem else "not told" if line.value is None else line.value
        out.print(escape(f"{place}{line.field} = {value}"), highlight=False)
        out.print(escape(f"    {line.path}"), style="dim", highlight=False)
    out.print(escape(f"refused:\n{refused}") if refused else "it would be taken", highlight=False)


def _show_written(book: MappingBook, ends: Ends, loaded: LoadedFile, tree: etree._Element, as_json: bool) -> None:
    from csire_bridge.domain.identifiers import MessageNumber
    from csire_bridge.domain.message.message import OrderList, OrderRequest

    number = MessageNumber(loaded.content.message[0])
    reading = book.reader(str(tree.tag)).read(tree)
    asked = reading.orders[0] if isinstance(reading, OrderList) else reading
    if not isinstance(asked, OrderRequest):
        raise ConfigurationError("the message asks for no order, so nothing answers it", "name a message that does")
    documents = dict(_documents(book, ends, number, str(tree.tag), asked))
    if not documents:
        raise ConfigurationError(
            f"message {number} answers no {asked.kind} order of this message", "name a message that it answers"
        )
    if as_json:
        print_json(documents)
        return
    for facts, document in documents.items():
        out.print(escape(f"--- {facts}"), highlight=False)
        out.print(escape(document), highlight=False, soft_wrap=True)


def _documents(book: MappingBook, ends: Ends, number: str, tag: str, asked: OrderRequest) -> list[tuple[str, str]]:
    """What is told, and the document that tells it, for each answer with that number."""
    from lxml import etree

    from csire_bridge.runtime.steady_clock import system_clock
    from csire_bridge.xml.mapping.outgoing.rehearsal import sample_header
    from csire_bridge.xml.mapping.trial import answers_to
    from csire_bridge.xml.security.signature import parse_back

    found = []
    for kind, due in book.inbound[tag].answers.get(asked.kind, {}).items():
        if due == number:
            for answer in answers_to(asked, kind, system_clock):
                mapping = book.writer(due, answer)
                root = parse_back(mapping.write(sample_header(mapping, ends), answer))
                etree.indent(root)
                told = f"{kind}: {answer.outcome or answer.reason or ''}".removesuffix(": ")
                found.append((told, etree.tostring(root, encoding="unicode")))
    return found
