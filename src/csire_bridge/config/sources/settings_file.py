"""Reads the settings file (TOML)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from csire_bridge.config.sources.layers import Layer, Source
from csire_bridge.config.sources.model import Group, names_of
from csire_bridge.config.sources.toml_lines import lines_of
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.written_text import written_text

__all__ = ["file_layer"]


def file_layer(file: Path, settings: Group) -> Layer:
    """What a file sets; relative paths in it count from its own folder. Raises ConfigurationError."""
    try:
        text = written_text(file.read_bytes())
        values = tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError(
            f"the settings file {file} can't be read: {error.strerror}",
            "put it there, and let the user of the service read it",
        ) from error
    except ValueError as error:
        raise ConfigurationError(f"the settings file {file} can't be read: {error}", "correct the file") from error
    base = file.resolve().parent
    lines, headings = lines_of(text)
    _place(values, settings, base)
    if isinstance(database := values.get("database"), str):
        values["database"] = _database_beside(base, database)
    return Layer(
        Source.FILE,
        values,
        {key: f"{file}, line {line}" for key, line in lines.items()},
        {key: f"{file}, line {line}" for key, line in headings.items()},
    )


def _place(values: object, group: Group, base: Path) -> None:
    """Let relative paths in the values of a group, and of the groups in it, count from ``base``."""
    if not isinstance(values, dict):
        return  # that is told when the value is checked
    known = names_of(group)
    for name, value in values.items():
        if name not in known:
            continue
        if known[name].is_path:
            values[name] = _beside(base, value)
        elif (below := known[name].group) is not None:
            for one in _all(value, one=known[name].is_one_group):
                _place(one, below, base)


def _all(value: object, *, one: bool) -> list[object]:
    if one:
        return [value]
    return list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []


def _database_beside(base: Path, address: str) -> str:
    """``address`` with its SQLite file counted from ``base``, if it names one by a relative path."""
    name, found, file = address.partition("sqlite:///")
    in_memory = not file or file.startswith((":memory:", "file:"))
    return f"sqlite:///{base / file}" if found and not name and not in_memory else address


def _beside(base: Path, value: object) -> object:
    if isinstance(value, list):
        return [_beside(base, item) for item in value]
    if isinstance(value, dict):
        return {name: _beside(base, item) for name, item in value.items()}
    return base / value if isinstance(value, str) else value
