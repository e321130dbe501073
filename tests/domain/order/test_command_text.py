"""The text that goes out with an order: named fields, and no way to anything else."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.order.command_text import LONGEST_TEXT, TEXT_FIELDS, OrderText, render
from tests.support.rules import DEBT, order


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{metering_point}", "590243856287817706"),
        ("{kind}/{disconnection_kind}", "disconnect/debt"),
        ("od {registered_at}, na {requested_date}", "od 2026-11-23 10:00, na 2026-11-27"),
        ("{description:5}|", "zażąd|"),
        ("{meter}", "-"),
        ("{{metering_point}}", "{metering_point}"),
        ("a{{b}}c", "a{b}c"),
    ],
)
def test_given_a_template_when_rendered_then_its_fields_are_filled_in(template: str, text: str) -> None:
    one = order(requested_date=date(2026, 11, 27), description="zażądano odłączenia")
    assert render(template, one) == text


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{key}", "unknown field {key}"),
        ("{metering_point.__class__}", "a lone {"),
        ("{metering_point[0]}", "a lone {"),
        ("{metering_point!r}", "a lone {"),
        ("{metering_point:>99}", "a lone {"),
        ("{metering_point:{kind}}", "a lone {"),
        ("{__class__}", "unknown field"),
        ("{0}", "a lone {"),
        ("{}", "a lone {"),
        ("{", "a lone {"),
        ("}", "a lone }"),
        ("{description:0}", "cut to nothing"),
        ("a\nb", "one line"),
        ("x" * 251, "may become 251 characters"),
        ("x{description}", "may become 251 characters"),
    ],
)
def test_given_what_is_no_template_when_read_then_it_is_refused_with_the_reason(template: str, told: str) -> None:
    with pytest.raises(ValueError) as caught:
        OrderText.parse(template)
    assert told in str(caught.value)


def test_given_a_field_with_braces_and_line_breaks_when_rendered_then_they_stay_text_in_one_line() -> None:
    assert render("{description}", order(description="{meter}\n\x00{{")) == "{meter}  {{"


@pytest.mark.parametrize("name", TEXT_FIELDS)
def test_given_each_field_when_rendered_for_a_bare_order_then_there_is_a_text(name: str) -> None:
    assert render(f"{{{name}}}", order(supplier=None, disconnection_kind=None))


@given(st.text(st.sampled_from("{}:ab_m1 ,.!"), max_size=40))
def test_given_any_template_when_read_then_it_is_refused_or_renders_within_the_limit(template: str) -> None:
    try:
        text = OrderText.parse(template)
    except ValueError:
        return
    assert len(text.render(DEBT)) <= LONGEST_TEXT
