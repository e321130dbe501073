"""``csire-bridge hold set``: one hold, or one for each point of a list, all of them or none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from csire_bridge.cli.shared.console import ExitCode, err
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.metering_point.interlocks import against
from csire_bridge.domain.words import counted
from csire_bridge.domain.written_text import written_text
from csire_bridge.pipeline.operator import complaint_actions, guard_actions
from csire_bridge.pipeline.operator.points.point_picks import PickedPoints, listed_words, pick_points

if TYPE_CHECKING:
    from collections.abc import Iterator

    from csire_bridge.cli.shared.operator_command import Operator
    from csire_bridge.domain.identifiers import MeteringPointCode
    from csire_bridge.domain.law.policy import LawPolicy
    from csire_bridge.domain.operations.operator_action import OperatorAction
    from csire_bridge.domain.order.order import Order
    from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["NewHold", "hold_many"]


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


def hold_many(operator: Operator, file: Path, new: NewHold, *, dry_run: bool, only_found: bool) -> None:
    """Hold every point of a list, in one transaction; nothing where a line is unclear, unless ``only_found``."""
    words = listed_words(written_text(file.read_bytes()))
    if not words:
        raise typer.BadParameter(f"{file} names no point")
    with operator.changing() as tx:
        picked = pick_points(tx, words, new.act.at)
        held_before = tx.guards.holds_of(picked.found, new.act.at)
        goes = not dry_run and (picked.is_whole or only_found)
        if goes:
            new.act.require_few(len(picked.found))
        done = [new.enter(tx, code) for code in picked.found] if goes else []
    facts = {
        "found": list(picked.found),
        "unknown": dict(picked.unknown),
        "wrong": dict(picked.wrong),
        "ambiguous": {word: list(codes) for word, codes in picked.ambiguous.items()},
        "repeated": list(picked.repeated),
        "held_before": sorted(held_before),
        "held": [{"key": hold.key, "point": hold.metering_point, "orders": [o.key for o in met]} for hold, met in done],
    }
    counts = [f"{len(picked.unknown)} unknown", f"{len(picked.wrong)} wrong", f"{len(picked.ambiguous)} ambiguous"]
    head = f"{counted(len(picked.found), 'point')} found, {', '.join(counts)}"
    met = sum(len(orders) for _, orders in done)
    end = f"{counted(len(done), 'point')} held; {counted(met, 'open order')} there" if goes else "nothing was held"
    operator.tell(facts, head, *_unclear(picked), *_before(held_before), end)
    if not picked.is_whole and not (only_found or dry_run):
        err.print("-> correct the list, or hold what is found with --only-found", style="red", highlight=False)
    if not picked.is_whole and not only_found:
        raise typer.Exit(ExitCode.BAD_INPUT)


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
