"""Which refusals may be our own fault, when they are judged again, and how they are logged without a flood."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from csire_bridge.domain.errors import ProblemCode
from csire_bridge.domain.message.refusals import ABOUT_TRUST, CAUSES, may_be_ours
from tests.support.defaults import INTAKE

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
POLICY = INTAKE.judging_again


def test_given_any_code_then_it_is_said_whose_cause_it_is() -> None:
    assert set(CAUSES) == set(ProblemCode)


def test_given_what_a_forger_can_send_then_it_is_never_judged_again() -> None:
    forged = {ProblemCode.UNSIGNED, ProblemCode.BAD_SIGNATURE, ProblemCode.WRAPPED, ProblemCode.WRONG_SIGNER}
    assert forged <= ABOUT_TRUST
    assert not any(map(may_be_ours, forged))


@pytest.mark.parametrize(
    "code",
    [
        ProblemCode.UNKNOWN_SIGNER,
        ProblemCode.CERTIFICATE_EXPIRED,
        ProblemCode.FUTURE_TIMESTAMP,
        ProblemCode.STALE_TIMESTAMP,
        ProblemCode.UNKNOWN_MESSAGE,
    ],
)
def test_given_a_cause_that_passes_when_we_put_something_right_then_it_is_judged_again(code: ProblemCode) -> None:
    assert may_be_ours(code)


def test_given_tries_then_pauses_double_up_to_the_longest_and_end_after_days() -> None:
    pauses = [POLICY.next_time(NOW, tries, NOW) for tries in range(20)]
    assert pauses[0] == NOW + POLICY.first
    assert pauses[1] == NOW + 2 * POLICY.first
    assert pauses[-1] == NOW + POLICY.longest
    assert POLICY.next_time(NOW, 500, NOW + POLICY.give_up - timedelta(seconds=1)) is not None
    assert POLICY.next_time(NOW, 500, NOW + POLICY.give_up) is None
