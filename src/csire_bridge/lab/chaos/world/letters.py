"""The messages that the hub sends in a round: orders, repeats, a recall, and messages that must be refused.

They are made from the samples with other identifiers, so no element of a payload is named here.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.lab.simulators.hes.simulator import meter_number
from csire_bridge.lab.simulators.pki import DemoPki
from csire_bridge.service.wiring.standard import Standard
from csire_bridge.xml.envelope import TECHNICAL, format_moment
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.certificates.keys import SigningKey
from csire_bridge.xml.security.signature import sign_enveloped

__all__ = ["Letter", "Place", "Post", "What", "digest", "place"]

_POINTS = "59000007"
_DISCONNECT, _RECONNECT = "8.1.1.5-minimal.xml", "8.2.1.6-minimal.xml"
_RECALL = "S-process-ended.xml"


class What(StrEnum):
    """What a message asks for, which decides its possible results."""

    DISCONNECT = "disconnect"
    RECONNECT = "reconnect"
    OUTRUN = "disconnect, and a reconnection is asked for right after"
    RECALLED = "disconnect, and the hub ends its process"
    RECALL = "the end of a process"
    NOWHERE = "disconnect at a point that nobody knows"
    REFUSED = "nothing that may be believed"


@dataclass(frozen=True, slots=True)
class Place:
    """A metering point with its meter, and the state in which its contactor is at first."""

    code: MeteringPointCode
    meter: MeterNumber
    connected: bool


def place(index: int, *, connected: bool) -> Place:
    """The place ``index``, counted from 0."""
    first17 = f"{_POINTS}{index:09d}"
    code = MeteringPointCode(first17 + MeteringPointCode.check_digit(first17))
    return Place(code, meter_number(index), connected)


@dataclass(frozen=True, eq=False)
class Letter:
    """One message, sent ``times`` times with the same bytes. It waits until ``after`` was heard, then ``pause`` (s).

    ``place`` is None where no meter is concerned.
    """

    what: What
    raw: bytes = field(repr=False)
    message_id: MessageId
    place: Place | None = None
    by_queue: bool = False
    times: int = 1
    after: Letter | None = field(default=None, repr=False)
    pause: float = 0.0


def digest(raw: bytes) -> str:
    """The digest of a document without its XML declaration, which does not travel inside an envelope."""
    return hashlib.sha256(raw.partition(b"?>")[2].strip() if raw.startswith(b"<?xml") else raw.strip()).hexdigest()


class Post:
    """Makes the messages of one round; the same for the same seed, except for identifiers and times."""

    def __init__(self, standard: Standard, pki: DemoPki, dice: random.Random) -> None:
        self._standard = standard
        self._pki = pki
        self._dice = dice
        self.places: list[Place] = []

    def batch(self, extras: Sequence[What]) -> list[Letter]:
        """Two disconnections, a reconnection, a message to be refused, and ``extras``; one of them comes twice."""
        letters = [
            self._order(What.DISCONNECT, self._new_place(connected=True), times=2),
            self._order(What.DISCONNECT, self._new_place(connected=True)),
            self._order(What.RECONNECT, self._new_place(connected=False)),
            self._order(What.REFUSED, self._new_place(connected=True), self._pki.stranger.signing),
        ]
        for extra in extras:
            letters += self._extra(extra)
        self._dice.shuffle(letters)
        return letters

    def _extra(self, what: What) -> list[Letter]:
        if what is What.OUTRUN:
            here = self._new_place(connected=True)
            first = self._order(what, here)
            return [first, self._order(What.RECONNECT, here, age=timedelta(0))]
        if what is What.RECALLED:
            return self._recalled()
        return [self._order(what, place(10**6 + self._dice.randrange(10**6), connected=True))]

    def _recalled(self) -> list[Letter]:
        here, process = self._new_place(connected=True), ProcessInstanceId.new()
        order = self._letter(What.RECALLED, _DISCONNECT, here, process)
        recall = self._letter(What.RECALL, _RECALL, here, process, after=order, pause=self._dice.uniform(0.05, 0.3))
        return [order, recall]

    def _order(
        self,
        what: What,
        where: Place,
        key: SigningKey | None = None,
        times: int = 1,
        age: timedelta = timedelta(seconds=1),
    ) -> Letter:
        template = _RECONNECT if what is What.RECONNECT else _DISCONNECT
        by_queue = self._dice.random() < 0.3
        return self._letter(
            what, template, where, ProcessInstanceId.new(), key=key, times=times, age=age, by_queue=by_queue
        )

    def _letter(
        self,
        what: What,
        template: str,
        where: Place,
        process: ProcessInstanceId,
        *,
        key: SigningKey | None = None,
        times: int = 1,
        age: timedelta = timedelta(0),
        by_queue: bool = False,
        after: Letter | None = None,
        pause: float = 0.0,
    ) -> Letter:
        message_id = MessageId.new()
        root = self._filled_in(template, message_id, datetime.now(UTC) - age, where, process)
        raw = sign_enveloped(root, key or self._pki.hub.signing)
        known = where if what not in (What.NOWHERE, What.RECALL, What.REFUSED) else None
        return Letter(what, raw, message_id, known, by_queue, times, after, pause)

    def _filled_in(
        self, template: str, message_id: MessageId, at: datetime, where: Place, process: ProcessInstanceId
    ) -> etree._Element:
        root = parse((folder("samples") / "good" / template).read_bytes())
        for name, text in (("MessageId", message_id), ("MessageTimestamp", format_moment(at))):
            for element in root.iter(f"{{{TECHNICAL}}}{name}"):
                element.text = text
        reading = self._standard.mapper.read(root, at)
        changes = {str(reading.process_instance): str(process), self._point_of(root): str(where.code)}
        for leaf in root[-1].iter(etree.Element):
            leaf.text = changes.get((leaf.text or "").strip(), leaf.text)
        return root

    def _point_of(self, root: etree._Element) -> str:
        """The only text of the payload that is a metering point's code."""
        return next(text for leaf in root[-1].iter(etree.Element) if _is_point(text := (leaf.text or "").strip()))

    def _new_place(self, *, connected: bool) -> Place:
        self.places.append(place(len(self.places), connected=connected))
        return self.places[-1]


def _is_point(text: str) -> bool:
    try:
        MeteringPointCode.parse(text)
    except ValueError:
        return False
    return True
