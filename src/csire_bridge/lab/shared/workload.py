"""Signed messages to measure with: each has an id, a process and a metering point of its own.

They are made when asked for, a chunk at a time, so that a long run needs no more memory than a short one.
"""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.identifiers import MessageId, MeteringPointCode
from csire_bridge.domain.message.message import Header, OrderRequest
from csire_bridge.lab.simulators.expectations import load_expected
from csire_bridge.service.wiring.standard import Standard
from csire_bridge.xml.parser import parse
from csire_bridge.xml.redate import redate
from csire_bridge.xml.security.certificates.keys import SigningKey
from csire_bridge.xml.security.signature import sign_enveloped

__all__ = ["SignedMessage", "Workload", "sample"]

_ORDER = "good/8.1.1.5-debt.xml"
_POINTS = "59024385"


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """One message; ``index`` counts from 0 and belongs to ``point``."""

    index: int
    raw: bytes
    message_id: MessageId
    point: MeteringPointCode


def sample(name: str, now: datetime) -> bytes:
    """A sample message with its dates moved to ``now``."""
    samples = folder("samples")
    return redate((samples / name).read_bytes(), load_expected(samples).offset_to(now))


class Workload:
    """Disconnection orders, made from a sample by putting in other identifiers, and signed with ``key``."""

    def __init__(self, standard: Standard, key: SigningKey, now: datetime) -> None:
        self._template = sample(_ORDER, now)
        tree = parse(self._template)
        self.tag = str(tree.tag)
        self.header: Header = standard.validator.read_header(tree)
        reading = standard.mapper.read(tree, now)
        if not isinstance(reading, OrderRequest):
            raise ConfigurationError(f"the sample {_ORDER} is no order any more", "install the package again")
        self._request = reading
        self._key = key
        self._indices = itertools.count()

    def take(self, count: int) -> list[SignedMessage]:
        """The next ``count`` messages."""
        return [self._message(index) for index in itertools.islice(self._indices, count)]

    def _message(self, index: int) -> SignedMessage:
        message_id, point = MessageId.new(), point_code(index)
        changes = (
            (self.header.message_id, message_id),
            (str(self._request.process_instance), str(uuid.uuid4())),
            (self._request.metering_point, point),
        )
        text = self._template
        for old, new in changes:
            text = text.replace(old.encode(), new.encode())
        return SignedMessage(index, sign_enveloped(parse(text), self._key), message_id, point)


def point_code(index: int) -> MeteringPointCode:
    """The code of the metering point ``index``, counted from 0."""
    first17 = f"{_POINTS}{index:09d}"
    return MeteringPointCode(first17 + MeteringPointCode.check_digit(first17))
