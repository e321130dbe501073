"""SID's own SOAP client, as it calls the bridge: zeep with the WSDL that the bridge serves.

It has zeep's own transport, and so nothing of our client: a second opinion about our door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import zeep

__all__ = ["BridgeCaller"]


class BridgeCaller:
    """Calls one bridge. Not safe to use from several threads."""

    def __init__(self, url: str, credentials: tuple[str, str] | None = None) -> None:
        """``url`` is the address of the endpoint, without ``?wsdl``."""
        transport = zeep.Transport(timeout=30, operation_timeout=30)  # type: ignore[no-untyped-call]
        transport.session.trust_env = False
        transport.session.auth = credentials
        self._client = zeep.Client(f"{url}?wsdl", transport=transport)  # type: ignore[no-untyped-call]

    @property
    def address(self) -> str:
        """Where the WSDL says that requests go."""
        return str(self._client.service._binding_options["address"])

    def submit(self, order: Mapping[str, Any]) -> Any:
        """Submit an order; raises zeep.exceptions.Fault."""
        return self._client.service.SubmitOrder(Order=order)

    def status(self, number: str) -> Any:
        """Ask for the state of an order; raises zeep.exceptions.Fault."""
        return self._client.service.OrderStatus(Number=number)

    def withdraw(self, number: str, text: str | None = None) -> Any:
        """Take an order back; raises zeep.exceptions.Fault."""
        return self._client.service.WithdrawOrder(Number=number, Text=text)
