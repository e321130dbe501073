"""Reads mapping files; every error names the file, the line and the key, and all are found at start-up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.xml.mapping.model import InboundFile, MappingFile, OutboundFile

__all__ = ["LoadedFile", "MappingProblem", "load_file", "merged_files"]

_ADAPTER: TypeAdapter[InboundFile | OutboundFile] = TypeAdapter(MappingFile)
_REMEDY = "correct the mapping file; docs/mappings.md describes every key"


@dataclass(frozen=True)
class LoadedFile:
    """A mapping file that has the right shape, with the lines of its keys."""

    file: Path
    content: InboundFile | OutboundFile
    node: yaml.Node

    def problem(self, key: Sequence[str | int], text: str) -> MappingProblem:
        """An error at ``key``, with its line."""
        return MappingProblem(self.file, _line(self.node, key), ".".join(map(str, key)), text)


@dataclass(frozen=True)
class MappingProblem:
    """One thing wrong in a mapping file."""

    file: Path
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.file.name}, line {self.line}, key {self.key or '(top)'}: {self.text}"

    @staticmethod
    def raise_all(problems: Sequence[MappingProblem]) -> None:
        """Raise one ConfigurationError that lists them all; do nothing when there is none."""
        if problems:
            raise ConfigurationError("\n".join(str(p) for p in problems), _REMEDY)


def merged_files(search_path: Sequence[Path]) -> list[Path]:
    """Mapping files by name: the first folder of the search path that has a name wins.

    Raises ConfigurationError for a folder that is not there.
    """
    found: dict[str, Path] = {}
    for folder in search_path:
        if not folder.is_dir():
            raise ConfigurationError(
                f"the mapping folder {folder} is not there", "correct the mapping folders in the settings"
            )
        for file in sorted(folder.glob("*.yaml")):
            found.setdefault(file.name, file)
    return [found[name] for name in sorted(found)]


def load_file(file: Path) -> LoadedFile:
    """Read one mapping file; raise ConfigurationError with every problem of its shape."""
    try:
        node = yaml.compose(file.read_text("utf-8"), Loader=yaml.BaseLoader)
        # BaseLoader keeps every scalar a text, so that 8.1_1 stays what it is and never becomes the number 8.11.
        plain = yaml.BaseLoader("").construct_document(node) if isinstance(node, yaml.MappingNode) else None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} can't be read: {error}", _REMEDY) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(str(MappingProblem(file, line, "", f"not YAML: {error.problem}")), _REMEDY) from error
    except yaml.YAMLError as error:  # a character that YAML does not allow: it knows the place in the text, no line
        raise ConfigurationError(str(MappingProblem(file, 1, "", f"not YAML: {error}")), _REMEDY) from error
    if not isinstance(node, yaml.MappingNode):
        raise ConfigurationError(str(MappingProblem(file, 1, "", "the file is not a YAML mapping")), _REMEDY)
    MappingProblem.raise_all(list(_duplicate_keys(file, node)))
    try:
        return LoadedFile(file, _ADAPTER.validate_python(plain), node)
    except ValidationError as error:
        problems = [_from_pydantic(file, node, e["loc"], e["msg"]) for e in error.errors()]
        raise ConfigurationError("\n".join(str(p) for p in problems), _REMEDY) from error


def _from_pydantic(file: Path, node: yaml.Node, loc: tuple[str | int, ...], text: str) -> MappingProblem:
    # pydantic names the branch of a union in the place; the file has no such key.
    key = [part for part in loc if part not in ("inbound", "outbound", "leaf", "group", "[key]")]
    return MappingProblem(file, _line(node, key), ".".join(map(str, key)), text)


def _duplicate_keys(file: Path, node: yaml.Node, above: str = "") -> Iterator[MappingProblem]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield MappingProblem(file, key.start_mark.line + 1, f"{above}{key.value}", "the key stands twice")
            seen.add(key.value)
            yield from _duplicate_keys(file, value, f"{above}{key.value}.")
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _duplicate_keys(file, item, f"{above}{index}.")


def _line(node: yaml.Node, key: Sequence[str | int]) -> int:
    """The line of the deepest part of ``key`` that the file has."""
    line: int = node.start_mark.line + 1
    for part in key:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == part), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
