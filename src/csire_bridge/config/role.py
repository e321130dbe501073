"""What a process of the service does; apart from the service, so that the help of ``serve`` loads nothing of it."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Role"]


class Role(StrEnum):
    """The role of a process: take messages in, process them, or both."""

    WEB = "web"
    WORKER = "worker"
    ALL = "all"
