"""R_1, the hub's result to a document of ours, made from the samples: no element of a payload is named here.

The result to message n is number n+1 (refused) or n+2 (accepted) of the same process. The sample with that number is
the template: its header is written anew, identifiers of the payload are those of our document wherever the local
names agree, and the text that is a result code becomes ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.identifiers import Eic, MessageId, MessageNumber, MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.message.message import Header
from csire_bridge.xml.envelope import TECHNICAL, format_moment, read_header
from csire_bridge.xml.parser import parse

__all__ = ["build_result"]

_TECHNICAL = f"{{{TECHNICAL}}}"
_RESULT = "R_1"
_RESULT_CODE = re.compile(r"C[AE][0-9]{3}\Z")
_IDENTIFIERS: tuple[Callable[[str], str], ...] = (ProcessInstanceId.parse, MeteringPointCode.parse)


def build_result(
    document: etree._Element, code: str, hub: Eic, clock: Clock, answers: MessageId | None = None
) -> etree._Element | None:
    """The unsigned R_1 with result ``code`` (CA... accepts, CE... refuses) to ``document``; None if it gets none.

    Its id follows from the document's id and the code. ``answers`` refers to another message than ``document``.
    """
    header = read_header(document)
    root = _template(header.number, accepted=code.startswith("CA"))
    if root is None:
        return None
    _write_header(root, header, code, hub, clock, answers or header.message_id)
    identifiers = _identifiers(document[-1])
    for leaf in _leaves(root[-1]):
        text = (leaf.text or "").strip()
        if _RESULT_CODE.match(text):
            leaf.text = code
        elif _is_identifier(text):
            leaf.text = identifiers.get(etree.QName(leaf).localname, text)
    return root


def _template(number: MessageNumber, *, accepted: bool) -> etree._Element | None:
    process, _, last = number.rpartition(".")
    if not last.isdecimal():
        return None
    wanted = f"{process}.{int(last) + (2 if accepted else 1)}"
    for file in sorted((folder("samples") / "good").glob(f"{wanted}-*.xml")):
        root = parse(file.read_bytes())
        if read_header(root).message_type == _RESULT:
            return root
    return None


def _write_header(root: etree._Element, ours: Header, code: str, hub: Eic, clock: Clock, answers: MessageId) -> None:
    values = {
        "MessageId": ours.message_id.derive(f"result {code} {answers}"),
        "SenderMessageId": answers,
        "MessageTimestamp": format_moment(clock()),
        "PhysicalSenderId": hub,
        "JuridicalSenderId": hub,
        "PhysicalRecipientId": ours.physical_sender,
        "JuridicalRecipientId": ours.juridical_sender,
    }
    for name, text in values.items():
        for element in root[0].iter(f"{_TECHNICAL}{name}"):
            element.text = text


def _identifiers(payload: etree._Element) -> Mapping[str, str]:
    texts = {etree.QName(leaf).localname: (leaf.text or "").strip() for leaf in _leaves(payload)}
    return {name: text for name, text in texts.items() if _is_identifier(text)}


def _leaves(payload: etree._Element) -> list[etree._Element]:
    return [element for element in payload.iter(etree.Element) if not len(element)]


def _is_identifier(text: str) -> bool:
    return any(_accepts(read, text) for read in _IDENTIFIERS)


def _accepts(read: Callable[[str], str], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True
