"""Charts: everything that a shape says is also there as words, and no style is written into the page."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest
from lxml import etree

import csire_bridge.console
from csire_bridge.console.charts import MOST_SERIES, Chart, Figures, Series, bars, columns, lines

_TEMPLATES = Path(csire_bridge.console.__file__).parent / "templates"
_SVG = "{http://www.w3.org/2000/svg}"
LABELS = ("up to 15 min", "over 3 h", "<b>")
NOW, BEFORE = Series("now", (65, 19, 0)), Series("before", (12, None, 34))


def figures(*series: Series, name: str = "buckets") -> Figures:
    return Figures(name, "Execution times", "Time", LABELS, series or (NOW, BEFORE), lambda value: f"{value:g} %")


def drawn(chart: Chart) -> etree._Element:
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True)
    environment.globals["_"] = str
    page = environment.from_string('{% from "_parts/chart.html" import chart with context %}{{ chart(one) }}')
    return etree.fromstring(page.render(one=chart), etree.XMLParser(resolve_entities=False))


@pytest.mark.parametrize("make", [bars, columns, lines])
def test_given_a_chart_then_title_description_and_table_say_what_the_shapes_show(
    make: Callable[[Figures], Chart],
) -> None:
    page = drawn(make(figures()))
    (svg,) = page.findall(".//svg[@role='img']")
    said = {one.get("id"): one.text for one in svg.iter("title", "desc")}
    assert [said[name] for name in str(svg.get("aria-labelledby")).split()] == [
        "Execution times",
        "up to 15 min: 65 %, 12 %; over 3 h: 19 %, -; <b>: 0 %, 34 %",
    ]
    rows = [[cell.text for cell in row] for row in page.iterfind(".//tbody/tr")]
    assert rows == [["up to 15 min", "65 %", "12 %"], ["over 3 h", "19 %", "-"], ["<b>", "0 %", "34 %"]]


@pytest.mark.parametrize("make", [bars, columns, lines])
def test_given_a_chart_then_nothing_in_it_needs_a_style_that_the_policy_forbids(
    make: Callable[[Figures], Chart],
) -> None:
    page = drawn(make(figures()))
    assert not page.xpath("//@style | //style | //script")


def test_given_two_series_then_the_second_has_a_pattern_so_that_it_is_told_without_colour() -> None:
    page = drawn(bars(figures()))
    patterns = {one.get("id") for one in page.iter("pattern")}
    used = set(re.findall(r"url\(#([^)]+)\)", etree.tostring(page, encoding="unicode")))
    assert used == patterns == {"buckets-pattern-1"}


def test_given_bars_then_their_lengths_are_as_their_values_and_the_longest_fits() -> None:
    shapes = bars(figures()).shapes
    lengths = {(bar.of, round(bar.width, 1)) for bar in shapes}
    longest = max(bar.width for bar in shapes)
    assert longest == 396
    assert (1, round(longest * 12 / 65, 1)) in lengths
    assert all(one.y < two.y for one, two in itertools.pairwise(shapes))


def test_given_columns_then_each_stands_on_the_ground_and_the_scale_begins_at_zero() -> None:
    chart = columns(figures())
    grounds = {round(bar.y + bar.height, 1) for bar in chart.shapes}
    assert grounds == {chart.guides[0].y}
    assert [text.text for text in chart.texts if text.anchor == "end"] == ["0 %", "20 %", "40 %", "60 %", "80 %"]


def test_given_a_value_that_is_missing_then_its_line_is_interrupted() -> None:
    assert [path.of for path in lines(figures()).paths] == [0, 1, 1]


@pytest.mark.parametrize("make", [bars, columns, lines])
def test_given_nothing_to_show_then_the_drawing_is_empty_and_whole(make: Callable[[Figures], Chart]) -> None:
    empty = Figures("none", "Nothing", "Time", (), (Series("now", ()),))
    page = drawn(make(empty))
    assert page.find(".//svg") is not None
    zero = Figures("zero", "Zero", "Time", ("a",), (Series("now", (0,)),))
    assert drawn(make(zero)).find(".//svg") is not None


def test_given_figures_that_cannot_be_told_apart_or_do_not_fit_then_they_are_refused() -> None:
    with pytest.raises(ValueError, match="4 series at most"):
        figures(*(NOW for _ in range(MOST_SERIES + 1)))
    with pytest.raises(ValueError, match="one value for each label"):
        figures(Series("short", (1,)))
