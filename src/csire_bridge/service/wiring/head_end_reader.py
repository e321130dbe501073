"""The head-end system for a command that only reads; opens no bridge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from csire_bridge.channels.hes.client import HeadEndConnector, HeadEndProfile
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
    with closing(HeadEndConnector(HeadEndProfile.of(settings.head_end), clock)) as connector:
        yield connector
