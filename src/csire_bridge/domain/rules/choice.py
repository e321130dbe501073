"""Which rule counts for an order: the one that names the most of what the order is.

A rule for an order's kind may also name its disconnection kind, its supplier and its source. Of two rules that fit,
the one counts that names everything that the other names, and more. Neither condition outranks another: where two
rules fit the same order and neither names all that the other names, the set must hold a rule that names both, or
it is refused. So exactly one rule counts, and it counts whole: nothing is inherited. An order that no rule fits is
sent at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import TypeVar

from csire_bridge.domain.order.facts import OrderFacts, OrderSource
from csire_bridge.domain.order.order import OrderKind
from csire_bridge.domain.rules.model import Scope

__all__ = ["ambiguities", "choose"]

_T = TypeVar("_T")
_NAMED = sorted(product((True, False), repeat=3), key=sum, reverse=True)


def choose(by_scope: Mapping[Scope, _T], order: OrderFacts, source: OrderSource) -> _T | None:
    """What stands for the scope that counts for ``order``; None when none fits."""
    for of_kind, of_supplier, of_source in _NAMED:
        found = by_scope.get(
            Scope(
                order.kind,
                order.disconnection_kind if of_kind and order.kind is OrderKind.DISCONNECT else None,
                order.supplier if of_supplier else None,
                source if of_source else None,
            )
        )
        if found is not None:
            return found
    return None


def ambiguities(scopes: Sequence[Scope]) -> Iterator[tuple[int, str]]:
    """Every scope (its place in the list) that clashes with an earlier one, and why."""
    known = set(scopes)
    for (_, one), (place, other) in combinations(enumerate(scopes), 2):
        if one == other:
            yield place, f"another rule is for the same orders ({other})"
        elif one.overlaps(other) and not (one.named < other.named or other.named < one.named):
            both = one.both(other)
            if both not in known:
                yield (
                    place,
                    f"as specific as the rule for ({one}): nobody can say which counts for ({both}); "
                    "add a rule for these, or take one out",
                )
