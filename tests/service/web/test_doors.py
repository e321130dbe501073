"""The doors: which endpoints are open at which address, and what every response carries."""

from __future__ import annotations

import http.client
import json
import re
from pathlib import Path

import pytest

from csire_bridge.config.role import Role
from csire_bridge.config.sections.web import OperationsDoor, WebSettings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.service.web.doors import Door, addresses, open_addresses
from tests.support.webhook import Scene, now, running


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:  # type: ignore[misc]
    place = tmp_path_factory.mktemp("doors")
    with running(place, make_demo_pki(place, now())) as scene:
        yield scene


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("at", ["web", "web.operations"])
def test_health_is_told_at_the_address_for_messages_and_at_the_operations_door(
    scene: Scene, at: str, path: str
) -> None:
    assert scene.get(path, at).status == 200


@pytest.mark.parametrize("path", ["/hub/messages", "/hes/events", "/sid/soap", "/nothing"])
def test_the_operations_door_knows_no_endpoint_for_messages(scene: Scene, path: str) -> None:
    assert scene.get(path, "web.operations").status == 404


def test_given_a_worker_then_it_has_the_operations_door_alone(tmp_path: Path) -> None:
    with running(tmp_path, make_demo_pki(tmp_path, now()), role=Role.WORKER) as scene:
        assert [address.setting for address in scene.service.addresses] == ["web.operations"]
        ready = scene.get("/readyz")
        assert (ready.status, json.loads(ready.body)) == (200, {"status": "ready", "reasons": []})
        assert scene.get("/hub/messages").status == 404


def test_given_the_same_address_for_two_doors_then_it_serves_both() -> None:
    web = WebSettings(port=8080, operations=OperationsDoor(port=8080))
    (only,) = addresses(web, Role.ALL)
    assert only.doors == set(Door)


def test_given_an_address_that_is_taken_then_the_setting_is_named_and_nothing_stays_open() -> None:
    (held,) = open_addresses(WebSettings().at_free_ports(), Role.WORKER, shared=False)
    taken = held.address.port
    held.listener.listen()
    try:
        with pytest.raises(ConfigurationError, match=rf"127.0.0.1:{taken} can't be listened on.*web\.operations\.port"):
            open_addresses(WebSettings(port=0, operations=OperationsDoor(port=taken)), Role.ALL, shared=False)
    finally:
        held.listener.close()


@pytest.mark.parametrize("path", ["/healthz", "/nothing"])
def test_every_response_has_headers_that_protect_browsers_and_none_that_names_the_server(
    scene: Scene, path: str
) -> None:
    headers = scene.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "Server" not in headers
    assert "Strict-Transport-Security" not in headers, "it is for answers by TLS only"


def test_given_no_http_at_all_then_also_that_answer_says_what_it_is(scene: Scene) -> None:
    with scene.socket() as stream:
        stream.sendall(b"nonsense\r\n\r\n")
        answer = http.client.HTTPResponse(stream)
        answer.begin()
        assert (answer.status, answer.headers["X-Content-Type-Options"]) == (400, "nosniff")


def test_given_a_request_id_then_the_response_has_it(scene: Scene) -> None:
    assert scene.get("/healthz", **{"X-Request-Id": "caller-7.a"}).headers["X-Request-Id"] == "caller-7.a"


@pytest.mark.parametrize("told", [None, "x" * 65, "two words", "<script>", ""])
def test_given_no_request_id_or_one_that_could_do_harm_then_a_new_one_is_given(scene: Scene, told: str | None) -> None:
    headers = {} if told is None else {"X-Request-Id": told}
    given = [scene.get("/healthz", **headers).headers["X-Request-Id"] for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in given)
    assert given[0] != given[1]
