"""What the law says about an order just before its command: it may go, SID is asked first, it waits, or it can't.

A command may act until its end, so every Polish day from now to that end must be permitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from csire_bridge.domain.clock import WARSAW, start_of
from csire_bridge.domain.law.bans import Banned, Bans, concerned
from csire_bridge.domain.law.model import Ban
from csire_bridge.domain.law.policy import LawPolicy, Loosened, UnknownProtection, WhenBanned
from csire_bridge.domain.order.facts import OrderFacts
from csire_bridge.domain.protection import NOT_PROTECTED, Protection

__all__ = ["AskFirst", "Forbidden", "LawVerdict", "Permitted", "WaitForLaw", "judge"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Permitted:
    """No rule forbids it. ``loosened``: rules that would, but for the operator's own decision."""

    loosened: tuple[tuple[Ban, Loosened], ...] = ()


@dataclass(frozen=True, slots=True)
class AskFirst:
    """A ban depends on whether the household is protected, and SID has not been asked yet."""

    ban: Ban


@dataclass(frozen=True, slots=True)
class WaitForLaw:
    """Forbidden until ``until`` (UTC), and worth waiting for."""

    ban: Ban
    until: datetime
    assumed: bool

    @property
    def text(self) -> str:
        """What the history says."""
        until = f"until {self.until.astimezone(WARSAW):%Y-%m-%d %H:%M} Polish time"
        return f"waits {until}: {_words(self.ban, assumed=self.assumed)}"


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Forbidden for longer than the order may wait; it is answered with "cannot"."""

    ban: Ban
    until: datetime | None
    assumed: bool

    @property
    def text(self) -> str:
        """What the answer says."""
        until = f", until {self.until.astimezone(WARSAW):%Y-%m-%d}" if self.until else ""
        return f"forbidden by law{until}: {_words(self.ban, assumed=self.assumed)}"


LawVerdict = Permitted | AskFirst | WaitForLaw | Forbidden


def judge(
    order: OrderFacts,
    protection: Protection | None,
    policy: LawPolicy,
    now: datetime,
    ends: datetime,
    *,
    can_ask: bool = False,
) -> LawVerdict:
    """What the law says about ``order`` at ``now`` for a command that may act until ``ends`` (both UTC).

    ``protection`` is what is known of the household; None: nothing. ``can_ask``: SID can still be asked for it.
    """
    if not concerned(order, policy):
        return Permitted()
    known = NOT_PROTECTED if protection is None and policy.unknown is UnknownProtection.NOT_PROTECTED else protection
    bans = Bans(order, known, policy)
    days = list(_days(now, ends))
    found = _banned(bans, days, policy)
    if found is None:
        return Permitted(tuple(_loosened(bans, days, policy)))
    asks = policy.unknown in (UnknownProtection.ASK, UnknownProtection.UNDECIDED)
    if known is None and asks and can_ask:
        return AskFirst(found.ban)
    until = start_of(found.open_on) if found.open_on else None
    if until is not None and _waits(found.ban, until, policy, now):
        return WaitForLaw(found.ban, until, known is None)
    return Forbidden(found.ban, until, known is None)


def _days(now: datetime, ends: datetime) -> Iterator[date]:
    day, last = now.astimezone(WARSAW).date(), max(now, ends).astimezone(WARSAW).date()
    while day <= last:
        yield day
        day += _DAY


def _banned(bans: Bans, days: list[date], policy: LawPolicy) -> Banned | None:
    found = (bans.on(day, without=policy.loosened) for day in days)
    return next((banned for banned in found if banned is not None), None)


def _loosened(bans: Bans, days: list[date], policy: LawPolicy) -> Iterator[tuple[Ban, Loosened]]:
    found = {ban.name: ban for day in days for ban in bans.all_on(day)}
    return ((ban, policy.loosened[name]) for name, ban in found.items() if name in policy.loosened)


def _waits(ban: Ban, until: datetime, policy: LawPolicy, now: datetime) -> bool:
    match policy.when_banned.get(ban.name, WhenBanned.BY_LENGTH):
        case WhenBanned.WAIT:
            return True
        case WhenBanned.REFUSE:
            return False
        case WhenBanned.BY_LENGTH:
            return until <= now + policy.wait_days * _DAY


def _words(ban: Ban, *, assumed: bool) -> str:
    why = "; nobody knows whether the household is protected, so it counts as protected" if assumed else ""
    return f"{ban.words}{why}"
