"""What is kept from whoever may not read personal data."""

from __future__ import annotations

import pytest

from csire_bridge.domain.people.personal_data import MASK, is_personal, masked_facts

POINT = "590243856287817706"


@pytest.mark.parametrize(
    "name", ["why", "lifted_why", "decided_why", "detail", "text", "problem", "meter", "last_error"]
)
def test_a_text_that_a_person_may_have_written_is_personal(name: str) -> None:
    assert is_personal(name)
    assert masked_facts([{"one": {name: "the tenant is ill"}}]) == [{"one": {name: MASK}}]


@pytest.mark.parametrize("name", ["state", "by", "until", "kind", "source_number", "undelivered_why"])
def test_states_times_and_codes_are_told(name: str) -> None:
    assert masked_facts({name: "done"}) == {name: "done"}


def test_a_point_is_cut_wherever_it_stands_and_what_is_not_there_stays_nothing() -> None:
    facts = {"metering_point": POINT, "lines": [f"order at {POINT}", 17], "why": None}
    assert masked_facts(facts) == {"metering_point": "...7706", "lines": ["order at ...7706", 17], "why": None}


def test_words_of_the_bridge_itself_are_told_but_for_points() -> None:
    assert masked_facts({"text": f"3 orders wait at {POINT}", "why": "x"}, {"text"}) == {
        "text": "3 orders wait at ...7706",
        "why": MASK,
    }
