"""Where the head-end system posts its events: ``POST /hes/events``."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response

from csire_bridge.channels.hes.event_answers import accepted, check_envelope, in_words, not_stored, refused
from csire_bridge.channels.hes.event_reader import MAX_EVENT_BYTES, read_events
from csire_bridge.channels.hes.profile import HeadEndProfile
from csire_bridge.channels.transport.inbound.caller_proofs import Proofs, Unproved
from csire_bridge.channels.transport.inbound.content import ONLY_PLAIN, media_type
from csire_bridge.channels.transport.inbound.entrance import Entrance
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import BridgeError, PartnerFault
from csire_bridge.domain.message.partners import PartnerLimits
from csire_bridge.domain.meter.contactor import HeadEndEvent
from csire_bridge.runtime.group_commit import GroupCommitter
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.telemetry.logs import logger
from csire_bridge.xml.soap import spoken

__all__ = ["EVENTS_PATH", "EventListener", "EventReceiver", "OnEvents", "events_path"]

EVENTS_PATH = "/hes/events"


def events_path(system: str) -> str:
    """Where one more system posts its events."""
    return f"{EVENTS_PATH}/{system}"


OnEvents = Callable[[Sequence[tuple[bytes, HeadEndEvent]]], None]
"""Takes events, the bytes as received and what they say; it returns when all are committed."""

_log = logger(__name__)
_LIMITS = PartnerLimits(per_minute=600_000, at_once=1024, max_bytes=MAX_EVENT_BYTES)
_LINGER_SECONDS = 0.02  # no head-end system minds; a group of events costs little more than one


_Group = GroupCommitter[tuple[bytes, list[HeadEndEvent]], None]


class EventReceiver:
    """``POST /hes/events``: ``router`` answers; one thread commits events that arrive at the same moment together.

    A caller must give one of ``proofs``; otherwise it gets 401, 403 or 429. 200 is answered only after ``on_events``
    has returned, also for an event that can't be used, because sending it again would not change that. What is no
    message of the dialect gets 400, one too large 413, one too slow 408, one that is packed or not in UTF-8 415,
    each with a sentence; if ``on_events`` raises one of our errors, 503 asks the HES to send the event again. What came
    in a SOAP envelope is answered in one of the same version, by a fault (500 instead of 400) where it is refused.
    """

    def __init__(
        self,
        on_events: OnEvents,
        *,
        profile: HeadEndProfile,
        proofs: Proofs,
        entrance: Entrance | None = None,
        limits: PartnerLimits = _LIMITS,
        clock: Clock = system_clock,
        path: str = EVENTS_PATH,
    ) -> None:
        self._profile = profile
        self._proofs = proofs
        self._entrance = entrance or Entrance()
        self._limits = limits
        self._clock = clock
        self._group = _Group(partial(_hand_over, on_events), name="head-end events", linger=_LINGER_SECONDS)
        self.router = APIRouter()
        self.router.add_api_route(path, self._receive, methods=["POST"], include_in_schema=False)

    def start(self) -> None:
        """Start to commit events."""
        self._group.start()

    def stop(self) -> None:
        """Commit what waits, then end."""
        self._group.stop()

    @property
    def runs(self) -> bool:
        """Whether events are being committed."""
        return self._group.runs

    async def _receive(self, request: Request) -> Response:
        entrance = self._entrance
        try:
            self._proofs.check(request, entrance.caller(request), entrance.guesses)
        except Unproved as unproved:
            return await entrance.turn_away(request, in_words, unproved.status, unproved.sentence, unproved.headers)
        if unreadable := media_type(request)[1]:
            return await entrance.turn_away(request, in_words, 415, unreadable, ONLY_PLAIN)
        return await entrance.let_in(request, "events", self._limits, self._take, in_words)

    async def _take(self, raw: bytes) -> Response:
        return await _take(raw, self._group, self._profile, self._clock())


def _hand_over(on_events: OnEvents, messages: Sequence[tuple[bytes, list[HeadEndEvent]]]) -> list[None]:
    on_events([(raw, event) for raw, events in messages for event in events])
    return [None] * len(messages)


async def _take(raw: bytes, group: _Group, profile: HeadEndProfile, now: datetime) -> Response:
    version = spoken(raw)
    try:
        if version is not None:
            check_envelope(raw)
        await group.submit((raw, read_events(raw, profile, now)))
    except PartnerFault as fault:
        return refused(fault, version)
    except BridgeError:
        return not_stored(version)
    return accepted(version)


async def _went_wrong(_request: Request, error: Exception) -> Response:
    _log.error("event.failed", why=error, exc_info=error)
    return in_words(500, "the event could not be taken")


class EventListener:
    """Runs the event endpoint on 127.0.0.1 in a daemon thread; for tests, benches and small installations."""

    def __init__(self, on_events: OnEvents, profile: HeadEndProfile, proofs: Proofs, port: int = 0) -> None:
        app = FastAPI(openapi_url=None)
        app.add_exception_handler(Exception, _went_wrong)
        self._app, self._proofs = app, proofs
        self._doors: list[EventReceiver] = []
        self._add(EVENTS_PATH, on_events, profile)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, proxy_headers=False, timeout_graceful_shutdown=2
        )
        self._server = uvicorn.Server(config)
        self._socket = _listening_socket(port)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def also(self, system: str, on_events: OnEvents, profile: HeadEndProfile) -> None:
        """Take the events of one more system at an address of its own; before ``start``."""
        self._add(events_path(system), on_events, profile)

    def _add(self, path: str, on_events: OnEvents, profile: HeadEndProfile) -> None:
        door = EventReceiver(on_events, profile=profile, proofs=self._proofs, path=path)
        self._app.include_router(door.router)
        self._doors.append(door)

    @property
    def url(self) -> str:
        """The address to hand to the HES; it is known, and queues connections, even before ``start``."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}{EVENTS_PATH}"

    def start(self) -> EventListener:
        """Return when the server answers (10 s at most); raise RuntimeError when it does not."""
        for door in self._doors:
            door.start()
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the event listener did not start")
            time.sleep(0.002)
        return self

    def stop(self) -> None:
        """Finish open requests (2 s at most) and close the port."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        for door in self._doors:
            door.stop()
        self._socket.close()


def _listening_socket(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1.

    The protocol is named, because asyncio sets TCP_NODELAY only then; without it each answer waits 40 ms for an ACK.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(256)
    return listener
