"""What the operator measured: execution times from registration in the customer system, in percent of orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from csire_bridge.domain.operations.statistics import Bucket
from csire_bridge.domain.order.order import OrderKind

__all__ = ["PUBLISHED", "Published"]


@dataclass(frozen=True, slots=True)
class Published:
    """One published year of one kind; ``shares`` are percent, and may miss 100 by what was rounded."""

    kind: OrderKind
    label: str
    shares: Mapping[Bucket, int]


def _row(kind: OrderKind, label: str, *shares: int) -> Published:
    return Published(kind, label, MappingProxyType(dict(zip(Bucket, shares, strict=True))))


PUBLISHED = (
    _row(OrderKind.DISCONNECT, "by hand, 11.2023-08.2024", 12, 12, 22, 20, 34),
    _row(OrderKind.DISCONNECT, "automated, 08.2024-04.2025", 65, 4, 5, 7, 19),
    _row(OrderKind.RECONNECT, "by hand, 11.2023-08.2024", 26, 17, 21, 18, 18),
    _row(OrderKind.RECONNECT, "automated, 08.2024-04.2025", 79, 5, 4, 5, 7),
)
"""As the distribution operator published them for suspensions and resumptions of supply."""
