"""Tells what is wrong with the values of the settings: which setting, where it stands, and what to do."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from csire_bridge.config.sources.layers import Layer, place_of
from csire_bridge.config.sources.model import Group, Key, dotted, without_positions
from csire_bridge.config.sources.names import all_names, did_you_mean, nearest

__all__ = ["REMOVED", "sentences"]

REMOVED: Mapping[Key, str] = {
    ("cores",): "take it out, and pin the service from outside: CPUAffinity= in its systemd unit, or taskset -c",
    (
        "execution",
        "complaint_hold_days",
    ): "take it out: a complaint holds until it is decided or released, by the law file",
}
"""Settings of before, each with what to do instead."""


def sentences(error: ValidationError, layers: Sequence[Layer], settings: Group, told: Container[str]) -> list[str]:
    """All problems, each with its remedy; without those of variables that were ``told`` already."""
    places = [(problem, key, place_of(key, layers)) for problem in error.errors() for key in [_key(problem["loc"])]]
    return [_sentence(problem, key, place, settings) for problem, key, place in places if place not in told]


def _sentence(problem: ErrorDetails, key: Key, place: str, settings: Group) -> str:
    where = f" ({place})" if place else ""
    text, remedy = _said(problem, key, settings)
    return f"setting {dotted(key)}: {text}{where} -> {remedy}"


def _key(loc: Key) -> Key:
    """The place of a problem; a removed setting of the environment comes with its groups in one word."""
    return next((key for key in REMOVED if dotted(key) == dotted(loc)), loc)


def _said(problem: ErrorDetails, key: Key, settings: Group) -> tuple[str, str]:
    if problem["type"] == "missing":
        return "it is missing", "add it"
    if problem["type"] != "extra_forbidden":
        return problem["msg"].removeprefix("Value error, "), _CORRECT
    if key in REMOVED:
        return "it was removed", REMOVED[key]
    known = [dotted(name) for name in all_names(settings)]
    return "there is no such setting", did_you_mean(nearest(dotted(without_positions(key)), known, "."))


_CORRECT = "correct it in the settings file, the environment or the options"
