"""Which rule applies to an order: the most specific one.

A rule for an order's kind may also name its disconnection kind, its supplier and its source. Of two rules that
match, the one applies that has all conditions of the other, and more. No condition outranks another: if two rules match
the same order and neither has all conditions of the other, the set must contain a rule with the conditions of both, or
it is refused. So exactly one rule applies, and it applies completely: nothing is inherited. An order that no rule
matches is sent at once.
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
    """The value of the scope that applies to ``order``; None if none matches."""
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
