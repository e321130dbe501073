"""The contract with the head-end system as it judges what comes in: SOAP is taken off, the schema decides."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from lxml import etree

from csire_bridge.domain.errors import ConfigurationError, NotValid, Problem, ProblemCode
from csire_bridge.hes.profile import HeadEndNamespaces, HeadEndProfile
from csire_bridge.xml.compiling import compile_schema
from csire_bridge.xml.parser import parse

__all__ = ["line_of", "problem", "read_message"]

_SOAP = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_BODIES = {f"{{{namespace}}}Envelope": f"{{{namespace}}}Body" for namespace in _SOAP}
_SCHEMA = "Message.xsd"
_local = threading.local()


def read_message(raw: bytes, name: str, profile: HeadEndProfile, max_bytes: int) -> etree._Element:
    """The message called ``name`` (such as EventMessage) in ``raw``, bare or in SOAP, in our contract's namespaces.

    Raises Unreadable or NotValid for anything else, ConfigurationError when the contract's schema can't be used.
    """
    message = _unwrapped(parse(raw, max_bytes), name)
    _into_ours(message, _theirs(profile.namespaces))
    if etree.QName(message).localname != name:
        raise NotValid([problem(message, f"{etree.QName(message).localname} is not a {name}")])
    schema = _schema(profile.contract)
    if not schema.validate(message):
        log: Any = schema.error_log  # its stub can't be iterated
        remedy = "send what the contract's schema allows"
        found = [Problem(ProblemCode.OTHER_SCHEMA, e.message, remedy, e.line or None, e.path) for e in log]
        raise NotValid(found or [problem(message, "the message breaks its schema")])
    return message


def _unwrapped(root: etree._Element, name: str) -> etree._Element:
    """The content of a SOAP body; anything else as it is."""
    if root.tag not in _BODIES:
        return root
    body = root.find(_BODIES[root.tag])
    content = [] if body is None else [child for child in body if isinstance(child.tag, str)]
    if len(content) != 1:
        raise NotValid([problem(root, f"the SOAP body does not hold exactly one {name}")])
    return content[0]


@cache
def _theirs(namespaces: HeadEndNamespaces) -> Mapping[str, str]:
    """Our namespace for each one of the HES's that differs; one that only our contract knows becomes a stranger."""
    outward = namespaces.outward()
    return {ours: f"not-this-hes:{ours}" for ours in outward} | {theirs: ours for ours, theirs in outward.items()}


def _into_ours(message: etree._Element, namespaces: Mapping[str, str]) -> None:
    if not namespaces:
        return
    for element in message.iter(etree.Element):
        name = etree.QName(element)
        if name.namespace in namespaces:
            element.tag = f"{{{namespaces[name.namespace]}}}{name.localname}"


def _schema(contract: Path) -> etree.XMLSchema:
    """This thread's compiled schema: a shared one would mix up the error logs."""
    compiled: dict[Path, etree.XMLSchema] = _local.__dict__.setdefault("schemas", {})
    if contract not in compiled:
        try:
            compiled[contract] = compile_schema(etree.parse(str(contract / _SCHEMA)))
        except (OSError, etree.LxmlError) as error:
            raise ConfigurationError(
                f"the HES's schema {contract / _SCHEMA} can't be used: {error}", "install the package again"
            ) from error
    return compiled[contract]


def problem(element: etree._Element, text: str) -> Problem:
    """A problem at an element."""
    return Problem(ProblemCode.OTHER_SCHEMA, text, "send one message of the contract per request", line_of(element))


def line_of(element: etree._Element) -> int | None:
    """The line of an element in the bytes as received."""
    return cast("int | None", element.sourceline)
