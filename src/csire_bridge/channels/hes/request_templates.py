"""Request templates: zeep renders each kind of request once by the contract, then only its values are filled in.

zeep takes 0.3 ms to write a request of constant structure; filling in the template takes a hundredth of that.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import zeep

from csire_bridge.channels.hes.dialect.request_form import RequestForm
from csire_bridge.channels.hes.profile import HeadEndNamespaces
from csire_bridge.channels.transport.outbound.zeep_contract import ContractTransport
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.xml.template import Template

__all__ = ["Request", "RequestWriter"]

_BINDING = "{urn:csire-bridge:hes:service:v1}EndDeviceControlsBinding"
_WSDL = "EndDeviceControls.wsdl"

Leaf = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready to be posted."""

    body: bytes
    headers: Mapping[str, str]


class RequestWriter:
    """Writes requests of the contract in ``folder``. Safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        namespaces: HeadEndNamespaces | None = None,
        soap_action: str | None = None,
        form: RequestForm | None = None,
    ) -> None:
        """``namespaces`` stand for those of the contract, ``soap_action`` for the one in its WSDL, ``form`` for its
        order of elements.
        """
        self._form = form
        self._folder = folder.resolve()
        self._namespaces = namespaces or HeadEndNamespaces()
        self._soap_action = soap_action
        self._templates: dict[tuple[object, ...], tuple[Template[Leaf], Mapping[str, str]]] = {}
        self._lock = threading.Lock()

    def write(self, verb: str, message: Mapping[str, Any]) -> Request:
        """The request for ``message``, a mapping of texts, booleans and dictionaries of the same.

        Raises ConfigurationError when the contract is missing or points elsewhere, ValueError or zeep's errors when
        the message does not fit the contract.
        """
        leaves = dict(_leaves(message))
        texts = {leaf: value for leaf, value in leaves.items() if isinstance(value, str)}
        kind = (verb, *leaves, *[None if isinstance(value, str) else value for value in leaves.values()])
        template, headers = self._templates.get(kind) or self._render(kind, message, texts)
        return Request(template.fill(texts), headers)

    def _render(
        self, kind: tuple[object, ...], message: Mapping[str, Any], texts: Mapping[Leaf, str]
    ) -> tuple[Template[Leaf], Mapping[str, str]]:
        """Let zeep write the message with placeholders for its texts, and its HTTP headers."""
        with self._lock:
            transport = _WritesOnly(self._folder)
            template = Template.written(list(texts), partial(self._written, transport, message))
            headers = dict(transport.headers)
            if self._soap_action is not None:
                headers["SOAPAction"] = f'"{self._soap_action}"'
            self._templates[kind] = template, headers
            return template, headers

    def _written(self, transport: _WritesOnly, message: Mapping[str, Any], marks: Mapping[Leaf, str]) -> bytes:
        wsdl = self._folder / _WSDL
        if not wsdl.is_file():
            raise ConfigurationError(f"the HES's contract {wsdl} is missing", "check the setting contract")
        settings = zeep.Settings(
            strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True, raw_response=True
        )
        client = zeep.Client(str(wsdl), transport=transport, settings=settings)  # type: ignore[no-untyped-call]
        service = client.create_service(_BINDING, "http://unused")  # type: ignore[no-untyped-call]
        service.Request(**_marked(message, marks))
        body = self._form.applied(transport.body) if self._form else transport.body
        return self._namespaces.translate(body)


def _leaves(node: Mapping[str, Any], path: Leaf = ()) -> Iterator[tuple[Leaf, object]]:
    for name, value in node.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value


def _marked(node: Mapping[str, Any], marks: Mapping[Leaf, str], path: Leaf = ()) -> dict[str, Any]:
    return {
        name: _marked(value, marks, (*path, name)) if isinstance(value, dict) else marks.get((*path, name), value)
        for name, value in node.items()
    }


class _WritesOnly(ContractTransport):
    """A zeep transport that keeps the request instead of sending it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.body = b""
        self.headers: Mapping[str, str] = {}

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> None:
        self.body, self.headers = message, headers
