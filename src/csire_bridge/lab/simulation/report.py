"""The whole result of a simulation, for people and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from csire_bridge.domain.figures.published import PUBLISHED
from csire_bridge.domain.order.order import FINAL_STATES, NEEDS_OPERATOR, OrderKind, OrderState
from csire_bridge.lab.shared.measure import peak_rss_mib
from csire_bridge.lab.simulation.check import violations
from csire_bridge.lab.simulation.law import LawOutcome
from csire_bridge.lab.simulation.outcome import KindOutcome, Spread, outcomes
from csire_bridge.lab.simulation.pattern import STORIES
from csire_bridge.lab.simulation.play import Play

__all__ = ["AIM", "LEFT_OUT", "Report", "as_json", "report_of", "still_open"]

AIM = 0.95
"""Share of orders at reachable meters to be carried out within 15 minutes of the moment that the rules allow."""

LEFT_OUT = (
    "signatures, schemas and the journal of the hub's messages, and the signed answers: they take milliseconds, "
    "and 100,000 of them would only make the run long"
)


@dataclass(frozen=True)
class Report:
    """``seconds`` is how long the run took; ``wrong`` lists every invariant that was broken, a sentence each."""

    play: Play
    kinds: Sequence[KindOutcome]
    law: LawOutcome
    wrong: Sequence[str]
    seconds: float
    peak_rss_mib: float

    @property
    def due(self) -> int:
        """Suspensions and resumptions at reachable meters that should have been carried out."""
        return sum(kind.due for kind in self._movements)

    @property
    def in_time(self) -> int:
        """Those of ``due`` that were carried out within 15 minutes of the moment that the rules allow."""
        return sum(kind.in_time for kind in self._movements)

    @property
    def aim_met(self) -> bool | None:
        """Whether more than 95 % of ``due`` were in time; None where nothing was due."""
        return self.in_time / self.due > AIM if self.due else None

    @property
    def waited_for_cap(self) -> int:
        """Orders that the hourly cap held up at some time."""
        return sum(kind.waited_for_cap for kind in self.kinds)

    @property
    def _movements(self) -> list[KindOutcome]:
        return [kind for kind in self.kinds if kind.kind in (OrderKind.DISCONNECT, OrderKind.RECONNECT)]


def report_of(play: Play, seconds: float) -> Report:
    """The result of a play that has ended and took so long."""
    found = outcomes(play)
    return Report(play, found.kinds, found.law, violations(play), seconds, peak_rss_mib())


def still_open(ends: Mapping[OrderState, int]) -> int:
    """How many orders have neither ended nor been left to a person."""
    return sum(count for state, count in ends.items() if state not in FINAL_STATES | NEEDS_OPERATOR)


def as_json(report: Report) -> dict[str, Any]:
    """For programs; times in seconds, published shares in percent, moments in UTC."""
    play, scenario = report.play, report.play.scenario
    return {
        "scenario": scenario.name,
        "seed": scenario.seed,
        "start": scenario.start.isoformat(),
        "days": scenario.days,
        "ended": play.clock().isoformat(),
        "orders": sum(kind.orders for kind in report.kinds),
        "workers": scenario.workers,
        "left_out": LEFT_OUT,
        "aim": {"share": AIM, "due": report.due, "in_time": report.in_time, "met": report.aim_met},
        "kinds": [_kind(kind) for kind in report.kinds],
        "law": _law(report.law),
        "published": [{"kind": p.kind, "label": p.label, "percent": dict(p.shares)} for p in PUBLISHED],
        "disconnections_per_hour": play.policy.disconnections_per_hour,
        "waited_for_cap": report.waited_for_cap,
        "commands": play.head_end.commands,
        "faults": dict(sorted(play.fate.struck.items())),
        "pattern": {story: {"share": facts.share, "when": facts.when, "source": facts.source}
                    for story, facts in STORIES.items()},
        "wrong": list(report.wrong),
        "seconds": report.seconds,
        "peak_rss_mib": report.peak_rss_mib,
    }  # fmt: skip


def _law(law: LawOutcome) -> dict[str, Any]:
    days = sorted(law.without | law.done)
    return {
        "suspensions": law.suspensions,
        "protected": law.protected,
        "moved": law.moved,
        "refused": law.refused,
        "days": [{"day": day.isoformat(), "without": law.without[day], "done": law.done[day]} for day in days],
    }


def _kind(kind: KindOutcome) -> dict[str, Any]:
    return {
        "kind": kind.kind,
        "orders": kind.orders,
        "ends": dict(kind.ends),
        "from_registration": _spread(Spread.of(kind.registered)),
        "from_allowed": _spread(Spread.of(kind.allowed)),
        "from_allowed_reachable": _spread(Spread.of(kind.reachable)),
        "due_reachable": kind.due,
        "in_time": kind.in_time,
        "late": dict(kind.late),
        "deadlines": kind.deadlines,
        "deadlines_met": kind.deadlines_met,
        "waited_for_cap": kind.waited_for_cap,
    }


def _spread(spread: Spread) -> dict[str, Any]:
    percentiles = {"p50_seconds": spread.p50, "p90_seconds": spread.p90, "p99_seconds": spread.p99}
    return {"count": spread.count, "buckets": dict(spread.buckets), **percentiles}
