"""``csire-bridge hold set``: one hold, or one for each point of a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from csire_bridge.cli.shared.console import ExitCode, err, with_progress
from csire_bridge.cli.shared.opened import opened
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.metering_point.interlocks import against
from csire_bridge.domain.words import counted
from csire_bridge.domain.written_text import written_text
from csire_bridge.pipeline.operator import complaint_actions, guard_actions
from csire_bridge.pipeline.operator.points.point_picks import PickedPoints, listed_words, pick_points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from csire_bridge.cli.shared.operator_command import Operator
    from csire_bridge.domain.identifiers import MeteringPointCode
    from csire_bridge.domain.law.policy import LawPolicy
    from csire_bridge.domain.operations.operator_action import OperatorAction
    from csire_bridge.domain.order.order import Order
    from csire_bridge.store.database import Database
    from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["NewHold", "hold_many"]

_AT_ONCE = 200
"""So many points are held in one transaction: the service writes in between."""


@dataclass(frozen=True, slots=True)
class NewHold:
    """What is to be held, by whom and why, wherever it is. ``lodged`` and ``after_cut`` are of a complaint."""

    kind: HoldKind
    lodged: datetime | None
    until: datetime | None
    after_cut: bool
    act: OperatorAction
    law: LawPolicy

    def enter(self, tx: UnitOfWork, code: MeteringPointCode) -> tuple[Hold, list[Order]]:
        """Hold a point; the open orders there that the hold meets."""
        from csire_bridge.store.queries.lists.order_pages import open_at

        if self.kind is HoldKind.COMPLAINT:
            key = complaint_actions.lodge(tx, code, self.lodged, self.act, self.law, after_cut=self.after_cut)
        else:
            key = guard_actions.set_hold(tx, code, self.kind, self.until, self.act)
        hold = tx.guards.hold(key)
        met = [order for order in open_at(tx.connection, code, self.kind.stops) if against(order, [hold]) is not None]
        return hold, met

    def is_set_by(self, hold: Hold) -> bool:
        """Whether ``hold`` is this one, set by an earlier run of the same command."""
        lasts = None if self.until is None else self.until - self.act.at
        lasted = None if hold.until is None else hold.until - hold.since
        same_end = hold.until == self.until or lasted == lasts
        return same_end and (hold.kind, hold.by, hold.why) == (self.kind, self.act.by, self.act.why)


def hold_many(operator: Operator, file: Path, new: NewHold, *, dry_run: bool, only_found: bool) -> None:
    """Hold every point of a list, some at a time; nothing where a line is unclear, unless ``only_found``.

    After an interruption the same command goes on: points that it has held get no second hold.
    """
    words = listed_words(written_text(file.read_bytes()))
    if not words:
        raise typer.BadParameter(f"{file} names no point")
    with opened(operator.settings()) as store:
        with store.read_transaction() as tx:
            picked = pick_points(tx, words, new.act.at)
            held_before = tx.guards.holds_of(picked.found, new.act.at)
        same = [code for code in picked.found if any(new.is_set_by(hold) for hold in held_before.get(code, ()))]
        goes = not dry_run and (picked.is_whole or only_found)
        if goes:
            new.act.require_few(len(picked.found))
        done = _hold_each(store, [code for code in picked.found if code not in set(same)], new) if goes else []
    facts = {
        "found": list(picked.found),
        "unknown": dict(picked.unknown),
        "wrong": dict(picked.wrong),
        "ambiguous": {word: list(codes) for word, codes in picked.ambiguous.items()},
        "repeated": list(picked.repeated),
        "held_before": sorted(held_before),
        "held_by_this": same,
        "held": [{"key": hold.key, "point": hold.metering_point, "orders": [o.key for o in met]} for hold, met in done],
    }
    counts = [f"{len(picked.unknown)} unknown", f"{len(picked.wrong)} wrong", f"{len(picked.ambiguous)} ambiguous"]
    head = f"{counted(len(picked.found), 'point')} found, {', '.join(counts)}"
    met = sum(len(orders) for _, orders in done)
    end = f"{counted(len(done), 'point')} held; {counted(met, 'open order')} there" if goes else "nothing was held"
    if same and goes:
        end += f"; {counted(len(same), 'point')} had this hold of yours already"
    operator.tell(facts, head, *_unclear(picked), *_before(held_before), end)
    if not picked.is_whole and not (only_found or dry_run):
        err.print("-> correct the list, or hold what is found with --only-found", style="red", highlight=False)
    if not picked.is_whole and not only_found:
        raise typer.Exit(ExitCode.BAD_INPUT)


def _hold_each(store: Database, codes: Sequence[MeteringPointCode], new: NewHold) -> list[tuple[Hold, list[Order]]]:
    done: list[tuple[Hold, list[Order]]] = []
    try:
        for start in with_progress(range(0, len(codes), _AT_ONCE), "holding"):
            with store.transaction() as tx:
                some = [new.enter(tx, code) for code in codes[start : start + _AT_ONCE]]
            done += some
    finally:
        if len(done) < len(codes):
            said = f"{len(done)} of {counted(len(codes), 'point')} held -> give the same command again: it goes on"
            err.print(said, style="red", markup=False, highlight=False)
    return done


def _unclear(picked: PickedPoints) -> Iterator[str]:
    for word, why in picked.unknown.items():
        yield f"unknown: {word}: {why}"
    for word, why in picked.wrong.items():
        yield f"wrong: {word or '(empty)'}: {why}"
    for word, codes in picked.ambiguous.items():
        yield f"ambiguous: {word}: that meter is at {', '.join(codes)}"
    for word in picked.repeated:
        yield f"named twice: {word}"


def _before(held: object) -> Iterator[str]:
    for code in sorted(held) if isinstance(held, dict) else ():
        yield f"held already: {code}"
