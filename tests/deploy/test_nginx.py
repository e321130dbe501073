"""The example for nginx, tried with a real nginx in front of the service."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from csire_bridge.lab.simulators.pki import make_demo_pki
from tests.support.callers import watched_callers
from tests.support.patience import PATIENCE, wait_until
from tests.support.repository import REPOSITORY
from tests.support.tls_servers import Authority, Files
from tests.support.webhook import BARE, Scene, bare, now, running

EXAMPLE = REPOSITORY / "deploy" / "nginx"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(NGINX is None, reason="nginx is not installed")]


@dataclass
class Front:
    """nginx, and the service behind it."""

    port: int
    scene: Scene
    authority: Authority

    def connect(self, own: Files | None) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.authority.file.certificate))
        if own:
            context.load_cert_chain(own.certificate, own.key)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE, context=context)

    def ask(
        self, method: str, path: str, own: Files | None, raw: bytes = b"", **headers: str
    ) -> http.client.HTTPResponse:
        connection = self.connect(own)
        connection.request(method, path, raw, {"Content-Type": BARE, **headers})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def example_at(place: Path, port: int, behind: int, authority: Authority) -> Path:
    """The example with ports and files of this test, inside of a main file."""
    served = authority.issue("127.0.0.1")
    changes = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "127.0.0.1:8080": f"127.0.0.1:{behind}",
        "/etc/csire-bridge/tls/server.pem": str(served.certificate),
        "/etc/csire-bridge/tls/server.key": str(served.key),
        "/etc/csire-bridge/tls/client-authorities.pem": str(authority.file.certificate),
        "/etc/nginx/csire-bridge-proxy.conf": str(EXAMPLE / "csire-bridge-proxy.conf"),
    }
    text = (EXAMPLE / "csire-bridge.conf").read_text("utf-8")
    for name, value in changes.items():
        assert name in text
        text = text.replace(name, value)
    (place / "csire-bridge.conf").write_text(text, "utf-8")
    main = place / "nginx.conf"
    temporary = "\n".join(f"{kind}_temp_path {place};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main.write_text(
        f"daemon off; master_process off; pid {place}/nginx.pid; error_log {place}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {temporary} include {place}/csire-bridge.conf; }}\n"
    )
    return main


@contextmanager
def front(place: Path) -> Iterator[Front]:
    assert NGINX is not None
    authority = Authority(place, "clients and servers")
    with running(place, make_demo_pki(place, now()), web={"trusted_proxies": ["127.0.0.1"]}) as scene:
        port = free_port()
        main = example_at(place, port, scene.address[1], authority)
        with subprocess.Popen([NGINX, "-p", str(place), "-c", str(main)]) as process:
            try:
                wait_until(lambda: process.poll() is not None or answers(port))
                assert process.poll() is None, (place / "error.log").read_text()
                yield Front(port, scene, authority)
            finally:
                process.terminate()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def test_the_example_passes_messages_on_and_tells_who_calls_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = watched_callers(monkeypatch)
    with front(tmp_path) as nginx:
        own = nginx.authority.issue("partner")
        lies = {"X-Client-Cert": quote(nginx.scene.pki.hub.certificate_file.read_text("ascii"))}
        taken = nginx.ask(
            "POST", "/hub/messages", own, bare(nginx.scene.pki), **lies, **{"X-Forwarded-For": "10.9.8.7"}
        )
        assert taken.status == 200
        assert len(taken.headers["X-Request-Id"]) == 32, "nginx's own"
        shown = x509.load_pem_x509_certificate(own.certificate.read_bytes()).fingerprint(hashes.SHA256())
        assert {(one.address, one.certificate) for one in seen} == {("127.0.0.1", shown)}
        assert nginx.ask("POST", "/hub/messages", None, b"<x/>").status == 400, "a client certificate is needed"
        for path in ("/readyz", "/healthz", "/metrics", "/api/v1/orders", "/"):
            assert nginx.ask("GET", path, own).status == 404
