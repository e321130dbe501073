"""The dialect that a simulated head-end system speaks: its order of elements, and what it sends beside what is read."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from csire_bridge.channels.hes.dialect.dialect import OURS
from csire_bridge.channels.hes.dialect.loader import shipped
from csire_bridge.channels.hes.profile import HeadEndNamespaces
from csire_bridge.lab.simulators.hes.field import ConfirmationStyle
from csire_bridge.xml.parser import parse

__all__ = ["Spoken"]

_NAMES = HeadEndNamespaces()
_MESSAGE, _EVENTS = f"{{{_NAMES.message}}}", f"{{{_NAMES.events}}}"
_WRAPPER = "{http://iec.ch/TC57/2011/EndDeviceEventsMessage}"
_IEC = "iec-61968-9-2011"
_HEADER = ["Verb", "Noun", "Revision", "Timestamp", "Source", "MessageID", "CorrelationID", "Comment", "Property"]
_RECORD = ["mRID", "createdDateTime", "issuerID", "reason", "severity", "Assets", "EndDeviceEventDetails"]


class Spoken:
    """How messages leave, and by which schema requests are judged."""

    def __init__(self, dialect: str, namespaces: HeadEndNamespaces) -> None:
        self.dialect = shipped(dialect)
        self._namespaces = namespaces

    @property
    def style(self) -> ConfirmationStyle:
        """How outcomes are confirmed."""
        by_command = self.dialect.name == "command-results"
        return ConfirmationStyle.COMMAND_CODES if by_command else ConfirmationStyle.EVENT_CODES

    @property
    def schema(self) -> Path:
        """The schema of its requests."""
        return self.dialect.schema or shipped(OURS).schema or Path()

    def heard(self, raw: bytes) -> bytes:
        """A request in our contract's namespaces."""
        return self._namespaces.translate(raw, back=True)

    def said(self, raw: bytes) -> bytes:
        """A reply or an event as it leaves."""
        if self.dialect.name == _IEC:
            raw = _by_the_standard(raw)
        return self._namespaces.translate(raw)


def _by_the_standard(raw: bytes) -> bytes:
    """With everything that the standard allows and few expect, in its published order."""
    root = parse(raw)
    for header in root.iter(f"{_MESSAGE}Header"):
        _add(header, _MESSAGE, "Revision", "2.0")
        _add(header, _MESSAGE, "Comment", "simulated")
        found = _add(header, _MESSAGE, "Property")
        _add(found, _MESSAGE, "Name", "origin")
        _sort(header, _HEADER)
    for record in root.iter(f"{_EVENTS}EndDeviceEvent"):
        _add(record, _EVENTS, "issuerID", "HES")
        _add(record, _EVENTS, "severity", "low")
        for names in record.iter(f"{_EVENTS}Names"):
            _add(_add(names, _EVENTS, "NameType"), _EVENTS, "name", "SerialNumber")
        for assets in record.iter(f"{_EVENTS}Assets"):
            assets.insert(0, assets.makeelement(f"{_EVENTS}mRID"))
        _sort(record, _RECORD)
    if root.tag == f"{_MESSAGE}EventMessage":
        root.tag = f"{_WRAPPER}CreatedEndDeviceEvents"
        for part in root:
            part.tag = f"{_WRAPPER}{etree.QName(part).localname}"
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _sort(parent: etree._Element, order: list[str]) -> None:
    """Children in this order; those that it does not name come last."""
    places = {name: place for place, name in enumerate(order)}
    parent[:] = sorted(parent, key=lambda child: places.get(etree.QName(child).localname, len(order)))


def _add(parent: etree._Element, namespace: str, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{namespace}{name}")
    element.text = text
    return element
