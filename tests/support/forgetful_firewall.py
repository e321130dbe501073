"""A firewall that forgets connections in silence: what is sent on one that it forgot goes nowhere."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

__all__ = ["ForgetfulFirewall"]


class ForgetfulFirewall:
    """Passes TCP connections on to ``target``, host and port or the path of a socket; use it in ``with``."""

    def __init__(self, target: tuple[str, int] | str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._passing: list[tuple[socket.socket, socket.socket]] = []
        self._forgotten: list[tuple[socket.socket, socket.socket]] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.opened = 0

    def forget(self) -> None:
        """From now on nothing passes on the connections that are open; neither end is told."""
        self._forgotten += self._passing
        self._passing = []

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in (end for pair in (*self._passing, *self._forgotten) for end in pair):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                inner, _ = self._listener.accept()
                pair = (inner, self._connected())
                self._passing.append(pair)
                self.opened += 1
                for source, sink in (pair, pair[::-1]):
                    thread = threading.Thread(target=self._pass_on, args=(pair, source, sink), daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _connected(self) -> socket.socket:
        if isinstance(self._target, str):
            outer = socket.socket(socket.AF_UNIX)
            outer.connect(self._target)
            return outer
        return socket.create_connection(self._target)

    def _pass_on(self, pair: tuple[socket.socket, socket.socket], source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if pair not in self._forgotten:
                    sink.sendall(data)
            if pair not in self._forgotten:
                sink.shutdown(socket.SHUT_WR)
