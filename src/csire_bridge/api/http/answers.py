"""Answers in JSON: with an ETag, masked for callers who may not read personal data, and noted for those who may."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from http import HTTPStatus

from fastapi import Response

from csire_bridge.api.http.call import Call
from csire_bridge.api.http.problems import ApiProblem
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note
from csire_bridge.domain.people.personal_data import masked_facts

__all__ = ["answer", "as_bytes", "masked", "require_version"]


def answer(
    call: Call,
    body: object,
    reads: tuple[Act, str] | None = None,
    version: int | None = None,
    harmless: Collection[str] = (),
) -> Response:
    """``body`` as the answer to a read; 304 without one if the caller has the very same already.

    ``reads`` says as what the audit notes that personal data were told. ``version`` is that of the thing, by which an
    act can say what it was decided on (If-Match). Texts named in ``harmless`` were written by the bridge alone.
    """
    content = as_bytes(body if call.may_read_personal else masked(body, harmless))
    tag = hashlib.sha256(content).hexdigest()[:32]
    etag = f'"{version}-{tag}"' if version is not None else f'"{tag}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in _listed(call.request.headers.getlist("if-none-match")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if reads is not None and call.may_read_personal:
        act, subject = reads
        with call.needs.database.transaction() as tx:
            note(tx, call.actor, act, subject, call.now)
    return Response(content, media_type="application/json", headers=headers)


def require_version(call: Call, version: int) -> None:
    """Raise ApiProblem if the caller says by If-Match that the thing was another when he decided."""
    told = call.request.headers.getlist("if-match")
    if told and not any(one == "*" or one.strip('"').partition("-")[0] == str(version) for one in _listed(told)):
        raise ApiProblem(
            HTTPStatus.PRECONDITION_FAILED, "changed", "it changed since it was read", "read it again, then decide"
        )


def _listed(headers: list[str]) -> list[str]:
    return [one.strip().removeprefix("W/") for header in headers for one in header.split(",")]


def as_bytes(body: object) -> bytes:
    """JSON in UTF-8: moments in UTC with a Z, decimals as text."""
    return json.dumps(_plain(body), ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    """What JSON can say, of whatever is told."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    return _scalar(value)


def _scalar(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value.value if isinstance(value, Enum) else value


def masked(body: object, harmless: Collection[str] = ()) -> object:
    """The same without personal data, as JSON knows it; texts named in ``harmless`` are the bridge's own."""
    return masked_facts(_plain(body), harmless)
