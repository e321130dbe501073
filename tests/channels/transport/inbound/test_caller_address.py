"""Who calls, and how: told by the connection itself, or by a proxy that is named."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from csire_bridge.channels.transport.inbound.caller_address import Callers, networks

CALLERS = Callers(networks(["10.0.0.5"]))


def request_from(address: str, *headers: tuple[str, str]) -> Request:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "scheme": "http", "path": "/sid/soap", "server": ("bridge", 80), "query_string": b""}
    return Request({**scope, "client": (address, 5000), "headers": raw})


@pytest.mark.parametrize(
    ("peer", "told", "expected"),
    [
        ("10.0.0.5", "https", "https"),
        ("10.0.0.5", "javascript", "http"),
        ("10.0.0.6", "https", "http"),
    ],
    ids=["a named proxy", "nonsense", "a stranger"],
)
def test_only_a_named_proxy_may_say_that_its_caller_has_used_tls(peer: str, told: str, expected: str) -> None:
    assert CALLERS.scheme(request_from(peer, ("X-Forwarded-Proto", told))) == expected


def test_given_a_named_proxy_by_tls_of_its_own_then_what_it_tells_counts_and_not_its_own_certificate() -> None:
    request = request_from("10.0.0.5", ("X-Forwarded-For", "192.0.2.7"))
    request.scope["extensions"] = {"tls": {"client_cert_chain": ["-----BEGIN CERTIFICATE-----AAAA"]}}
    caller = CALLERS.of(request)
    assert (caller.address, caller.certificate, caller.proxy) == ("192.0.2.7", None, True)
