"""Answers to events of the head-end system: bare, or in an envelope of the version of SOAP in which the event came."""

from __future__ import annotations

from fastapi import Response

from csire_bridge.channels.hes.event_reader import MAX_EVENT_BYTES
from csire_bridge.domain.errors import PartnerFault
from csire_bridge.xml.parser import parse
from csire_bridge.xml.soap import Blame, Fault, Soap, check_headers, fault_body, new_envelope, serialised, version_of

__all__ = ["accepted", "check_envelope", "in_words", "not_stored", "refused"]

_ACCEPTED = b"<Acknowledgement><Result>OK</Result></Acknowledgement>"


def check_envelope(raw: bytes) -> None:
    """Raise Unreadable or NotValid for an envelope of another version, or with headers that must be understood."""
    root = parse(raw, MAX_EVENT_BYTES)
    if (version := version_of(root)) is not None:
        check_headers(root, version)


def accepted(version: Soap | None) -> Response:
    """The event is stored."""
    if version is None:
        return Response(_ACCEPTED, media_type="application/xml")
    envelope, body = new_envelope(version)
    body.append(parse(_ACCEPTED))
    return Response(serialised(envelope), media_type=version.media_type)


def refused(fault: PartnerFault, version: Soap | None) -> Response:
    """The event is wrong."""
    sentence = f"refused: {fault.text}"
    return in_words(400, sentence) if version is None else _fault(500, version, Blame.of(fault.code), sentence)


def not_stored(version: Soap | None) -> Response:
    """The event may be right, but can't be stored at the moment."""
    sentence = "the event can't be stored now; send it again"
    return in_words(503, sentence) if version is None else _fault(503, version, Blame.SERVER, sentence)


def in_words(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    """A sentence in plain text."""
    return Response(sentence, status, headers, media_type="text/plain; charset=utf-8")


def _fault(status: int, version: Soap, blame: Blame, sentence: str) -> Response:
    return Response(serialised(fault_body(version, Fault(blame, sentence))), status, media_type=version.media_type)
