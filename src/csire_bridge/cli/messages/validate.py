"""``csire-bridge validate``: checks message files, and says what is wrong and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from csire_bridge.cli.shared.console import (
    ConfigOption,
    ExitCode,
    JsonOption,
    MappingsOption,
    SchemasOption,
    out,
    print_json,
    with_progress,
)
from csire_bridge.cli.shared.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError, PartnerFault, Problem, RuleBroken
from csire_bridge.domain.identifiers import Eic
from csire_bridge.domain.message.message import Header, OrderList
from csire_bridge.pipeline.intake.message_files import ReplayFile, find_files
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from lxml import etree

    from csire_bridge.service.wiring.standard import Standard

__all__ = ["Finding", "add_to", "examine"]


@dataclass
class Finding:
    """The result for one file."""

    file: str
    number: str | None = None
    problems: list[Problem] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "file": self.file,
            "number": self.number,
            "valid": not self.problems,
            "errors": [
                {"code": p.code.value, "line": p.line, "path": p.path, "reason": p.text, "remedy": p.remedy}
                for p in self.problems
            ],
        }


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(validate)


def validate(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Message files, folders or zip archives.")],
    as_json: JsonOption = False,
    schemas: SchemasOption = None,
    mappings: MappingsOption = None,
    config: ConfigOption = None,
) -> None:
    """Check message files: number, whether valid, and every error with code, line, path and reason.

    Each file is checked by itself: parser, schema, and the rules that need no registry. Its age and its signature are
    not checked; for the signature use `verify`.

    Examples:

        csire-bridge validate samples/good/8.1.1.5-debt.xml

        csire-bridge validate --json samples/ | jq '.[] | select(.valid | not) | .file'

        csire-bridge validate --schemas official-bundle/ message.xml
    """
    from csire_bridge.service.wiring.standard import Standard

    settings = load_settings(config, schemas=schemas, mappings=mappings)
    standard = Standard.load(settings)
    own = Eic(settings.own_eic)
    files = list(find_files(paths))
    if not files:
        raise ConfigurationError("no message files (*.xml, *.zip) were found", "name files, or folders that hold some")
    findings = [
        examine(standard, own, file, settings.limits.max_message_bytes) for file in with_progress(files, "validating")
    ]
    if as_json:
        print_json([finding.as_json() for finding in findings])
    else:
        _show(findings)
    if any(finding.problems for finding in findings):
        raise typer.Exit(ExitCode.BAD_INPUT)


def examine(standard: Standard, own: Eic, file: ReplayFile, max_bytes: int) -> Finding:
    """Check one file; its errors are findings, not exceptions."""
    from csire_bridge.xml.parser import parse
    from csire_bridge.xml.security.signature import without_signature

    finding = Finding(file.origin)
    try:
        root = without_signature(parse(file.read().raw, max_bytes))
        finding.number = _only_number(standard, root)
        standard.validator.check_schema(root, root)
        header = standard.validator.read_header(root)
        finding.number = header.number
        finding.problems += _rules(standard, own, root, header)
    except PartnerFault as fault:
        finding.problems += fault.problems
    return finding


def _only_number(standard: Standard, root: etree._Element) -> str | None:
    """The message number by the root element alone; None if several numbers have that root, as R_1 has."""
    try:
        numbers = standard.book.facts(str(root.tag)).numbers
    except PartnerFault:
        return None
    return next(iter(numbers)) if len(numbers) == 1 else None


def _rules(standard: Standard, own: Eic, root: etree._Element, header: Header) -> list[Problem]:
    tag = str(root.tag)
    problems: list[Problem] = []
    facts = standard.book.facts(tag)
    try:
        standard.validator.check_envelope(tag, header, system_clock(), at_rest=True)
    except RuleBroken as fault:
        problems += fault.problems
    try:
        if facts.inbound or header.juridical_recipient == own:
            reading = standard.book.reader(tag).read(root)
            problems += reading.refused if isinstance(reading, OrderList) else ()
    except PartnerFault as fault:
        problems += fault.problems
    return problems


def _show(findings: Iterable[Finding]) -> None:
    bad = 0
    for count, finding in enumerate(findings, 1):
        bad += bool(finding.problems)
        verdict = "[red]not valid[/]" if finding.problems else "[green]valid[/]"
        out.print(f"{escape(finding.file)}: message {finding.number or '?'}, {verdict}")
        for problem in finding.problems:
            place = ", ".join(p for p in (f"line {problem.line}" if problem.line else "", problem.path or "") if p)
            out.print(f"  [bold]{problem.code}[/] {escape(place)}", highlight=False)
            out.print(f"    {escape(problem.text)}", highlight=False)
            out.print(f"    -> {escape(problem.remedy)}", style="dim", highlight=False)
        last = count
    if findings:
        out.print(f"{last} {'file' if last == 1 else 'files'}, {bad} not valid")
