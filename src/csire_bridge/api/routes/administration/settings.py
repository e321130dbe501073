"""``/settings``: every setting in force, without secrets, and where its value comes from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from csire_bridge.api.http.answers import answer
from csire_bridge.api.http.call import ForSystem
from csire_bridge.api.http.pages import Page
from csire_bridge.api.routes.shapes import Facts
from csire_bridge.config.shown import shown_settings

__all__ = ["settings_router"]

settings_router = APIRouter(prefix="/settings", tags=["system"])


@settings_router.get("", response_model=Page[Facts], summary="Every setting in force, and where it comes from")
def settings(
    call: ForSystem,
    below: Annotated[str | None, Query(max_length=100, description="Only this setting or group.")] = None,
    changed: Annotated[bool, Query(description="Only values that are not the default.")] = False,
) -> Response:
    """Secrets are masked. `source` is default, file, environment or option; `place` the line or the variable."""
    found = shown_settings(call.needs.installation.settings.as_read)
    wanted = [one for one in found if (not changed or one.changed) and (below is None or one.is_below(below))]
    return answer(call, {"items": [one.as_json() for one in wanted], "next": None})
