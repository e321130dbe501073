"""Tells the service manager how the service is: started, alive, stopping (the protocol of sd_notify(3)).

Under systemd with ``Type=notify`` the unit counts as started when the service answers, and with ``WatchdogSec=`` it is
started anew if it stops telling that it is alive. Without a service manager nothing happens.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

__all__ = ["ServiceManager"]


class ServiceManager:
    """The service manager that started this process, if there is one.

    The socket is taken out of the environment, so that processes which this one starts don't speak in its name.
    """

    def __init__(self, address: str | None) -> None:
        """``address`` is a path, or a name of Linux's abstract namespace behind ``@``; None for no manager."""
        self._address = address

    @classmethod
    def of_this_process(cls) -> ServiceManager:
        """The manager that the environment names."""
        return cls(os.environ.pop("NOTIFY_SOCKET", None) or None)

    def started(self, status: str) -> None:
        """The service answers; ``status`` is what ``systemctl status`` shows."""
        self._tell({"READY": "1", "STATUS": status})

    def alive(self) -> None:
        """The service works; to be told more often than ``WatchdogSec=``."""
        self._tell({"WATCHDOG": "1"})

    def reloading(self) -> None:
        """The service reads its settings anew; ``started`` tells that it has."""
        self._tell({"RELOADING": "1", "MONOTONIC_USEC": str(time.monotonic_ns() // 1000)})

    def stopping(self) -> None:
        """The service ends: it accepts nothing more, and finishes what it has begun."""
        self._tell({"STOPPING": "1"})

    def _tell(self, facts: Mapping[str, str]) -> None:
        if self._address is None:
            return
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        words = "\n".join(f"{key}={value}" for key, value in facts.items())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.sendto(words.encode(), name)
