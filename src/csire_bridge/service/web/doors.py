"""The doors of the service, and the addresses at which they are open.

A door is a group of endpoints: for the hub, for SID, for events of the head-end system, for operations, and for people,
the console. Each can have an address of its own; doors without one are at the address of ``[web]``, the console at that
of the operations door. A process opens only the doors of its role.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, replace
from enum import StrEnum

from csire_bridge.config.role import Role
from csire_bridge.config.sections.running.doors import TlsSettings
from csire_bridge.config.sections.running.web import WebSettings
from csire_bridge.domain.errors import ConfigurationError

__all__ = [
    "Address",
    "Door",
    "OpenAddress",
    "address_of",
    "addresses",
    "listening_socket",
    "not_to_be_had",
    "open_addresses",
]


class Door(StrEnum):
    """The groups of endpoints. ``HEALTH`` is always open at the address of ``[web]``, too."""

    HUB = "hub"
    SID = "sid"
    EVENTS = "events"
    HEALTH = "health"
    OPERATIONS = "operations"
    CONSOLE = "console"


@dataclass(frozen=True)
class Address:
    """One address of the service, named by the ``setting`` that gives it, with the doors that are open there."""

    setting: str
    host: str
    port: int
    doors: frozenset[Door]
    tls: TlsSettings | None = None

    @property
    def url(self) -> str:
        """How a caller on the same network would reach it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.tls else ''}://{host}:{self.port}"

    @property
    def is_of_this_machine(self) -> bool:
        """Whether only callers of the same machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True)
class OpenAddress:
    """An address with its socket, which is bound and does not listen yet."""

    address: Address
    listener: socket.socket


def addresses(web: WebSettings, role: Role) -> list[Address]:
    """The addresses at which a process of that role listens, that of ``[web]`` first; no two are the same.

    Raises ConfigurationError for an address with two kinds of TLS.
    """
    operations = web.operations
    own = Address("web.operations", operations.host, operations.port, frozenset({Door.OPERATIONS}), operations.tls)
    if role is Role.WORKER:
        return [own]
    found: list[Address] = []
    for address in (*_for_messages(web), *_for_people(web, own)):
        _enter(found, address)
    return found


def _for_messages(web: WebSettings) -> list[Address]:
    main = Address("web", web.host, web.port, frozenset({Door.HEALTH}), web.tls)
    apart = []
    for door, settings in ((Door.HUB, web.hub), (Door.SID, web.sid), (Door.EVENTS, web.events)):
        if settings.port is None:
            main = replace(main, doors=main.doors | {door})
        else:
            here = settings.host or web.host
            apart.append(Address(f"web.{door}", here, settings.port, frozenset({door}), settings.tls))
    return [main, *apart]


def _for_people(web: WebSettings, operations: Address) -> list[Address]:
    console = web.console
    if not console.open:
        return [operations]
    if console.port is None:
        return [replace(operations, doors=operations.doors | {Door.CONSOLE})]
    here = console.host or operations.host
    return [operations, Address("web.console", here, console.port, frozenset({Door.CONSOLE}), console.tls)]


def _enter(found: list[Address], address: Address) -> None:
    """Add an address, or its doors to the same one. Any free port (0) is another one each time."""
    for place, there in enumerate(found):
        if address.port and (there.host, there.port) == (address.host, address.port):
            if address.tls not in (None, there.tls):
                raise ConfigurationError(
                    f"settings {there.setting} and {address.setting}: {address.host}:{address.port} can't have two "
                    "kinds of TLS",
                    f"give {address.setting} a port of its own, or take its tls out",
                )
            found[place] = replace(there, doors=there.doors | address.doors)
            return
    found.append(address)


def address_of(door: Door, web: WebSettings) -> Address:
    """The address of a door as the settings have it, whether or not this process opens it."""
    return next(address for address in addresses(web, Role.ALL) if door in address.doors)


def open_addresses(web: WebSettings, role: Role, *, shared: bool) -> list[OpenAddress]:
    """Bind every address of a process; ``shared`` lets other processes bind them too. Port 0 becomes a real one.

    Raises ConfigurationError for an address that can't be had; nothing is left bound then.
    """
    found: list[OpenAddress] = []
    try:
        for address in addresses(web, role):
            listener = listening_socket(address.host, address.port, shared=shared, setting=address.setting)
            found.append(OpenAddress(replace(address, port=listener.getsockname()[1]), listener))
    except ConfigurationError:
        for one in found:
            one.listener.close()
        raise
    return found


def listening_socket(host: str, port: int, *, shared: bool = False, setting: str = "web") -> socket.socket:
    """A socket bound to ``port`` (0: any free one); ``shared`` lets other processes listen on the same port.

    The protocol is named, because asyncio sets TCP_NODELAY only then; without it each answer waits 40 ms for an ACK.
    Raises ConfigurationError, which names the ``setting``, when the address can't be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
    except OSError as error:
        raise not_to_be_had(host, port, setting, error) from error
    return listener


def not_to_be_had(host: str, port: int, setting: str, error: OSError) -> ConfigurationError:
    """That an address can't be listened on, because somebody else does, or it is not of this machine."""
    return ConfigurationError(
        f"{host}:{port} can't be listened on: {error.strerror}",
        f"choose another {setting}.host or {setting}.port; each process on a machine needs an address of its own",
    )
