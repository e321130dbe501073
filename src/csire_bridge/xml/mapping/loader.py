"""Reads mapping files; every error names the file, the line and the key, and all are found at start-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from csire_bridge.config.files.marked_yaml import FileProblem, MarkedYaml, raise_problems
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.domain.message.envelope_rules import MessageFacts
from csire_bridge.domain.written_text import written_text
from csire_bridge.xml.mapping.model import (
    Days,
    FieldRule,
    InboundFile,
    Leaf,
    MappingFile,
    Names,
    OutboundFile,
    RuleEntry,
    TechnicalFile,
)

__all__ = ["LoadedFile", "LoadedTechnical", "load_file", "merged_files", "raise_all"]

_ADAPTER: TypeAdapter[InboundFile | OutboundFile | TechnicalFile] = TypeAdapter(MappingFile)
_NOT_KEYS = ("inbound", "outbound", "leaf", "group", "nodes", "attributes", "pair", "by-kind", "technical")
_REMEDY = "correct the mapping file; docs/mappings.md describes every key"
_OF_OTHERS = ("law", "names", "head-end")
"""Folders beside mapping files: the law's rules, names for people, dialects of head-end systems."""


@dataclass(frozen=True)
class LoadedFile:
    """A mapping file that has the right shape, with the lines of its keys."""

    content: InboundFile | OutboundFile
    marked: MarkedYaml

    @property
    def facts(self) -> MessageFacts:
        """What the file says of its messages."""
        content, days = self.content, self.content.in_service
        return MessageFacts(
            numbers=frozenset(MessageNumber(number) for number in content.message),
            message_type=content.type,
            inbound=isinstance(content, InboundFile),
            release=content.release,
            first=days.first if days else None,
            last=days.last if days else None,
        )

    def problem(self, key: Sequence[str | int], text: str) -> FileProblem:
        """An error at ``key``, with its line."""
        return self.marked.problem(key, text)


@dataclass(frozen=True)
class LoadedTechnical:
    """The file of an envelope that has the right shape, with the lines of its keys."""

    content: TechnicalFile
    marked: MarkedYaml

    def problem(self, key: Sequence[str | int], text: str) -> FileProblem:
        """An error at ``key``, with its line."""
        return self.marked.problem(key, text)


def raise_all(problems: Sequence[FileProblem]) -> None:
    """Raise one ConfigurationError that lists them all; do nothing when there is none."""
    raise_problems(problems, _REMEDY)


def merged_files(search_path: Sequence[Path], draft: Path | None = None) -> list[Path]:
    """Mapping files by name: ``draft``, then the first folder of the search path that has a name wins.

    Raises ConfigurationError for a missing folder, and for any other file in one, because a file that is ignored
    silently might be one that somebody relies on. Names that begin with a dot are skipped.
    """
    found: dict[str, Path] = {} if draft is None else {draft.name: draft}
    strange: list[str] = []
    for folder in search_path:
        if not folder.is_dir():
            raise ConfigurationError(
                f"the mapping folder {folder} is not there", "correct the mapping folders in the settings"
            )
        for file in sorted(folder.iterdir()):
            if file.name in _OF_OTHERS and file.is_dir():
                continue
            if file.suffix == ".yaml":
                found.setdefault(file.name, file)
            elif not file.name.startswith("."):
                strange.append(f"{file} is no mapping file{_renamed(file)}")
    if strange:
        raise ConfigurationError("\n".join(strange), "name mapping files NAME.yaml, and keep nothing else beside them")
    return [found[name] for name in sorted(found)]


def _known_keys(place: Sequence[str | int]) -> Sequence[str]:
    """The keys that may stand where pydantic found another one."""
    model: type[BaseModel] = OutboundFile if "outbound" in place else InboundFile
    if place[:1] == ("technical",):
        model = TechnicalFile
    if "leaf" in place:
        model = Leaf
    elif len(place) > 2:
        model = _PARTS.get(str(place[1]), model)
    return [field.alias or name for name, field in model.model_fields.items() if name != "attributes"]


_PARTS: Mapping[str, type[BaseModel]] = {
    "in_service": Days,
    "name": Names,
    "fields": FieldRule,
    "keep": FieldRule,
    "read": FieldRule,
    "rules": RuleEntry,
}


def _renamed(file: Path) -> str:
    return f": rename it to {file.stem}.yaml" if file.suffix.lower() in (".yml", ".yaml") else ""


def load_file(file: Path) -> LoadedFile | LoadedTechnical:
    """Read one mapping file; raise ConfigurationError with every problem of its shape."""
    try:
        marked = MarkedYaml.read(written_text(file.read_bytes()), str(file), _REMEDY)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} can't be read: {error}", _REMEDY) from error
    try:
        content = _ADAPTER.validate_python(marked.plain)
    except ValidationError as error:
        raise marked.refused(error, *_NOT_KEYS, known=_known_keys) from error
    return LoadedTechnical(content, marked) if isinstance(content, TechnicalFile) else LoadedFile(content, marked)
