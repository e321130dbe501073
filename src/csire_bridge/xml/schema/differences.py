"""What a new release of a schema changes: elements, how often they stand, types, codes, lengths and defaults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from csire_bridge.xml.schema.shapes import Shape, ValueType

__all__ = ["Change", "Path", "changes", "local"]

Path = tuple[str, ...]
"""Names from the root element on, without namespaces: a new release has new ones."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference at a place of a message, in words."""

    path: Path
    text: str


def local(path: Path) -> Path:
    """The names of a path without their namespaces."""
    return tuple(("@" if name.startswith("@") else "") + name.removeprefix("@").rpartition("}")[2] for name in path)


def changes(old: Shape, new: Shape) -> Iterator[Change]:
    """Everything that is other in ``new``, in the order of the schemas."""
    before, after = dict(_places(old)), dict(_places(new))
    for path, shape in before.items():
        if path not in after:
            if path[:-1] in after or not path[:-1]:
                yield Change(path, "is gone")
        else:
            yield from (Change(path, text) for text in _differences(shape, after[path]))
    for path, shape in after.items():
        if path not in before and (path[:-1] in before or not path[:-1]):
            need = "must stand there" if shape.least else "may stand there"
            yield Change(path, f"is new: {_type(shape.value)}, {need}")


def _places(shape: Shape, above: Path = ()) -> Iterator[tuple[Path, Shape]]:
    for name, below in shape.below.items():
        here = (*above, *local((name,)))
        yield here, below
        yield from _places(below, here)


def _differences(old: Shape, new: Shape) -> Iterator[str]:
    if bool(old.least) != bool(new.least):
        yield "must stand there now" if new.least else "need not stand there any more"
    if old.most != new.most:
        yield f"may stand {_times(old.most)}, now {_times(new.most)}"
    if old.nillable != new.nillable:
        yield "may be nil now" if new.nillable else "may not be nil any more"
    if (old.value is None) != (new.value is None):
        yield f"held {_type(old.value)}, holds {_type(new.value)} now"
    elif old.value is not None and new.value is not None:
        yield from _of_values(old.value, new.value)


def _of_values(old: ValueType, new: ValueType) -> Iterator[str]:
    if old.kinds != new.kinds:
        yield f"its type was {_type(old)}, and is {_type(new)}"
    if old.codes != new.codes:
        added, gone = (
            sorted((new.codes or set()) - (old.codes or set())),
            sorted((old.codes or set()) - (new.codes or set())),
        )
        told = [f"new codes {', '.join(added)}" if added else "", f"gone codes {', '.join(gone)}" if gone else ""]
        yield "; ".join(part for part in told if part) or "its codes are listed otherwise"
    if old.longest != new.longest:
        yield f"its longest text had {old.longest or 'any number of'} characters, and has {new.longest or 'any number'}"
    if old.default != new.default:
        yield f"its default was {old.default!r}, and is {new.default!r}"


def _type(value: ValueType | None) -> str:
    return "other elements" if value is None else " or ".join(sorted(value.kinds))


def _times(most: float) -> str:
    return "any number of times" if most == float("inf") else "once" if most == 1 else f"{int(most)} times"
