"""Schemathesis against the service's own OpenAPI: whatever is sent, only what is documented comes back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from csire_bridge.lab.simulators.pki import make_demo_pki
from tests.support.chance import examples
from tests.support.patience import PATIENCE
from tests.support.webhook import Scene, now, running

SOAP_FAULT = 500
KINDS = ("application/xml", "application/soap+xml", "text/xml")


@schemathesis.serializer(*KINDS)
def as_it_is(_context: object, value: Any) -> bytes:
    """Bodies go out as the bytes that were made up, not as XML made of them."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    place = Path(tempfile.mkdtemp(prefix="fuzzed-"))
    web = {"strangers_per_minute": 10**6}
    head_end = {"url": "http://127.0.0.1:9/hes"}
    with running(place, make_demo_pki(place, now()), web=web, head_end=head_end) as found:
        yield found


def operations() -> list[str]:
    return ["GET /healthz", "GET /readyz", "POST /hub/messages"]


@pytest.mark.parametrize("name", operations())
def test_given_anything_then_only_documented_answers_come(scene: Scene, name: str) -> None:
    described = schemathesis.openapi.from_url(f"{scene.service.url}/openapi.json")
    found = {
        f"{o.method.upper()} {o.path}": o for o in (r.ok() for r in described.get_all_operations() if isinstance(r, Ok))
    }
    assert sorted(found) == operations()

    @settings(max_examples=examples(60), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=found[name].as_strategy())
    def push(case: Any) -> None:
        check(case, case.call(timeout=PATIENCE))

    push()


def check(case: Any, response: Any) -> None:
    if response.status_code != SOAP_FAULT:
        case.validate_response(response, excluded_checks=[positive_data_acceptance])
        return
    assert response.headers["content-type"][0].split(";")[0] in ("application/soap+xml", "text/xml")
    assert b"CMSFault" in response.content
    case.validate_response(response, excluded_checks=[not_a_server_error, positive_data_acceptance])


def test_given_all_that_then_the_service_is_still_ready(scene: Scene) -> None:
    assert scene.get("/readyz").status == 200
