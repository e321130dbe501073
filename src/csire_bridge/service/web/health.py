"""``GET /healthz``: the process lives. ``GET /readyz``: it can do its work now, or the reasons why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

__all__ = ["health_router"]


_ELSEWHERE = "the operations door tells the reasons"


def health_router(reasons: Callable[[], Sequence[str]], *, tells_reasons: bool = True) -> APIRouter:
    """``reasons`` returns, as sentences, what keeps the service from working; it may block, so it runs in a thread.

    Without ``tells_reasons`` they are kept from the caller, who may be a stranger.
    """
    router = APIRouter()

    @router.get("/healthz", summary="Whether the process lives")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz", summary="Whether the process can do its work", responses=_RESPONSES)
    def readyz() -> Response:
        found = list(reasons())
        if found and not tells_reasons:
            found = [_ELSEWHERE]
        status = "not ready" if found else "ready"
        return JSONResponse({"status": status, "reasons": found}, status_code=503 if found else 200)

    return router


_ANSWER: dict[str, Any] = {
    "application/json": {
        "schema": {
            "type": "object",
            "properties": {"status": {"type": "string"}, "reasons": {"type": "array", "items": {"type": "string"}}},
            "required": ["status", "reasons"],
        }
    }
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Ready", "content": _ANSWER},
    503: {"description": "Not ready: the reasons", "content": _ANSWER},
}
