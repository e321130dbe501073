"""Whatever is asked, the API answers as its description says, and never fails: schemathesis asks by a fixed seed."""

from __future__ import annotations

import os
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from csire_bridge.domain.identifiers import ProcessInstanceId
from csire_bridge.domain.order.order import OrderState
from tests.support.api import Api
from tests.support.store import add_order

pytestmark = pytest.mark.slow
_EXAMPLES = int(os.environ.get("API_EXAMPLES", "4"))
"""Requests of each kind to each path; a longer search: API_EXAMPLES=200."""


def test_no_request_makes_the_api_fail_or_answer_otherwise_than_described(api: Api) -> None:
    for state in (OrderState.REGISTERED, OrderState.PARKED, OrderState.FIELD_WORK):
        add_order(api.database, state=state, process_instance=ProcessInstanceId.new())
    headers = {"Authorization": f"Bearer {api.session('anna')}"}
    schema = schemathesis.openapi.from_asgi("/openapi.json", api.app)
    asked = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @hypothesis.seed(20)
        @hypothesis.settings(
            max_examples=_EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        )
        @hypothesis.given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(
                headers=headers,
                checks=[not_a_server_error, content_type_conformance, response_schema_conformance],
            )

        ask()
    assert asked >= 30
