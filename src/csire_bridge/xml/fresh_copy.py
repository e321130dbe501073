"""A message made new: with an id and a process of its own, and its dates moved so that it was written just now."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from lxml import etree

from csire_bridge.domain.identifiers import MessageId, ProcessInstanceId
from csire_bridge.xml.parser import parse
from csire_bridge.xml.redate import redate
from csire_bridge.xml.schema.lexical import parse_moment
from csire_bridge.xml.security.signature import without_signature

__all__ = ["fresh_copy"]

_MESSAGE_ID = re.compile(rb"(<(?:\w+:)?MessageId>\s*)[0-9A-Fa-f-]{36}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_TIMESTAMP = re.compile(rb"<(?:\w+:)?MessageTimestamp>\s*([^<\s]+)")


def fresh_copy(raw: bytes, now: datetime) -> etree._Element:
    """The message without its signature; raises Unreadable for what is no message."""
    parse(raw)
    stamp = _TIMESTAMP.search(raw)
    age = now - parse_moment(stamp.group(1).decode("utf-8")) if stamp else timedelta(0)
    renamed = _MESSAGE_ID.sub(rb"\g<1>" + MessageId.new().encode("ascii"), redate(raw, age), count=1)
    root = without_signature(parse(renamed))
    _begin_process(root)
    return root


def _begin_process(root: etree._Element) -> None:
    """Give the message a new process, because a process is carried out only once: the only id in its last part."""
    fresh = ProcessInstanceId.new()
    for leaf in root[-1].iter(etree.Element) if len(root) else ():
        if _UUID.fullmatch((leaf.text or "").strip()):
            leaf.text = fresh
