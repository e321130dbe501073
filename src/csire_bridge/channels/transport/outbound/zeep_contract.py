"""Limits zeep to the files in a contract's folder: it never opens a connection by itself."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import zeep

from csire_bridge.domain.errors import ConfigurationError

__all__ = ["ContractTransport"]


class ContractTransport(zeep.Transport):
    """Reads the WSDL and its schemas from the folder ``contract``, and from nowhere else; subclasses post."""

    def __init__(self, contract: Path) -> None:
        # Not zeep's own __init__, which sets up a client (requests) that could fetch schemas and follow proxies.
        self.cache = None
        self._close_session = False
        self._contract = contract.resolve()

    def load(self, url: str) -> bytes:
        """The bytes of a file of the contract; raises ConfigurationError for every other address."""
        path = Path(url.removeprefix("file://")).resolve()
        if not path.is_relative_to(self._contract):
            raise ConfigurationError(f"the contract points outside its folder: {url}", "ship the schema with it")
        return path.read_bytes()

    def get(self, address: str, params: object, headers: object) -> NoReturn:
        """No operation of a contract is a GET request; raises ConfigurationError."""
        raise ConfigurationError(
            f"the contract refers to {address}, which is not in its folder", "ship everything in the contract's folder"
        )
