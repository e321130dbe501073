"""Validates incoming messages of the head-end system: the SOAP envelope is removed, the contract's schema decides."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from lxml import etree

from csire_bridge.channels.hes.profile import HeadEndNamespaces, HeadEndProfile
from csire_bridge.domain.errors import ConfigurationError, NotValid, Problem, ProblemCode
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.compile import compile_schema

__all__ = ["line_of", "problem", "read_message"]

_SOAP = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_BODIES = {f"{{{namespace}}}Envelope": f"{{{namespace}}}Body" for namespace in _SOAP}
_SCHEMA, _EVENTS = "Message.xsd", "EndDeviceEvents.xsd"
_XS = "{http://www.w3.org/2001/XMLSchema}"
_OPEN_PARTS = frozenset({"Header", "User", "Reply", "Error"})
_IN_ANY_ORDER = _OPEN_PARTS | {"EndDeviceEvent"}
_local = threading.local()


def read_message(raw: bytes, name: str, profile: HeadEndProfile, max_bytes: int) -> etree._Element:
    """The message called ``name`` (such as EventMessage) in ``raw``, bare or in SOAP, in our contract's namespaces.

    In header, reply and error the standard allows more than we read, such as a revision or details: that is left out.
    There, and in the record of an event, children may come in any order. Everything else must match our schema.
    Raises Unreadable or NotValid for anything else, ConfigurationError when the contract's schema can't be used.
    """
    message = _unwrapped(parse(raw, max_bytes), name)
    _into_ours(message, _theirs(profile.namespaces))
    if etree.QName(message).localname != name:
        raise NotValid([problem(message, f"{etree.QName(message).localname} is not a {name}")])
    schema = _schema(profile.contract)
    if not schema.validate(message) and not schema.validate(_reduced(message, _known_parts(profile.contract))):
        log: Any = schema.error_log  # its stub can't be iterated
        remedy = "send what the contract's schema allows"
        found = [Problem(ProblemCode.OTHER_SCHEMA, e.message, remedy, e.line or None, e.path) for e in log]
        raise NotValid(found or [problem(message, "the message does not follow its schema")])
    return message


def _unwrapped(root: etree._Element, name: str) -> etree._Element:
    """The content of a SOAP body; anything else unchanged."""
    if root.tag not in _BODIES:
        return root
    body = root.find(_BODIES[root.tag])
    content = [] if body is None else [child for child in body if isinstance(child.tag, str)]
    if len(content) != 1:
        raise NotValid([problem(root, f"the SOAP body does not hold exactly one {name}")])
    return content[0]


@cache
def _theirs(namespaces: HeadEndNamespaces) -> Mapping[str, str]:
    """Our namespace for each namespace of the HES that differs; one that this HES does not use is made invalid."""
    outward = namespaces.outward()
    return {ours: f"not-this-hes:{ours}" for ours in outward} | {theirs: ours for ours, theirs in outward.items()}


def _into_ours(message: etree._Element, namespaces: Mapping[str, str]) -> None:
    if not namespaces:
        return
    for element in message.iter(etree.Element):
        name = etree.QName(element)
        if name.namespace in namespaces:
            element.tag = f"{{{namespaces[name.namespace]}}}{name.localname}"


def _reduced(message: etree._Element, known: Mapping[str, Mapping[str, int]]) -> etree._Element:
    """The message in our element order, without elements that IEC 61968-100 allows and our profile does not know."""
    for part in [element for element in message.iter(etree.Element) if element.tag in known]:
        places = known[part.tag]
        is_open = etree.QName(part).localname in _OPEN_PARTS
        children = [child for child in part.iterchildren(etree.Element) if child.tag in places or not is_open]
        part[:] = sorted(children, key=lambda child: places.get(child.tag, len(places)))
    return message


@cache
def _known_parts(contract: Path) -> Mapping[str, Mapping[str, int]]:
    """The parts whose children may come in any order: which children we know there, and their places."""
    known: dict[str, Mapping[str, int]] = {}
    for file in [file for file in (contract / _SCHEMA, contract / _EVENTS) if file.is_file()]:
        schema = _parsed(file).getroot()
        names = {
            kind.get("name"): [element.get("name") for element in kind.iterfind(f"{_XS}sequence/{_XS}element")]
            for kind in schema.iterfind(f"{_XS}complexType")
        }
        prefix = f"{{{schema.get('targetNamespace')}}}"
        for element in schema.iter(f"{_XS}element"):
            if element.get("name") in _IN_ANY_ORDER and element.get("type") in names:
                children = names[element.get("type")]
                known[f"{prefix}{element.get('name')}"] = {f"{prefix}{name}": at for at, name in enumerate(children)}
    return known


def _schema(contract: Path) -> etree.XMLSchema:
    """This thread's compiled schema: a shared one would mix up the error logs."""
    compiled: dict[Path, etree.XMLSchema] = _local.__dict__.setdefault("schemas", {})
    if contract not in compiled:
        try:
            compiled[contract] = compile_schema(_parsed(contract / _SCHEMA))
        except etree.LxmlError as error:
            raise ConfigurationError(
                f"the HES's schema {contract / _SCHEMA} can't be used: {error}", "install the package again"
            ) from error
    return compiled[contract]


def _parsed(file: Path) -> etree._ElementTree:
    try:
        return etree.parse(str(file))
    except (OSError, etree.LxmlError) as error:
        raise ConfigurationError(
            f"the HES's schema {file} can't be used: {error}", "install the package again"
        ) from error


def problem(element: etree._Element, text: str) -> Problem:
    """A problem at an element."""
    return Problem(ProblemCode.OTHER_SCHEMA, text, "send one message of the contract per request", line_of(element))


def line_of(element: etree._Element) -> int | None:
    """The line of an element in the bytes as received."""
    return cast("int | None", element.sourceline)
