"""Every setting for people: its value without secrets, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from csire_bridge.config.settings import ReadSettings, Settings
from csire_bridge.config.sources.layers import Origin, Source, origin_of
from csire_bridge.config.sources.masked import as_text, masked
from csire_bridge.config.sources.model import Key, dotted, leaves

__all__ = ["Shown", "changes", "shown_settings"]


@dataclass(frozen=True)
class Shown:
    """One setting. ``changed``: its value is not the default."""

    name: str
    value: object
    origin: Origin
    changed: bool

    def __str__(self) -> str:
        return f"{self.name} = {as_text(self.value)}  ({self.origin})"

    def is_below(self, name: str) -> bool:
        """Whether this is the setting ``name``, or one of its group."""
        return self.name == name or self.name.startswith(f"{name}.")

    def as_json(self) -> dict[str, object]:
        """The same for programs; ``place`` is the file's line, the variable or the option."""
        return {
            "name": self.name,
            "value": self.value,
            "source": self.origin.source.value,
            "place": self.origin.place or None,
            "changed": self.changed,
        }


def shown_settings(read: ReadSettings) -> Iterator[Shown]:
    """All settings, in the order of their groups."""
    defaults = _values(Settings())
    for key, value in _values(read.settings).items():
        origin = origin_of(key, read.layers)
        changed = origin.source is not Source.DEFAULT and (key not in defaults or defaults[key] != value)
        yield Shown(dotted(key), masked(key, value), origin, changed)


def changes(before: Settings, after: Settings) -> list[str]:
    """The names of the settings whose values differ."""
    old, new = _values(before), _values(after)
    absent = object()
    return [dotted(key) for key in dict.fromkeys([*old, *new]) if old.get(key, absent) != new.get(key, absent)]


def _values(settings: Settings) -> dict[Key, object]:
    return {key: value for key, _, value in leaves(settings)}
