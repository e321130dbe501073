"""The technical receipt: what we took in, byte by byte, and whether we can go on with it.

It says nothing about execution. The document is our own (``schemas/bridge/receipt.xsd``).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import cast

from lxml import etree

from csire_bridge.domain.errors import Problem
from csire_bridge.domain.messages import Header, RawMessage
from csire_bridge.xml.envelope import format_moment
from csire_bridge.xml.keys import SigningKey
from csire_bridge.xml.signature import sign_enveloped

__all__ = ["NAMESPACE", "Receipts", "Verdict"]

NAMESPACE = "urn:csire-bridge:receipt:v1"
_PREFIX = f"{{{NAMESPACE}}}"


class Verdict(StrEnum):
    """Whether we go on with a message. A repeat gets the receipt of the first, so it has no verdict of its own."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class Receipts:
    """Builds and signs receipts."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def sign(self, raw: RawMessage, verdict: Verdict, header: Header | None, problems: Sequence[Problem] = ()) -> bytes:
        """The bytes of the signed receipt. ``header`` is told only when it was verified."""
        return sign_enveloped(build(raw, verdict, header, problems), self._key)


def build(raw: RawMessage, verdict: Verdict, header: Header | None, problems: Sequence[Problem] = ()) -> etree._Element:
    """The receipt, unsigned."""
    root = etree.Element(f"{_PREFIX}Receipt", nsmap=cast("dict[str, str]", {None: NAMESPACE}))
    _add(root, "MessageId", header.message_id if header else None)
    _add(root, "MessageNumber", header.number if header else None)
    _add(root, "Sha256", raw.sha256)
    _add(root, "ReceivedAt", format_moment(raw.received_at))
    _add(root, "Channel", raw.channel.value)
    _add(root, "Verdict", verdict.value)
    for problem in problems:
        part = etree.SubElement(root, f"{_PREFIX}Problem")
        _add(part, "Code", problem.code.value)
        _add(part, "Text", _printable(problem.text))
        _add(part, "Line", str(problem.line) if problem.line else None)
        _add(part, "Path", _printable(problem.path) if problem.path else None)
        _add(part, "Remedy", _printable(problem.remedy))
    return root


def _add(parent: etree._Element, name: str, text: str | None) -> None:
    if text is not None:
        etree.SubElement(parent, _PREFIX + name).text = text


def _printable(text: str) -> str:
    """Without characters that XML can't hold: a problem quotes what a hostile sender wrote."""
    return "".join(c if c in "\t\n" or (c.isprintable() and c not in "\ufffe\uffff") else "?" for c in text)
