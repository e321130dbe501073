"""Which content an endpoint can read: the media type, and no packing or encoding of it that is not read here."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

__all__ = ["ONLY_PLAIN", "media_type"]

ONLY_PLAIN = {"Accept-Encoding": "identity"}
"""The header of an answer 415 that says that no packed content is taken (RFC 9110, 12.5.3)."""

_ENCODINGS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})
_LONGEST = 60


def media_type(request: Request, taken: Sequence[str] = ()) -> tuple[str, str | None]:
    """The media type in lower case, and a sentence if such content can't be read (None if it can).

    ``taken``: the media types that the endpoint takes (none given: every one that is a single document).
    """
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    media = kind.strip().lower()
    return media, _packed(request) or _not_taken(media, taken) or _encoded(parameters)


def _packed(request: Request) -> str | None:
    packed = request.headers.get("content-encoding", "").strip().lower()
    if packed in {"", "identity"}:
        return None
    return f"the message is compressed ({packed[:_LONGEST]}), which is not taken: send it without Content-Encoding"


def _not_taken(media: str, taken: Sequence[str]) -> str | None:
    wanted = f"{', '.join(taken[:-1])} or {taken[-1]}" if len(taken) > 1 else "".join(taken) or "one XML document"
    if media.startswith("multipart/"):
        return f"a message with attachments (MTOM, {media[:_LONGEST]}) is not taken: switch MTOM off, and send {wanted}"
    return f"send a message as {wanted}" if taken and media not in taken else None


def _encoded(parameters: str) -> str | None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        charset = value.strip().strip("\"'").lower()
        if name.strip().lower() == "charset" and charset not in _ENCODINGS:
            return f"the message is in {charset[:_LONGEST]}, which is not taken: send UTF-8"
    return None
