"""Judges a document of ours as the hub does, remembers its id, and writes the R_1."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from csire_bridge.channels.hub.profile import HubSecurity
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import NotTrusted, NotValid, PartnerFault, Unreadable
from csire_bridge.domain.identifiers import MessageId, MessageNumber
from csire_bridge.domain.message.message import Header
from csire_bridge.lab.simulators.faults.hub import HubDice, HubFaults
from csire_bridge.lab.simulators.hub.results import build_result
from csire_bridge.lab.simulators.hub.soap import spoiled
from csire_bridge.lab.simulators.pki import DemoPki
from csire_bridge.xml.envelope import read_header
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.security.signature import serialise, sign_enveloped, verify_enveloped, without_signature

__all__ = ["DocumentJudge", "ReceivedDocument", "Refused"]


class Refused(Exception):
    """The hub does not take a document: one of its fault codes, and why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class ReceivedDocument:
    """A document that was taken: its bytes as they came. ``at`` is UTC."""

    message_id: MessageId
    number: MessageNumber
    document: bytes
    at: datetime


class DocumentJudge:
    """Safe to use from several threads."""

    def __init__(
        self,
        pki: DemoPki,
        catalogue: SchemaCatalogue,
        clock: Clock,
        security: HubSecurity,
        faults: HubFaults,
        dice: HubDice,
    ) -> None:
        self._pki = pki
        self._catalogue = catalogue
        self._clock = clock
        self._security = security
        self._faults = faults
        self._dice = dice
        self._book = pki.operator_book()
        self._taken: dict[MessageId, ReceivedDocument] = {}
        self._lock = threading.Lock()

    def judge(self, document: bytes) -> tuple[etree._Element, Header]:
        """Return the document that may be believed, and its header; raise Refused."""
        try:
            root = parse(document)
            if self._security is HubSecurity.ENVELOPED:
                root = verify_enveloped(root, self._book, self._clock()).tree
            root = without_signature(root)
            problems = self._catalogue.explain(root)
        except (Unreadable, NotTrusted) as error:
            raise Refused("MHB.MHD.008", error.text) from error
        except NotValid as error:
            raise Refused("MHB.MHD.004", error.text) from error
        if problems:
            raise Refused("MHB.MHD.001", "; ".join(map(str, problems)))
        return root, self._header(root)

    def _header(self, root: etree._Element) -> Header:
        try:
            header = read_header(root)
        except PartnerFault as error:
            raise Refused("MHB.MHD.001", error.text) from error
        if header.physical_recipient != self._pki.hub.eic:
            raise Refused("MHB.MHD.010", f"{header.physical_recipient} is not here")
        if header.physical_sender != self._pki.operator.eic:
            raise Refused("MHB.MHD.009", f"{header.physical_sender} is not who asks")
        return header

    def take(self, header: Header, document: bytes) -> ReceivedDocument | None:
        """Remember a document; None for one that was taken before; raise Refused for its id with other bytes."""
        with self._lock:
            known = self._taken.get(header.message_id)
            if known is None:
                taken = ReceivedDocument(header.message_id, header.number, document, self._clock())
                self._taken[header.message_id] = taken
                return taken
        if known.document != document:
            raise Refused("MHB.MHD.006", f"{header.message_id} was used for another document")
        return None

    def result(self, document: etree._Element, code: str) -> bytes | None:
        """The R_1 to a document, signed as the hub's messages are; None when none is due, or none shall come."""
        if self._dice.strikes(self._faults.no_result):
            return None
        wrong = MessageId.new() if self._dice.strikes(self._faults.wrong_result) else None
        root = build_result(document, code, self._pki.hub.eic, self._clock, wrong)
        if root is None:
            return None
        if self._security is not HubSecurity.ENVELOPED:
            return serialise(root)
        signed = sign_enveloped(root, self._pki.hub.signing)
        return spoiled(signed) if self._dice.strikes(self._faults.bad_signature) else signed
