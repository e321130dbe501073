"""Answers: a page, or the block of it that its script asks for; a redirect after a form; a file."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Response
from starlette.responses import RedirectResponse

from csire_bridge.console.area import Area, menu_for
from csire_bridge.console.http.assets import script_address, style
from csire_bridge.console.http.visit import Visit
from csire_bridge.console.rendering import Reader, render
from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audited import note

__all__ = ["Note", "download", "html", "page", "redirect"]

_NOTICE_COOKIE = "csire-notice"
Note = tuple[Act, str]
"""As what the audit notes that personal data were read: the act, and what was read."""


def page(
    visit: Visit,
    template: str,
    facts: Mapping[str, Any] | None = None,
    *,
    reads: Note | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """The page that ``template`` makes of ``facts``; or its block, where the page's script asks for one.

    A block has an ETag, and the script gets 304 as long as it is the same. ``reads`` is noted where the visitor sees
    personal data, also of a block that is sent.
    """
    areas: tuple[Area, ...] = visit.request.app.state.areas
    told = {
        "visit": visit,
        "request": visit.request,
        "menu": menu_for(areas, visit.actor),
        "menu_views": partial(visit.request.app.state.menu_views, visit),
        "notice": _notice(visit),
        **(facts or {}),
    }
    part = visit.part
    if part is not None:
        response = _block(visit, render(visit, template, told, part))
    else:
        response = html(visit, template, told, status)
        if told["notice"]:
            response.delete_cookie(_NOTICE_COOKIE)
    if reads is not None and visit.may_read_personal and response.status_code != HTTPStatus.NOT_MODIFIED:
        with visit.api.database.transaction() as tx:
            note(tx, visit.actor, *reads, visit.now)
    return response


def html(reader: Reader, template: str, facts: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A whole page, with the policy that lets nothing of others in."""
    nonce = secrets.token_urlsafe(16)
    text = render(reader, template, {"nonce": nonce, "style": style(), "script": script_address(), **facts})
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {"Content-Security-Policy": policy, "Content-Language": str(reader.language), "Cache-Control": "no-store"}
    return Response(text, status, headers, media_type="text/html; charset=utf-8")


def _block(visit: Visit, text: str) -> Response:
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if visit.request.headers.get("if-none-match") == etag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(text, headers=headers, media_type="text/html; charset=utf-8")


def redirect(visit: Visit, path: str, notice: str | None = None, remedy: str | None = None) -> Response:
    """After a form: show the page at ``path``, with a notice that is shown once."""
    response = RedirectResponse(path, HTTPStatus.SEE_OTHER)
    if notice:
        told = base64.urlsafe_b64encode(json.dumps([notice, remedy or ""]).encode()).decode()
        response.set_cookie(
            _NOTICE_COOKIE, told, max_age=60, secure=visit.needs.secure, httponly=True, samesite="strict"
        )
    return response


def _notice(visit: Visit) -> tuple[str, str] | None:
    told = visit.request.cookies.get(_NOTICE_COOKIE)
    if not told:
        return None
    try:
        text, remedy = json.loads(base64.urlsafe_b64decode(told))
    except ValueError:
        return None
    return str(text), str(remedy)


def download(content: bytes, name: str, media: str) -> Response:
    """A file to keep."""
    safe = quote(name, safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{safe}", "Cache-Control": "no-store"}
    return Response(content, headers=headers, media_type=media)
