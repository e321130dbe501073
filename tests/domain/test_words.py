"""One thing is told in the singular, everything else in the plural."""

from __future__ import annotations

import pytest

from csire_bridge.domain.words import agreed, counted


@pytest.mark.parametrize(("count", "words"), [(0, "0 orders"), (1, "1 order"), (2, "2 orders"), (21, "21 orders")])
def test_given_a_count_then_the_word_has_its_form(count: int, words: str) -> None:
    assert counted(count, "order") == words


def test_given_a_word_with_a_plural_of_its_own_then_it_is_used() -> None:
    assert (counted(1, "reply", "replies"), counted(2, "reply", "replies")) == ("1 reply", "2 replies")


def test_given_a_sentence_with_both_forms_then_the_verb_agrees_too() -> None:
    sentence = "{count} order{s} {waits} for a person"
    assert (agreed(sentence, 1), agreed(sentence, 3)) == ("1 order waits for a person", "3 orders wait for a person")
