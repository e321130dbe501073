"""The callback by which an endpoint submits a message, and the result it awaits."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable
from typing import Protocol

from csire_bridge.domain.message.message import Form, MessageState

__all__ = ["Receipt", "Submit"]


class Receipt(Protocol):
    """The result of submitting a message; ``state`` and ``receipt`` are None if it must be sent again.

    ``signer`` is the partner that a good signature names, where there was one.
    """

    @property
    def form(self) -> Form: ...
    @property
    def state(self) -> MessageState | None: ...
    @property
    def receipt(self) -> bytes | None: ...
    @property
    def signer(self) -> str | None: ...


Submit = Callable[[str, bytes, Form], Future[Receipt]]
"""Hands (origin, bytes, form) in, from an event loop; the future ends when the message is committed and settled.

If the caller disconnects meanwhile, which cancels the future, the message is taken in all the same.
"""
