"""Reads settings from the environment. A variable with our prefix that is no setting stops the start."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

from csire_bridge.config.sources.layers import Layer, Source
from csire_bridge.config.sources.model import Group, Key, dotted, names_of
from csire_bridge.config.sources.names import all_names, did_you_mean, nearest
from csire_bridge.domain.errors import ConfigurationError

__all__ = ["NO_SETTINGS", "PREFIX", "environment_layer", "unknown_variables"]

PREFIX = "CSIRE_BRIDGE_"
_BETWEEN = "__"
NO_SETTINGS = {
    "CSIRE_BRIDGE_CONFIG": "the settings file",
    "CSIRE_BRIDGE_DEBUG": "tracebacks when the bridge itself fails",
}
"""Variables of ours that are no settings, and what they are for."""


def environment_layer(settings: type[BaseSettings], removed: Sequence[Key]) -> Layer:
    """What the environment sets. Raises ConfigurationError for a value that can't be read.

    Settings that were ``removed`` are taken over, so that whoever still sets them is told what to do instead.
    """
    ours = _ours()
    old = {dotted(key): os.environ[name] for name, key in ours.items() if key in removed}
    return Layer(Source.ENVIRONMENT, {**old, **_read(settings)}, {key: name for name, key in ours.items()})


def unknown_variables(settings: Group, removed: Sequence[Key]) -> dict[str, str]:
    """Each variable of ours that is no setting, with a sentence that tells the nearest name."""
    ours = _ours()
    unknown = [name for name, key in ours.items() if key not in removed and not _is_known(key, settings)]
    known = [_BETWEEN.join(key) for key in all_names(settings) if _is_known(key, settings)]
    known += [name.removeprefix(PREFIX).lower() for name in NO_SETTINGS]
    return {
        name: f"the environment variable {name} is no setting -> {_remedy(ours[name], known, settings)}"
        for name in sorted(unknown)
    }


def _ours() -> dict[str, Key]:
    """The variables with our prefix that should be settings, each with the place that it names."""
    names = [name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in NO_SETTINGS]
    return {name: tuple(name[len(PREFIX) :].lower().split(_BETWEEN)) for name in names}


def _remedy(key: Key, known: Sequence[str], settings: Group) -> str:
    named = names_of(settings).get(str(key[0]))
    if named is not None and named.group is not None and not named.is_one_group:
        return f"write the whole list as JSON into {PREFIX}{named.name.upper()}, or into the settings file"
    if named is not None and named.group is None:  # a plain value, which has no names of its own
        return did_you_mean([f"{PREFIX}{named.name.upper()}"])
    meant = nearest(_BETWEEN.join(map(str, key)), known, _BETWEEN)
    return did_you_mean([f"{PREFIX}{name.upper()}" for name in meant])


def _read(settings: type[BaseSettings]) -> Mapping[str, object]:
    try:
        return EnvSettingsSource(settings)()
    except SettingsError as error:
        raise ConfigurationError(
            f"a setting in the environment can't be read: {error}", 'write lists as JSON, such as ["a", "b"]'
        ) from error


def _is_known(key: Key, group: Group) -> bool:
    """Whether pydantic finds a setting by this name; a list as a whole only, a table also by its own names."""
    named = names_of(group).get(str(key[0]))
    if named is None or len(key) == 1:
        return named is not None
    if named.is_one_group and named.group is not None:
        return _is_known(key[1:], named.group)
    return named.is_table
