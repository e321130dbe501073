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
    automated: bool
    months: str
    shares: Mapping[Bucket, int]

    @property
    def label(self) -> str:
        """How, and when."""
        return f"{'automated' if self.automated else 'by hand'}, {self.months}"


def _row(kind: OrderKind, months: str, *shares: int) -> Published:
    return Published(kind, months == _AUTOMATED, months, MappingProxyType(dict(zip(Bucket, shares, strict=True))))


_BY_HAND, _AUTOMATED = "11.2023-08.2024", "08.2024-04.2025"


PUBLISHED = (
    _row(OrderKind.DISCONNECT, _BY_HAND, 12, 12, 22, 20, 34),
    _row(OrderKind.DISCONNECT, _AUTOMATED, 65, 4, 5, 7, 19),
    _row(OrderKind.RECONNECT, _BY_HAND, 26, 17, 21, 18, 18),
    _row(OrderKind.RECONNECT, _AUTOMATED, 79, 5, 4, 5, 7),
)
"""As the distribution operator published them for suspensions and resumptions of supply."""
