"""YAML in which every value is text, with the lines of its keys, for files that people write.

Every problem names the file, the line and the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import yaml
from pydantic import ValidationError

from csire_bridge.config.files.own_words import said_of_value, said_of_yaml
from csire_bridge.domain.errors import ConfigurationError

__all__ = ["FileProblem", "FileRefused", "MarkedYaml", "raise_problems"]

Key = Sequence[str | int]
KnownKeys = Callable[[Key], Sequence[str]]


@dataclass(frozen=True)
class FileProblem:
    """One thing wrong in the file ``name``; lines count from 1."""

    name: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.name}, line {self.line}, key {self.key or '(top)'}: {self.text}"


class FileRefused(ConfigurationError):
    """A file with mistakes; ``problems`` are all of them."""

    def __init__(self, problems: Sequence[FileProblem], remedy: str) -> None:
        super().__init__("\n".join(map(str, problems)), remedy)
        self.problems = tuple(problems)


def raise_problems(problems: Sequence[FileProblem], remedy: str) -> None:
    """Raise one error that lists them all; do nothing when there is none."""
    if problems:
        raise FileRefused(problems, remedy)


@dataclass(frozen=True)
class MarkedYaml:
    """A mapping: its content, all of it text, and the tree with the lines."""

    name: str
    plain: dict[str, object]
    node: yaml.MappingNode
    remedy: str

    @classmethod
    def read(cls, text: str, name: str, remedy: str) -> MarkedYaml:
        """Read ``text``; raise ConfigurationError unless it is a mapping without aliases and duplicate keys."""
        try:
            node = yaml.compose(text, Loader=yaml.BaseLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise FileRefused([FileProblem(name, line, "", said_of_yaml(str(error.problem)))], remedy) from error
        except RecursionError as error:
            raise FileRefused([FileProblem(name, 1, "", "nested too deeply")], remedy) from error
        except yaml.YAMLError as error:  # a character that YAML does not allow: it knows the place, no line
            said = "the file has a character that no text has: write it again"
            raise FileRefused([FileProblem(name, 1, "", said)], remedy) from error
        if not isinstance(node, yaml.MappingNode):
            raise FileRefused([FileProblem(name, 1, "", "the file is not a YAML mapping")], remedy)
        raise_problems(list(_misshapen(name, node, set())), remedy)
        # BaseLoader keeps every scalar a text, so that 8.1_1 stays what it is and never becomes the number 8.11.
        return cls(name, yaml.BaseLoader("").construct_document(node), node, remedy)

    def problem(self, key: Key, text: str) -> FileProblem:
        """A problem at ``key``, with its line."""
        return FileProblem(self.name, _line(self.node, key), ".".join(map(str, key)), text)

    def refused(self, error: ValidationError, *not_keys: str, known: KnownKeys | None = None) -> FileRefused:
        """Pydantic's errors by line and key, in our words.

        ``not_keys`` are pydantic's own names for branches, not keys of the file; ``known`` gives the keys that may
        stand at a place, as pydantic names it.
        """
        problems = []
        for found in error.errors():
            key = [part for part in found["loc"] if part not in (*not_keys, "[key]")]
            keys = known(found["loc"]) if known is not None else ()
            problems.append(self.problem(key, said_of_value(found, str(key[-1]) if key else "", keys)))
        return FileRefused(problems, self.remedy)


def _misshapen(name: str, node: yaml.Node, seen: set[int], above: str = "") -> Iterator[FileProblem]:
    """Problems: duplicate keys, keys that are no text, and aliases, which could expand a few lines to millions."""
    if id(node) in seen:
        yield FileProblem(name, node.start_mark.line + 1, above, "anchors and aliases are not read: write it out")
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            here = f"{above}.{key.value}" if above else str(key.value)
            if not isinstance(key, yaml.ScalarNode):
                yield FileProblem(name, key.start_mark.line + 1, above, "a key must be a text")
                continue
            if key.value in keys:
                yield FileProblem(name, key.start_mark.line + 1, here, "the key stands twice")
            keys.add(key.value)
            yield from _misshapen(name, value, seen, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _misshapen(name, item, seen, f"{above}.{index}" if above else str(index))


def _line(node: yaml.Node, key: Key) -> int:
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
