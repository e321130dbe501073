"""The bare calls to the head-end system: ready-made commands over one kept-alive connection, and an event listener."""

from __future__ import annotations

import http.client
import queue
import socketserver
import threading
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from csire_bridge.domain.errors import OurFault

__all__ = ["BareHeadEnd", "BareListener", "command"]

_HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"http://iec.ch/61968/Request"'}
_PATIENCE = 30.0
_COMMAND = """<?xml version='1.0' encoding='utf-8'?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>\
<m:RequestMessage xmlns:m="http://iec.ch/TC57/2011/schema/message"><m:Header><m:Verb>create</m:Verb>\
<m:Noun>EndDeviceControls</m:Noun><m:Timestamp>{start}</m:Timestamp><m:Source>bench</m:Source>\
<m:AsyncReplyFlag>true</m:AsyncReplyFlag><m:ReplyAddress>{reply_address}</m:ReplyAddress>\
<m:AckRequired>true</m:AckRequired><m:MessageID>{id}</m:MessageID><m:CorrelationID>{id}</m:CorrelationID>\
</m:Header><m:Payload><c:EndDeviceControls xmlns:c="http://iec.ch/TC57/2011/EndDeviceControls#">\
<c:EndDeviceControl><c:mRID>{id}</c:mRID><c:issuerID>bench</c:issuerID><c:issuerTrackingID>1</c:issuerTrackingID>\
<c:reason>debt</c:reason><c:primaryDeviceTiming><c:interval><c:start>{start}</c:start><c:end>{end}</c:end>\
</c:interval></c:primaryDeviceTiming><c:EndDeviceControlType ref="3.31.0.23"/><c:EndDevices><c:Names>\
<c:name>{meter}</c:name></c:Names></c:EndDevices></c:EndDeviceControl></c:EndDeviceControls></m:Payload>\
</m:RequestMessage></s:Body></s:Envelope>"""


def command(meter: str, reply_address: str) -> bytes:
    """The bytes of a request that disconnects ``meter`` within an hour."""
    now = datetime.now(UTC)
    start, end = (f"{moment:%Y-%m-%dT%H:%M:%S}Z" for moment in (now, now + timedelta(hours=1)))
    text = _COMMAND.format(id=uuid.uuid4(), start=start, end=end, meter=meter, reply_address=reply_address)
    return text.encode()


class BareHeadEnd:
    """Posts commands; nothing is done with the reply but to look for its OK."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._path = parts.path
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=_PATIENCE)

    def post(self, body: bytes) -> None:
        """Send a command and read the reply."""
        self._connection.request("POST", self._path, body, _HEADERS)
        if b"Result>OK<" not in self._connection.getresponse().read():
            raise OurFault("the simulated head-end system refused a command of the bench", "report it")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class BareListener:
    """Takes what is posted to it on 127.0.0.1 and puts the bodies into a queue."""

    def __init__(self) -> None:
        self._server = _Server()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address for events."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/events"

    def event(self) -> bytes:
        """The next event."""
        try:
            return self._server.bodies.get(timeout=_PATIENCE)
        except queue.Empty:
            text = f"no event came from the simulated head-end system in {_PATIENCE:.0f} s"
            raise OurFault(text, "run it again") from None

    def close(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        self.bodies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        while self.rfile.readline():
            length = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            self.server.bodies.put(self.rfile.read(length))
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
