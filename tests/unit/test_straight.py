"""Busy doors are reached past the routing, and nothing else changes."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.testclient import TestClient

from csire_bridge.service.straight import Straight, ways_of


async def _echo(request: Request) -> Response:
    return Response(await request.body(), 201)


async def _broken(_: Request) -> Response:
    raise ValueError("an error of ours")


async def _sorry(_: Request, error: Exception) -> Response:
    return Response(f"sorry: {error}", 503)


def client() -> tuple[TestClient, list[str]]:
    router = APIRouter()
    router.add_route("/busy", _echo, methods=["POST"])
    router.add_route("/broken", _broken, methods=["POST"])
    router.add_route("/read", _echo, methods=["GET"])
    app, routed = FastAPI(), []

    @app.middleware("http")
    async def count(request: Request, call_next: object) -> Response:
        routed.append(request.url.path)
        return await call_next(request)  # type: ignore[operator, no-any-return]

    app.include_router(router)
    app.add_exception_handler(Exception, _sorry)
    app.add_middleware(Straight, ways=ways_of([router]))  # what is added last comes first
    return TestClient(app, raise_server_exceptions=False), routed


def test_given_a_post_to_a_busy_door_then_its_handler_answers_past_the_routing() -> None:
    there, routed = client()
    answer = there.post("/busy", content=b"hello")
    assert (answer.status_code, answer.content, routed) == (201, b"hello", [])


def test_given_anything_else_then_the_routes_answer() -> None:
    there, routed = client()
    assert there.get("/busy").status_code == 405
    assert there.get("/read").status_code == 201
    assert there.post("/busy/").status_code in (307, 404, 201)
    assert there.post("/nowhere").status_code == 404
    assert "/busy" in routed


def test_given_a_handler_that_fails_then_the_applications_own_answer_is_given() -> None:
    there, _ = client()
    answer = there.post("/broken")
    assert (answer.status_code, answer.text) == (503, "sorry: an error of ours")
