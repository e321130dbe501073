"""The nearest name for one that does not exist: "did you mean ...?"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from csire_bridge.config.sources.model import Group, names_of

__all__ = ["all_names", "did_you_mean", "nearest"]

_MOST = 3


def all_names(group: Group, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every name of the settings, groups too, each with the names above it."""
    for name, named in names_of(group).items():
        yield (*above, name)
        if named.group is not None:
            yield from all_names(named.group, (*above, name))


def nearest(name: str, known: Iterable[str], separator: str) -> list[str]:
    """The known names that ``name`` is probably meant to be, the most likely first; three at most."""
    ends = {one: one.rpartition(separator)[2] for one in known}
    if elsewhere := [one for one, end in ends.items() if end == name][:_MOST]:
        return elsewhere
    if close := get_close_matches(name, ends, n=1, cutoff=0.8):
        return close
    meant = get_close_matches(name.rpartition(separator)[2], sorted(set(ends.values())), n=1, cutoff=0.8)
    return [one for one, end in ends.items() if end in meant][:_MOST]


def did_you_mean(names: Sequence[str]) -> str:
    """A remedy: the nearest names, if there are any."""
    return f"did you mean {' or '.join(names)}? Otherwise take it out" if names else "correct its name or take it out"
