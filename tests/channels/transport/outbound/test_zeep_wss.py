"""Our WS-Security inside zeep: a real client against a real server on loopback, and answers that are forged."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
import zeep
from lxml import etree

from csire_bridge.channels.transport.outbound.zeep_wss import WsSecurityPlugin
from csire_bridge.domain.errors import NotTrusted, Unreadable
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.certificates.keys import CertificateBook
from csire_bridge.xml.security.ws_security.wss import sign_envelope, verify_envelope
from tests.attacks.mutations_wrapping import wrapped_envelopes
from tests.xml.security.ws_security.test_wss import NOW, SOAP, World, envelope, signed, world

__all__ = ["world"]  # the fixture

WSDL = """<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:k="http://schemas.xmlsoap.org/wsdl/soap12/"
 xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:e="urn:echo" targetNamespace="urn:echo">
<w:types><x:schema targetNamespace="urn:echo" elementFormDefault="qualified">
<x:element name="Ask" type="x:string"/><x:element name="Answer" type="x:string"/></x:schema></w:types>
<w:message name="Ask"><w:part name="body" element="e:Ask"/></w:message>
<w:message name="Answer"><w:part name="body" element="e:Answer"/></w:message>
<w:portType name="P"><w:operation name="ask"><w:input message="e:Ask"/><w:output message="e:Answer"/></w:operation>
</w:portType><w:binding name="B" type="e:P"><k:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<w:operation name="ask"><k:operation soapAction="ask"/><w:input><k:body use="literal"/></w:input>
<w:output><k:body use="literal"/></w:output></w:operation></w:binding>
<w:service name="S"><w:port name="P" binding="e:B"><k:address location="ADDRESS"/></w:port></w:service>
</w:definitions>"""
Answerer = Callable[[bytes], bytes]


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """A SOAP server on loopback that answers with whatever its ``answerer`` makes of the request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answerer = cast("Answerer", self.server.answerer)  # type: ignore[attr-defined]
            answer = answerer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()


def ask(world: World, server: ThreadingHTTPServer, place: Path, answerer: Answerer) -> Any:
    server.answerer = answerer  # type: ignore[attr-defined]
    wsdl = place / "echo.wsdl"
    wsdl.write_text(WSDL.replace("ADDRESS", f"http://127.0.0.1:{server.server_port}/"))
    plugin = WsSecurityPlugin(world.pki.operator.signing, lambda: world.book, lambda: NOW)
    client = zeep.Client(str(wsdl), wsse=plugin, settings=zeep.Settings(forbid_dtd=True))  # type: ignore[no-untyped-call]
    return client.service.ask("590243856287817706")


def answer_of_hub(world: World, request: bytes) -> bytes:
    """What the hub does: it verifies us strictly, and signs its answer."""
    ours = CertificateBook([world.pki.operator.trusted])
    question = verify_envelope(parse(request), ours, NOW).body[0].text
    root = envelope(SOAP[1])
    root[-1].remove(root[-1][0])
    etree.SubElement(root[-1], "{urn:echo}Answer").text = question
    return sign_envelope(root, world.pki.hub.signing, NOW)


def test_given_our_plugin_when_zeep_calls_then_both_directions_are_signed_and_verified(
    world: World, server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    assert ask(world, server, tmp_path, lambda raw: answer_of_hub(world, raw)) == "590243856287817706"


def test_given_our_plugin_when_an_answer_is_forged_then_zeep_never_reads_it(
    world: World, server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    good = answer_of_hub(world, sign_envelope(_question(), world.pki.operator.signing, NOW))
    bad = [raw for _, raw in wrapped_envelopes(good)][::7]
    bad += [good.replace(b"590243856287817706", b"590015710563817868"), etree.tostring(_question())]
    forgeries = iter(bad)
    for _ in bad:
        with pytest.raises(NotTrusted):
            ask(world, server, tmp_path, lambda _: next(forgeries))


def _question() -> etree._Element:
    root = envelope(SOAP[1])
    root[-1][0].text = "590243856287817706"
    return root


def test_given_our_plugin_when_an_answer_is_hostile_xml_then_it_is_refused(world: World) -> None:
    plugin = WsSecurityPlugin(world.pki.operator.signing, lambda: world.book, lambda: NOW)
    raw = signed(world)
    entity = raw.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY e "5902">]>', 1).replace(b">5902", b">&e;")
    external = raw.replace(b"?>", b'?><!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', 1)
    for hostile in (entity, external, raw.replace(b"5902", b"59<?x?>02")):
        with pytest.raises(Unreadable):
            plugin.verify(etree.fromstring(hostile, etree.XMLParser(load_dtd=False)))


def test_given_our_plugin_when_an_answer_is_good_then_nothing_but_the_signed_body_is_left(world: World) -> None:
    plugin = WsSecurityPlugin(world.pki.operator.signing, lambda: world.book, lambda: NOW)
    root = etree.fromstring(signed(world).replace(b"5902", b"59<!-- -->02"))
    assert plugin.verify(root) is root
    assert [etree.QName(child).localname for child in root] == ["Body"]
    assert root[0].findtext(".//{urn:d}Code") == "590243856287817706"
