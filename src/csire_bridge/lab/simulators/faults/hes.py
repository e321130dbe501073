"""What can go wrong between the bridge, the simulated head-end system and its meters; settable at any time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

__all__ = ["Fault", "FaultRule", "HeadEndFaults"]


class Fault(StrEnum):
    """Kinds of faults; each is a rule of the same name in ``HeadEndFaults``.

    To the request: ``REQUEST_LOST`` (the connection is cut and nothing was taken), ``REPLY_LOST`` (all was taken, then
    the connection is cut), ``REPLY_ERROR`` (all was taken, then a gateway's error page), ``BUSY`` and ``REFUSED``
    (nothing was taken, and the reply says so), ``REPLY_LIES`` (the reply says refused for good, and the command runs).
    To the command: ``UNREACHABLE`` (the meter can't be reached, also not for reading), ``IGNORED`` (accepted, never
    run, no event), ``CLAIMED`` (not run, and the event says it was), ``EVENT_LIES`` (switched, and the event says it
    failed).
    To the event: ``SILENT`` (it never comes), ``DUPLICATE``, ``LATE``, ``EARLY`` (before the reply), ``STRAY`` (under
    a correlation id that nobody knows), ``UNSOLICITED`` (somebody presses the button of an armed meter).
    """

    REQUEST_LOST = "request_lost"
    REPLY_LOST = "reply_lost"
    REPLY_ERROR = "reply_error"
    BUSY = "busy"
    REFUSED = "refused"
    REPLY_LIES = "reply_lies"
    UNREACHABLE = "unreachable"
    IGNORED = "ignored"
    CLAIMED = "claimed"
    EVENT_LIES = "event_lies"
    SILENT = "silent"
    DUPLICATE = "duplicate"
    LATE = "late"
    EARLY = "early"
    STRAY = "stray"
    UNSOLICITED = "unsolicited"


@dataclass(slots=True)
class FaultRule:
    """When a fault strikes: the ``meters`` named, and any other one with ``chance`` (0 to 1).

    Once it struck, it goes on for ``tries`` opportunities of that meter in all, or for ``seconds``. Without either, one
    that came by chance is over at once, and one of a named meter stays for as long as the meter is named.
    """

    chance: float = 0.0
    meters: set[str] = field(default_factory=set)
    tries: int | None = None
    seconds: float | None = None

    __pydantic_config__ = ConfigDict(extra="forbid", strict=False)

    def __post_init__(self) -> None:
        if not 0 <= self.chance <= 1:
            raise ValueError("a chance lies between 0 and 1")
        if (self.tries is not None and self.tries < 1) or (self.seconds is not None and self.seconds <= 0):
            raise ValueError("a fault lasts at least one try, or more than 0 seconds")

    def add(self, *meters: str) -> None:
        """Strike these meters from now on."""
        self.meters.update(meters)

    def discard(self, meter: str) -> None:
        """Leave this meter alone, but for chance."""
        self.meters.discard(meter)

    def clear(self) -> None:
        """Strike no more."""
        self.chance, self.tries, self.seconds = 0.0, None, None
        self.meters.clear()


@dataclass(slots=True)
class HeadEndFaults:
    """One rule for each kind of fault, and what they need to know.

    ``late_seconds`` is how much later a late event comes, ``button_seconds`` how long after arming the button is
    pressed, ``error_status`` the HTTP status of an error page.
    """

    request_lost: FaultRule = field(default_factory=FaultRule)
    reply_lost: FaultRule = field(default_factory=FaultRule)
    reply_error: FaultRule = field(default_factory=FaultRule)
    busy: FaultRule = field(default_factory=FaultRule)
    refused: FaultRule = field(default_factory=FaultRule)
    reply_lies: FaultRule = field(default_factory=FaultRule)
    unreachable: FaultRule = field(default_factory=FaultRule)
    ignored: FaultRule = field(default_factory=FaultRule)
    claimed: FaultRule = field(default_factory=FaultRule)
    event_lies: FaultRule = field(default_factory=FaultRule)
    silent: FaultRule = field(default_factory=FaultRule)
    duplicate: FaultRule = field(default_factory=FaultRule)
    late: FaultRule = field(default_factory=FaultRule)
    early: FaultRule = field(default_factory=FaultRule)
    stray: FaultRule = field(default_factory=FaultRule)
    unsolicited: FaultRule = field(default_factory=FaultRule)
    late_seconds: float = 5.0
    button_seconds: float = 0.0
    error_status: int = 504

    __pydantic_config__ = ConfigDict(extra="forbid", strict=False)

    @classmethod
    def plan_value(cls) -> HeadEndFaults:
        """What has to be planned for: 5 to 10 % of orders do not finish at the first attempt."""
        return cls(
            unreachable=FaultRule(chance=0.03, tries=2),
            busy=FaultRule(chance=0.01),
            reply_lost=FaultRule(chance=0.01),
            ignored=FaultRule(chance=0.01),
            silent=FaultRule(chance=0.01),
            late=FaultRule(chance=0.01),
        )

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> HeadEndFaults:
        """From plain values such as ``{"busy": {"chance": 0.1}}``; ValueError says what is wrong with them."""
        if values == {"preset": "plan"}:
            return cls.plan_value()
        try:
            return _READER.validate_python(values)
        except ValidationError as error:
            raise ValueError(
                "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            ) from error

    def change(self, values: Mapping[str, Any]) -> None:
        """Change what ``values`` name and leave the rest; ValueError, and nothing changed, where they are wrong."""
        read = HeadEndFaults.read(values)
        named = [f.name for f in fields(self)] if "preset" in values else list(values)
        for name in named:
            setattr(self, name, getattr(read, name))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        fresh = HeadEndFaults()
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))

    def rule(self, fault: Fault) -> FaultRule:
        """The rule of a kind."""
        rule: FaultRule = getattr(self, fault)
        return rule


_READER = TypeAdapter(HeadEndFaults)
