"""Port of the alerts that a person can acknowledge."""

from __future__ import annotations

from typing import Protocol

from csire_bridge.domain.operations.alert_records import Acknowledgement, AlertRecord

__all__ = ["AlertBook"]


class AlertBook(Protocol):
    """Open alerts and their acknowledgements."""

    def open(self) -> list[AlertRecord]: ...
    def acknowledge(self, new: Acknowledgement) -> int: ...
