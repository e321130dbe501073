"""The head-end system for a command that only reads; opens no bridge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from csire_bridge.channels.hes.choice import chooser_of, head_end_of, profiles_of
from csire_bridge.channels.hes.client import HeadEndConnector
from csire_bridge.config.settings import Settings
from csire_bridge.domain.clock import Clock
from csire_bridge.pipeline.ports.head_end import HeadEnd
from csire_bridge.runtime.steady_clock import system_clock

__all__ = ["head_end_reader"]


@contextmanager
def head_end_reader(settings: Settings, clock: Clock = system_clock) -> Iterator[HeadEnd | None]:
    """The head-end system for a command that only reads; None if none is set up. Needs no keys."""
    if settings.head_end.url is None:
        yield None
        return
    profiles, system_of = profiles_of(settings.head_end), chooser_of(settings.head_end)
    with closing(head_end_of(profiles, system_of, lambda profile: HeadEndConnector(profile, clock))) as head_end:
        yield head_end
