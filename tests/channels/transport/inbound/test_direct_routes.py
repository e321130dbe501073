"""Busy doors are reached past the routing, and nothing else changes."""

from __future__ import annotations

import asyncio

from csire_bridge.channels.transport.inbound.direct_routes import Straight, ways_of
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.types import ASGIApp, Message


async def _echo(request: Request) -> Response:
    return Response(await request.body(), 201)


async def _broken(_: Request) -> Response:
    raise ValueError("an error of ours")


async def _sorry(_: Request, error: Exception) -> Response:
    return Response(f"sorry: {error}", 503)


class Client:
    """Asks an application without a server in between."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body."""
        return asyncio.run(self._ask(method, path, body))

    async def _ask(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        told: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            told.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b"", "root_path": ""}
        await self._app(scope, receive, send)
        return told[0]["status"], b"".join(message.get("body", b"") for message in told[1:])


def client() -> tuple[Client, list[str]]:
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
    return Client(Straight(app, ways_of([router]), _sorry)), routed


def test_given_a_post_to_a_busy_door_then_its_handler_answers_past_the_routing() -> None:
    there, routed = client()
    assert there.ask("POST", "/busy", b"hello") == (201, b"hello")
    assert routed == []


def test_given_anything_else_then_the_routes_answer() -> None:
    there, routed = client()
    asked = [("GET", "/busy"), ("GET", "/read"), ("POST", "/busy/"), ("POST", "/nowhere")]
    assert [there.ask(*one)[0] for one in asked] == [405, 201, 307, 404]
    assert routed == [path for _, path in asked]


def test_given_a_handler_that_fails_then_whoever_asked_gets_the_answer_for_it() -> None:
    there, _ = client()
    assert there.ask("POST", "/broken") == (503, b"sorry: an error of ours")
