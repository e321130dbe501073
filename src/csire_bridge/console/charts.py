"""Charts as shapes for SVG: bars, columns and lines. ``templates/_parts/chart.html`` draws them, each with its table.

A chart is read without colour: every series is named and has a pattern of its own, and values stand beside the shapes
or in the table. Sizes are units of the drawing, which is ``WIDTH`` wide and as large as its place on the page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["WIDTH", "Bar", "Chart", "Figures", "Guide", "Label", "Line", "Series", "bars", "columns", "lines"]

WIDTH = 480.0
MOST_SERIES = 4
"""So many patterns can be told apart."""

_TEXT = 14.0
_BAR, _GAP, _GROUP_GAP = 16.0, 3.0, 12.0
_VALUE_ROOM = 84.0
_LEFT, _RIGHT, _TOP, _PLOT, _FOOT = 44.0, 8.0, 12.0, 180.0, 22.0
_FILLED = 0.84
_STEPS = (1, 2, 5, 10)

Told = Callable[[float], str]


def _plain(value: float) -> str:
    return f"{value:g}"


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one thing, one for each label of the chart; None where there is none."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a chart shows. ``name`` is unique on the page, ``labels_title`` says what labels are; ``told`` writes one.

    Raises ValueError for more series than can be told apart, and for a series that does not fit the labels.
    """

    name: str
    title: str
    labels_title: str
    labels: Sequence[str]
    series: Sequence[Series]
    told: Told = _plain

    def __post_init__(self) -> None:
        if len(self.series) > MOST_SERIES:
            raise ValueError(f"a chart shows {MOST_SERIES} series at most, because each has a pattern of its own")
        if any(len(one.values) != len(self.labels) for one in self.series):
            raise ValueError("each series has one value for each label")

    @property
    def largest(self) -> float:
        """The largest value; 0 where there is none."""
        return max((value for one in self.series for value in one.values if value is not None), default=0)

    @property
    def rows(self) -> Sequence[tuple[str, Sequence[str]]]:
        """The table: each label with its values in words."""
        values = ([self.words(one.values[at]) for one in self.series] for at in range(len(self.labels)))
        return list(zip(self.labels, values, strict=True))

    def words(self, value: float | None) -> str:
        """A value in words."""
        return "-" if value is None else self.told(value)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of the series ``of``."""

    of: int
    x: float
    y: float
    width: float
    height: float

    @property
    def outline(self) -> str:
        """As a part of a path; nothing where there is nothing to see."""
        if not (self.width and self.height):
            return ""
        return f"M{self.x},{self.y}h{self.width}v{self.height}h-{self.width}z"


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline of the series ``of``; ``points`` as SVG writes them."""

    of: int
    points: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text: ``anchor`` is ``start``, ``middle`` or ``end``; ``kind`` is ``label``, ``value`` or ``scale``."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    kind: str = "label"


@dataclass(frozen=True, slots=True)
class Guide:
    """A line of the scale, across the drawing at ``y``."""

    x1: float
    x2: float
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing of some figures."""

    figures: Figures
    height: float
    shapes: Sequence[Bar] = ()
    paths: Sequence[Line] = ()
    texts: Sequence[Label] = ()
    guides: Sequence[Guide] = ()

    @property
    def outlines(self) -> Sequence[str]:
        """The shapes of each series as one path, as SVG writes it: shorter by far than a rectangle for each."""
        series = range(len(self.figures.series)) if self.shapes else ()
        return ["".join(bar.outline for bar in self.shapes if bar.of == of) for of in series]

    @property
    def about(self) -> str:
        """Everything in words, for whoever hears the page."""
        return "; ".join(f"{label}: {', '.join(values)}" for label, values in self.figures.rows)


def bars(figures: Figures, most: float | None = None) -> Chart:
    """Lying bars, a group for each of a few labels, each bar with its value in words.

    ``most`` is what the longest bar stands for; None: the largest value.
    """
    scale = (WIDTH - _VALUE_ROOM) / (most or figures.largest or 1)
    shapes: list[Bar] = []
    texts: list[Label] = []
    y = 0.0
    for at, label in enumerate(figures.labels):
        texts.append(Label(0, _short(y + _TEXT), label))
        y += _TEXT + 6
        for of, one in enumerate(figures.series):
            value = one.values[at]
            length = min((value or 0) * scale, WIDTH - _VALUE_ROOM)
            shapes.append(_bar(of, 0, y, length, _BAR))
            texts.append(Label(_short(length + 6), _short(y + _BAR - 3), figures.words(value), kind="value"))
            y += _BAR + _GAP
        y += _GROUP_GAP
    return Chart(figures, _short(y), shapes, texts=texts)


def columns(figures: Figures, every: int = 1) -> Chart:
    """Standing bars for many labels, such as hours; under every ``every``-th of them its label is written."""
    frame = _Frame(figures)
    room = frame.width / max(1, len(figures.labels))
    wide = room * _FILLED / max(1, len(figures.series))
    beside = room * (1 - _FILLED) / 2
    shapes = []
    for at in range(len(figures.labels)):
        for of, one in enumerate(figures.series):
            value = one.values[at]
            y = frame.y(value or 0)
            x = frame.left + at * room + beside + of * wide
            shapes.append(_bar(of, x, y, wide, frame.bottom - y))
    middles = [frame.left + (at + 0.5) * room for at in range(len(figures.labels))]
    return Chart(figures, _short(frame.height), shapes, texts=frame.texts(middles, every), guides=frame.guides)


def lines(figures: Figures, every: int = 1) -> Chart:
    """Lines over labels in their order, such as days. A value that is missing interrupts its line."""
    frame = _Frame(figures)
    room = frame.width / max(1, len(figures.labels) - 1)
    places = [frame.left + at * room for at in range(len(figures.labels))]
    paths = [
        Line(of, " ".join(f"{places[at]:.1f},{frame.y(value):.1f}" for at, value in run))
        for of, one in enumerate(figures.series)
        for run in _runs(one.values)
    ]
    return Chart(figures, _short(frame.height), paths=paths, texts=frame.texts(places, every), guides=frame.guides)


def _bar(of: int, x: float, y: float, width: float, height: float) -> Bar:
    return Bar(of, _short(x), _short(y), _short(width), _short(height))


def _short(value: float) -> float:
    """A tenth is as exact as anybody sees; whole numbers are written without one."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Values with their places, in pieces between those that are missing."""
    found: list[list[tuple[int, float]]] = [[]]
    for at, value in enumerate(values):
        if value is not None:
            found[-1].append((at, value))
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


class _Frame:
    """The field of a chart with a scale at its left: round numbers from 0 to the largest value or above."""

    left, bottom, width, height = _LEFT, _TOP + _PLOT, WIDTH - _LEFT - _RIGHT, _TOP + _PLOT + _FOOT

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        step = _round_step(figures.largest)
        steps = max(1, math.ceil(figures.largest / step))
        self._top = step * steps
        self._marks = [step * n for n in range(steps + 1)]
        self.guides = [Guide(_short(self.left), _short(self.left + self.width), self.y(mark)) for mark in self._marks]

    def y(self, value: float) -> float:
        """Where a value is, from the top."""
        return _short(self.bottom - _PLOT * value / self._top)

    def texts(self, places: Sequence[float], every: int) -> list[Label]:
        """The numbers of the scale, and labels below their places."""
        scale = [
            Label(_short(self.left - 6), _short(self.y(m) + 4), self._figures.words(m), "end", "scale")
            for m in self._marks
        ]
        below = [
            Label(_short(place), _short(self.bottom + _TEXT + 2), label, "middle", "scale")
            for place, label in zip(places, self._figures.labels, strict=True)
        ]
        return [*scale, *below[::every]]


def _round_step(largest: float) -> float:
    """A round number of which about four make the largest value; at least 1, because counts are whole."""
    raw = largest / 4
    if raw <= 1:
        return 1
    power = 10.0 ** math.floor(math.log10(raw))
    return next(step * power for step in _STEPS if step * power >= raw)
