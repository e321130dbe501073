"""The technical receipt: which bytes we received, and whether we accept the message.

It says nothing about execution. To a bare message it is a signed document of our own (``schemas/bridge/receipt.xsd``);
to one that came in a SOAP envelope it is an envelope with the reference, or with a fault, signed by WS-Security if the
request was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import cast

from lxml import etree

from csire_bridge.domain.errors import Problem, ProblemCode
from csire_bridge.domain.message.message import Form, Header, RawMessage
from csire_bridge.xml.envelope import format_moment
from csire_bridge.xml.security.certificates.keys import KeyInTime
from csire_bridge.xml.security.signature import serialise, sign_enveloped, sign_written
from csire_bridge.xml.security.ws_security.soap_envelope import Asked, fault, reference_answer
from csire_bridge.xml.soap import printable

__all__ = ["NAMESPACE", "Receipts", "Verdict", "build", "fault_code"]

NAMESPACE = "urn:csire-bridge:receipt:v1"
_PREFIX = f"{{{NAMESPACE}}}"
_LONGEST_FAULT = 4000
_VALIDATION, _NO_RIGHT = "MHB.MHD.001", "MHB.MHD.003"
_FAULT_CODES: Mapping[ProblemCode, str] = {
    ProblemCode.UNKNOWN_MESSAGE: "MHB.MHD.004",
    ProblemCode.ID_REUSED: "MHB.MHD.006",
    ProblemCode.DTD: "MHB.MHD.008",
    ProblemCode.TOO_LARGE: "MHB.MHD.008",
    ProblemCode.ENCODING: "MHB.MHD.008",
    ProblemCode.WRAPPED: "MHB.MHD.008",
    ProblemCode.WRONG_SIGNER: "MHB.MHD.009",
    ProblemCode.WRONG_RECIPIENT: "MHB.MHD.010",
}


class Verdict(StrEnum):
    """Whether the message was accepted. A repeat gets the first receipt, so it has no verdict of its own."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class Receipts:
    """Builds and signs receipts, in the form in which the message came. ``now`` is the moment of signing."""

    def __init__(self, key: KeyInTime) -> None:
        self._key = key

    def accepted(self, raw: RawMessage, header: Header, now: datetime, left_out: Sequence[Problem] = ()) -> bytes:
        """The receipt of a message that was accepted; ``left_out`` says what is wrong with the items not taken."""
        if raw.form is not Form.BARE:
            return reference_answer(header.message_id, Asked.by(raw.form, raw.raw), self._key.at(now), now)
        return sign_written(serialise(build(raw, Verdict.ACCEPTED, header, left_out)), self._key.at(now))

    def refused(self, raw: RawMessage, problems: Sequence[Problem], now: datetime) -> bytes:
        """The receipt of a refused message: its problems, and nothing else of its content."""
        if raw.form is not Form.BARE:
            text = "\n".join(printable(str(problem)) for problem in problems)[:_LONGEST_FAULT]
            code, asked = problems[0].code, Asked.by(raw.form, raw.raw)
            return fault(code, fault_code(code), text, asked, self._key.at(now), now)
        return sign_enveloped(build(raw, Verdict.REFUSED, None, problems), self._key.at(now))


def fault_code(code: ProblemCode) -> str:
    """The code of the hub's contract (``CMSFault/ErrorCode``) for what is wrong."""
    if code in _FAULT_CODES:
        return _FAULT_CODES[code]
    return _NO_RIGHT if code.partition(".")[0] == "trust" else _VALIDATION


def build(raw: RawMessage, verdict: Verdict, header: Header | None, problems: Sequence[Problem] = ()) -> etree._Element:
    """The receipt, unsigned."""
    root = etree.Element(f"{_PREFIX}Receipt", nsmap=cast("dict[str, str]", {None: NAMESPACE}))
    for name, text in _texts(raw, verdict, header).items():
        _add(root, name, text)
    for problem in problems:
        part = etree.SubElement(root, f"{_PREFIX}Problem")
        _add(part, "Code", problem.code.value)
        _add(part, "Text", printable(problem.text))
        _add(part, "Line", str(problem.line) if problem.line else None)
        _add(part, "Path", printable(problem.path) if problem.path else None)
        _add(part, "Remedy", printable(problem.remedy))
    return root


def _texts(raw: RawMessage, verdict: Verdict, header: Header | None) -> dict[str, str]:
    """The texts of every receipt, and the sender and message id where these are known."""
    known = {"MessageId": header.message_id, "MessageNumber": header.number} if header else {}
    return {
        **known,
        "Sha256": raw.sha256,
        "ReceivedAt": format_moment(raw.received_at),
        "Channel": raw.channel.value,
        "Verdict": verdict.value,
    }


def _add(parent: etree._Element, name: str, text: str | None) -> None:
    if text is not None:
        etree.SubElement(parent, _PREFIX + name).text = text
