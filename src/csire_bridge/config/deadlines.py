"""Settings of deadlines."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from csire_bridge.config.parties import Part
from csire_bridge.domain.order.deadlines import DEFAULT_TERMS, CountFrom, Deadlines, Term, order_classes

__all__ = ["DeadlineSettings"]


def _order_class(text: str) -> str:
    if text not in order_classes():
        raise ValueError(f"no orders are called {text!r}; known are {', '.join(order_classes())}")
    return text


def _term(text: str) -> str:
    if text != "none":
        Term.parse(text)
    return text


class DeadlineSettings(Part):
    """By when orders must be carried out.

    ``within`` names terms by kind of order, such as ``disconnect-prepaid = "1 working day"``; it is laid over the
    defaults, and ``"none"`` takes one away. With less than ``near_seconds`` left an order goes to field work.
    ``count_from`` is ``message`` (its own timestamp, the strict reading) or ``receipt``.
    """

    near_seconds: float = Field(default=3600, ge=0)
    count_from: CountFrom = CountFrom.MESSAGE
    within: dict[Annotated[str, AfterValidator(_order_class)], Annotated[str, AfterValidator(_term)]] = Field(
        default_factory=dict
    )

    def as_deadlines(self) -> Deadlines:
        """The same as values of the domain."""
        named = {name: None if text == "none" else Term.parse(text) for name, text in self.within.items()}
        return Deadlines({**DEFAULT_TERMS, **named}, timedelta(seconds=self.near_seconds), self.count_from)
