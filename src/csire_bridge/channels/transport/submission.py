"""How a door hands a message in, and what it hears of it."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable
from typing import Protocol

from csire_bridge.domain.message.message import Form, MessageState

__all__ = ["Receipt", "Submit"]


class Receipt(Protocol):
    """What became of a message; ``state`` and ``receipt`` are None when it must be sent again.

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

Who hangs up meanwhile, and so cancels the future, disturbs nobody: the message is taken all the same.
"""
