"""Whatever an inbound message can say is read, or ignored in so many words: nothing is lost without anybody's knowing.

So a date that a new release of the standard calls otherwise stops the start, and does not vanish.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from itertools import islice

from csire_bridge.marked_yaml import FileProblem
from csire_bridge.xml.envelope import ENVELOPE_NAMES
from csire_bridge.xml.mapping.loader import LoadedFile
from csire_bridge.xml.mapping.model import InboundFile
from csire_bridge.xml.mapping.places import Follower, Strange
from csire_bridge.xml.shapes import Shape

__all__ = ["uncovered"]

_ALL_BELOW = "/**"
_Path = tuple[str, ...]


def uncovered(
    loaded: LoadedFile, content: InboundFile, follower: Follower, read: Collection[_Path]
) -> Iterator[FileProblem]:
    """What the schema has, but the file neither reads nor ignores; and what is wrong with its list ``ignored``.

    ``read`` are the paths of everything that the file looks at.
    """
    single: set[_Path] = set()
    whole: set[_Path] = set()
    for index, entry in enumerate(content.ignored):
        text = entry.removesuffix(_ALL_BELOW)
        goes_below = text != entry
        try:
            paths = _paths(follower, text, single, read, goes_below=goes_below)
        except Strange as error:
            yield loaded.problem(("ignored", index), f"{entry}: {error}")
            continue
        (whole if goes_below else single).update(paths)
    listed = ("ignored",) if content.ignored else ("fields",)
    for path, shape in follower.root.leaves():
        if any(path[: len(block)] == block for block in whole) or (path in single and not shape.unknown):
            continue
        envelope = path[-1] in ENVELOPE_NAMES and len(path) == 2 and path[0] in _parts(follower.root)
        if envelope and shape.most > 1:
            yield loaded.problem(listed, f"{follower.shown(path)} may stand several times, and one is read")
        elif shape.unknown:
            yield loaded.problem(listed, _unknown(follower, path, shape))
        elif not envelope and path not in read:
            yield loaded.problem(listed, _unread(follower, path, content))


def _paths(
    follower: Follower, text: str, before: Collection[_Path], read: Collection[_Path], *, goes_below: bool
) -> list[_Path]:
    """The places of an entry of the list; raises Strange for one that is none, or of the wrong sort."""
    places = follower.path(text)
    for place in places:
        if goes_below and not (place.shape.below or place.shape.unknown):
            raise Strange(f"nothing stands below it: leave out {_ALL_BELOW}")
        if not goes_below and (place.shape.value is None or place.shape.unknown):
            raise Strange(
                f"it holds other elements: list them; or write {text}{_ALL_BELOW} for everything in it, also for what "
                "a later release puts there"
            )
        if place.path in before:
            raise Strange("it stands in the list twice")
        if not goes_below and place.path in read:
            raise Strange("it is read, so it can't be ignored")
    return [place.path for place in places]


def _parts(root: Shape) -> list[str]:
    """The names of the two parts of the envelope, which stand before the payload."""
    return list(islice((name for name in root.below if not name.startswith("@")), 2))


def _unknown(follower: Follower, path: _Path, shape: Shape) -> str:
    shown = follower.shown(path)
    return (
        f"{shown}: {shape.unknown}, so nobody knows what it says; if nothing in it matters, list {shown}{_ALL_BELOW} "
        "under `ignored`"
    )


def _unread(follower: Follower, path: _Path, content: InboundFile) -> str:
    shown = follower.shown(path)
    known = {text: f"fields.{name}" for name, rule in content.fields.items() for text in rule.path}
    known |= dict.fromkeys(content.ignored, "ignored")
    close = difflib.get_close_matches(shown, known, 1, 0.6)
    nearest = f"; the nearest that the file names is {close[0]} ({known[close[0]]})" if close else ""
    return f"{shown} is neither read nor listed under `ignored`{nearest}"
