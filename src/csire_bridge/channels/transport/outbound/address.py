"""Addresses of partners: https, or plain http on this machine; and the files that TLS needs."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from csire_bridge.domain.errors import ConfigurationError

__all__ = ["check_address", "check_files", "is_this_machine"]


def check_address(url: str, whose: str) -> None:
    """Raise ConfigurationError for an invalid address of the partner ``whose``."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError(f"{url!r} is no address of {whose}: {error}", f"correct the url of {whose}") from error
    if parts.scheme == "https" and host:
        return
    if parts.scheme == "http" and host and is_this_machine(host):
        return
    raise ConfigurationError(
        f"{url!r} is no address of {whose}", "give it an https address; plain http is for this machine only"
    )


def check_files(files: Iterable[Path | None], whose: str) -> None:
    """Raise ConfigurationError for the first TLS file that does not exist."""
    for file in files:
        if file is not None and not file.is_file():
            raise ConfigurationError(f"the TLS file {file} of {whose} is not there", "name the PEM file that is meant")


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine, by its name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
