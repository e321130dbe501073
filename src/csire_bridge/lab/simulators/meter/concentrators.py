"""The concentrators of the simulated head-end system; each is a TCP listener of its own and can fail by itself."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterator, Mapping

from csire_bridge.domain.identifiers import MeterNumber
from csire_bridge.lab.simulators.meter.client import MeterClient
from csire_bridge.lab.simulators.meter.meter import Meter
from csire_bridge.lab.simulators.meter.server import MeterServer

__all__ = ["Concentrators"]


class _ElsewhereServer:
    """A listener of another process; starting and stopping is its own affair."""

    def __init__(self, host_and_port: tuple[str, int], addresses: Mapping[str, int]) -> None:
        self.host_and_port, self._addresses = host_and_port, addresses

    def address_of(self, number: MeterNumber) -> int | None:
        return self._addresses.get(number)

    def meter(self, number: MeterNumber) -> Meter:
        raise KeyError(f"{number} here: another process has that meter")

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Concentrators:
    """Meters in the order of their installation, ``per_concentrator`` behind each listener (None: all behind one).

    They are reached over as many kept-alive connections as there are callers at once.
    """

    def __init__(self, per_concentrator: int | None = None) -> None:
        if per_concentrator is not None and per_concentrator < 1:
            raise ValueError("a concentrator has at least one meter")
        self._size = per_concentrator
        self._servers: list[MeterServer | _ElsewhereServer] = []
        self._idle: list[queue.LifoQueue[MeterClient]] = []
        self._places: dict[str, int] = {}
        self._started = False

    def add(self, meter: Meter) -> None:
        """Install a meter."""
        place = len(self._places) // self._size if self._size else 0
        if place == len(self._servers):
            self._servers.append(MeterServer())
            self._idle.append(queue.LifoQueue())
            if self._started:
                self._servers[place].start()
        server = self._servers[place]
        if isinstance(server, _ElsewhereServer):
            raise ValueError("meters of this process are installed before those of another one")
        server.add(meter)
        self._places.setdefault(meter.number, place)

    def connect(self, host_and_port: tuple[str, int], addresses: Mapping[str, int]) -> None:
        """Reach meters that another process hosts: its listener, and each meter's address there."""
        self._servers.append(_ElsewhereServer(host_and_port, addresses))
        self._idle.append(queue.LifoQueue())
        self._places |= dict.fromkeys(addresses, len(self._servers) - 1)

    def __contains__(self, number: object) -> bool:
        return number in self._places

    def __len__(self) -> int:
        return len(self._servers)

    def meter(self, number: str) -> Meter:
        """The meter itself; KeyError for an unknown one."""
        return self._servers[self._places[number]].meter(MeterNumber(number))

    def concentrator_of(self, number: str) -> int:
        """Behind which concentrator a meter is, counted from 0; KeyError for an unknown one."""
        return self._places[number]

    def hosted(self) -> list[str]:
        """The numbers of the meters of this process."""
        return [number for number, place in self._places.items() if isinstance(self._servers[place], MeterServer)]

    def start(self) -> None:
        """Begin to answer."""
        self._started = True
        for server in self._servers:
            server.start()

    def stop(self) -> None:
        """Close all ports and connections."""
        for place, server in enumerate(self._servers):
            self._forget(place)
            server.stop()

    def cut(self, place: int) -> None:
        """Let a concentrator fail; IndexError for one that is not there."""
        self._servers[place].stop()

    def restore(self, place: int) -> None:
        """Have a concentrator that failed answer again."""
        self._servers[place].start()

    @contextlib.contextmanager
    def client(self, number: str) -> Iterator[tuple[MeterClient, int]]:
        """A client for the meter's concentrator, and the meter's address there; KeyError for an unknown meter."""
        place = self._places[number]
        server, idle = self._servers[place], self._idle[place]
        address = server.address_of(MeterNumber(number))
        if address is None:
            raise KeyError(number)
        try:
            client = idle.get_nowait()  # the one used last, because it knows the most meters
        except queue.Empty:
            client = MeterClient(server.host_and_port)
        try:
            yield client, address
        finally:
            idle.put(client)

    def _forget(self, place: int) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle[place].get_nowait().close()
