"""Where the simulated head-end system answers requests: what is lost, refused or lied about on the way included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from csire_bridge.domain.errors import Unreadable
from csire_bridge.lab.simulators.faults.fate import Fate
from csire_bridge.lab.simulators.faults.hes import Fault, HeadEndFaults
from csire_bridge.lab.simulators.hes.commands import Commands
from csire_bridge.lab.simulators.hes.field import Field
from csire_bridge.lab.simulators.hes.messages import (
    Refusal,
    Request,
    read_request,
    write_calendars,
    write_readings,
    write_reply,
    write_state,
)
from csire_bridge.lab.simulators.hes.tariffs import Tariffs
from csire_bridge.lab.simulators.http_server import SOAP_11, Reply
from csire_bridge.lab.simulators.meter.concentrators import Concentrators

__all__ = ["SILENCE", "RequestHandler"]

SILENCE = Reply(0, b"", silent=True)
"""The connection is cut without a word."""

_ERROR_PAGE = b"<html><body>The upstream server gave no answer.</body></html>"


class RequestHandler:
    """Answers SOAP requests; the HTTP server calls it from its threads."""

    def __init__(
        self,
        concentrators: Concentrators,
        commands: Commands,
        field: Field,
        tariffs: Tariffs,
        fate: Fate,
        faults: HeadEndFaults,
        clock: Callable[[], datetime],
        schema: Path,
    ) -> None:
        self._schema = schema
        self._concentrators, self._commands = concentrators, commands
        self._field, self._tariffs = field, tariffs
        self._fate, self._faults, self._clock = fate, faults, clock

    def answer(self, raw: bytes) -> Reply:
        """What leaves in answer to a request."""
        request = None
        try:
            request = read_request(raw, self._schema)
            if self._strikes(Fault.REQUEST_LOST, request):
                return SILENCE
            return self._sent(request, self._served(request))
        except Refusal as refusal:
            return _soap(write_reply(request, self._clock(), refusal))
        except Unreadable as error:
            return _soap(write_reply(None, self._clock(), Refusal("2.9", error.text)))

    def _sent(self, request: Request, body: bytes) -> Reply:
        """The reply to what was done, where it is not lost on its way."""
        if self._strikes(Fault.REPLY_LOST, request):
            return SILENCE
        if self._strikes(Fault.REPLY_ERROR, request):
            return Reply(self._faults.error_status, _ERROR_PAGE, "text/html")
        return _soap(body)

    def _served(self, request: Request) -> bytes:
        if request.meter not in self._concentrators:
            raise Refusal("2.4", f"there is no meter {request.meter}")
        if self._strikes(Fault.BUSY, request):
            raise Refusal("5.8", "too busy, come again", level="WARNING")
        match request.verb:
            case "get":
                return self._read(request)
            case "create" | "change" if self._tariffs.means(request):
                self._tariffs.carry_out(request)
            case "create":
                self._create(request)
            case "cancel":
                self._commands.cancel(request)
            case _:
                raise Refusal("2.9", f"the verb {request.verb} is not served for this")
        return write_reply(request, self._clock())

    def _read(self, request: Request) -> bytes:
        match request.noun:
            case "EndDeviceControls":
                snapshot = self._field.read(request.meter)
                return write_state(request, self._clock(), snapshot.output_state, snapshot.control_state)
            case "MeterReadings":
                values = self._tariffs.registers(request)
                return write_readings(request, self._clock(), values)
            case "TariffCalendars":
                return write_calendars(request, self._clock(), self._tariffs.calendars(request))
            case _:
                raise Refusal("2.5", f"there is no {request.noun} to get")

    def _create(self, request: Request) -> None:
        if self._strikes(Fault.REFUSED, request):
            raise Refusal("5.2", "not authorised for this control")
        self._commands.accept(request)
        if self._strikes(Fault.REPLY_LIES, request):
            raise Refusal("4.1", "the control could not be carried out")

    def _strikes(self, fault: Fault, request: Request) -> bool:
        return self._fate.strikes(fault, request.meter, request.verb)


def _soap(body: bytes) -> Reply:
    return Reply(200, body, SOAP_11)
