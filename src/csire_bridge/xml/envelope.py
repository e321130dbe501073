"""The envelope that every business message of the hub has: header and process context, read and written.

Its element names are in one namespace and the same for all messages; payloads are described by the mapping files.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import datetime

from lxml import etree

from csire_bridge.domain.errors import NotValid, Problem, ProblemCode, RuleBroken
from csire_bridge.domain.identifiers import Eic, MessageId, MessageNumber
from csire_bridge.domain.message.envelope_rules import process_of
from csire_bridge.domain.message.message import Header
from csire_bridge.domain.message.refusals import Claims
from csire_bridge.xml.schema.lexical import SPACE, parse_moment

__all__ = [
    "ENVELOPE_NAMES",
    "TECHNICAL",
    "build_envelope",
    "envelope_texts",
    "format_moment",
    "read_claims",
    "read_header",
]

TECHNICAL = "urn:pl:oire:technical:v1"
_EIC_AGENCY, _OIRE_AGENCY, _ROLE_AGENCY, _INDUSTRY = "305", "x", "260", "23"

_AGENCIES = {
    "MessageTypeResponsibleOrganization": _OIRE_AGENCY,
    "PhysicalSenderIdResponsibleOrganization": _EIC_AGENCY,
    "JuridicalSenderIdResponsibleOrganization": _EIC_AGENCY,
    "PhysicalRecipientIdResponsibleOrganization": _EIC_AGENCY,
    "JuridicalRecipientIdResponsibleOrganization": _EIC_AGENCY,
    "BusinessProcessResponsibleOrganization": _OIRE_AGENCY,
    "SenderBusinessRoleResponsibleOrganization": _ROLE_AGENCY,
}
_PARTS = {
    "Header": (
        "MessageId",
        "SenderMessageId",
        "MessageType",
        "MessageTypeResponsibleOrganization",
        "MessageTimestamp",
        "PhysicalSenderId",
        "PhysicalSenderIdResponsibleOrganization",
        "JuridicalSenderId",
        "JuridicalSenderIdResponsibleOrganization",
        "PhysicalRecipientId",
        "PhysicalRecipientIdResponsibleOrganization",
        "JuridicalRecipientId",
        "JuridicalRecipientIdResponsibleOrganization",
    ),
    "ProcessEnergyContext": (
        "BusinessProcess",
        "BusinessProcessResponsibleOrganization",
        "SenderBusinessRoleIdentifier",
        "SenderBusinessRoleResponsibleOrganization",
        "IndustryClassificationId",
        "BusinessProcessMessageType",
    ),
}
_PREFIX = f"{{{TECHNICAL}}}"
ENVELOPE_NAMES = frozenset(_PREFIX + name for part in _PARTS.values() for name in part) | {
    f"{_PREFIX}RetroactiveExecutionToken"
}
"""The elements of the two parts that are read and written here, so that no mapping file has to."""


def read_header(root: etree._Element) -> Header:
    """Read the envelope of a document that its schema has accepted.

    Raises NotValid when the envelope is not there, RuleBroken for a timestamp without an offset.
    """
    values = _envelope_values(root)
    try:
        return Header(
            message_id=MessageId.parse(values["MessageId"]),
            answers=MessageId.parse(values["SenderMessageId"]) if "SenderMessageId" in values else None,
            message_type=values["MessageType"],
            number=MessageNumber.parse(values["BusinessProcessMessageType"]),
            process=values["BusinessProcess"],
            timestamp=parse_moment(values["MessageTimestamp"]),
            physical_sender=values["PhysicalSenderId"],
            juridical_sender=values["JuridicalSenderId"],
            physical_recipient=values["PhysicalRecipientId"],
            juridical_recipient=values["JuridicalRecipientId"],
            sender_role=values["SenderBusinessRoleIdentifier"],
            retroactive_token=values.get("RetroactiveExecutionToken"),
            agencies=tuple((name, values[name], due) for name, due in _AGENCIES.items()),
        )
    except KeyError as error:
        raise NotValid(
            [Problem(ProblemCode.MISSING, f"the envelope has no {error.args[0]}", "send a complete envelope")]
        ) from error
    except ValueError as error:
        raise RuleBroken(
            [Problem(ProblemCode.CONDITION, f"the envelope can't be read: {error}", "send a readable envelope")]
        ) from error


def read_claims(root: etree._Element) -> Claims:
    """What a document claims about itself, wherever it says so; only for people who look at a refused one."""
    texts = {
        name: (element.text or "").strip(SPACE)
        for name in ("PhysicalSenderId", "BusinessProcessMessageType", "MessageId")
        for element in itertools.islice(root.iter(_PREFIX + name), 1)
    }
    return Claims(
        sender=_readable(Eic.parse, texts.get("PhysicalSenderId")),
        number=_readable(MessageNumber.parse, texts.get("BusinessProcessMessageType")),
        message_id=_readable(MessageId.parse, texts.get("MessageId")),
    )


def _readable(parse: Callable[[str], str], text: str | None) -> str | None:
    try:
        return None if text is None else str(parse(text))
    except ValueError:
        return None


def _envelope_values(root: etree._Element) -> dict[str, str]:
    """Text of every child of the first two parts, by local name; white space around values is collapsed."""
    values: dict[str, str] = {}
    for part in list(root)[:2]:
        for child in part:
            if isinstance(child.tag, str) and child.tag.startswith(_PREFIX):
                values[child.tag[len(_PREFIX) :]] = (child.text or "").strip(SPACE)
    return values


def format_moment(moment: datetime, *, whole_seconds: bool = False) -> str:
    """Write a moment as xs:dateTime with offset, in the offset of ``moment``, to the millisecond or the second.

    What is left out is cut off, so that no time is later than the real one.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone can't be told to anybody")
    return moment.isoformat(timespec="seconds" if whole_seconds else "milliseconds")


def envelope_texts(header: Header) -> dict[str, str]:
    """The texts of the envelope, by element name."""
    return {
        "MessageId": header.message_id,
        **({"SenderMessageId": header.answers} if header.answers else {}),
        "MessageType": header.message_type,
        "MessageTimestamp": format_moment(header.timestamp),
        "PhysicalSenderId": header.physical_sender,
        "JuridicalSenderId": header.juridical_sender,
        "PhysicalRecipientId": header.physical_recipient,
        "JuridicalRecipientId": header.juridical_recipient,
        "BusinessProcess": process_of(header.number) or header.process,
        "SenderBusinessRoleIdentifier": header.sender_role,
        "BusinessProcessMessageType": f"{header.number}.",
        "IndustryClassificationId": _INDUSTRY,
        **_AGENCIES,
    }


def build_envelope(root: etree._Element, texts: Mapping[str, str], *, namespace: str) -> None:
    """Append header and process context to ``root``, whose children live in ``namespace``."""
    for part, names in _PARTS.items():
        element = etree.SubElement(root, f"{{{namespace}}}{part}")
        for name in names:
            if name in texts:
                etree.SubElement(element, _PREFIX + name).text = texts[name]
