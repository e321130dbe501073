"""A JSON body that names a field twice is refused: two programs would read two different things in it."""

from __future__ import annotations

import json
from http import HTTPStatus

from fastapi import Request

from csire_bridge.api.http.problems import ApiProblem

__all__ = ["no_name_twice"]


class _Twice(Exception):
    """A name stands twice in an object."""


async def no_name_twice(request: Request) -> None:
    """Raise ApiProblem for a body in which an object has a name twice; what is no JSON is refused elsewhere."""
    if "json" not in request.headers.get("content-type", ""):
        return
    try:
        json.loads(await request.body(), object_pairs_hook=_once)
    except _Twice as error:
        raise ApiProblem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"the body names `{error}` twice", "give each field once"
        ) from error
    except ValueError:
        return


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name[:100])
        found[name] = value
    return found
