"""Charts as shapes, in units of a drawing that is stretched to the room there is; their words stand beside it."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

_HEIGHT = 100
_COLUMN, _GAP = 10, 2
_MANY_COLUMNS = 45
_ROW, _BAR = 28, 14
_STAGE, _SLOPE = 100, 36
_NICE = (1, 2, 5)
_MOST_TICKS = 5


class Shape(NamedTuple):
    """`css`: the class that it gets its colour by. `path`: as SVG has it. `title`: what it tells when pointed at."""

    css: str
    path: str
    title: str = ""


class Chart(NamedTuple):
    """`title`, `description`: for those who do not see it."""

    title: str
    description: str
    width: int
    height: int
    shapes: list[Shape]


def ticks(largest: int) -> list[int]:
    """Round numbers from 0 on, the last of which is no less than the largest value."""
    step = next(step for step in _steps() if step * (_MOST_TICKS - 1) >= largest)
    return [step * index for index in range(max(1, -(-largest // step)) + 1)]


def columns(
    title: str, description: str, series: Sequence[tuple[str, Sequence[int]]], names: Sequence[str]
) -> tuple[Chart, list[int]]:
    """A stack for each name, and the ticks that it stands on. `series`: class and values, from the lowest layer on."""
    stacks = [list(accumulate(values, initial=0)) for values in zip(*(values for _, values in series), strict=True)]
    scale = ticks(max((stack[-1] for stack in stacks), default=0))
    unit = _HEIGHT / scale[-1]
    width = _COLUMN * len(names)
    gap = _GAP if len(names) <= _MANY_COLUMNS else 0  # the outline that each has is enough then
    shapes = [Shape("grid", f"M0 {_number(_HEIGHT - tick * unit)}H{width}") for tick in scale]
    for layer, (css, values) in enumerate(series):
        path = "".join(
            _box(index * _COLUMN + gap / 2, _HEIGHT - stack[layer + 1] * unit, _COLUMN - gap, values[index] * unit)
            for index, stack in enumerate(stacks)
            if values[index]
        )
        shapes.append(Shape(css, path))
    shapes += [Shape("over", _box(index * _COLUMN, 0, _COLUMN, _HEIGHT), name) for index, name in enumerate(names)]
    return Chart(title, description, width, _HEIGHT, shapes), scale


def rows(title: str, description: str, values: Sequence[float], *, css: str) -> Chart:
    """A bar for each value, one below the other, each in the middle of a row; the longest takes all the room."""
    largest = max(values, default=0) or 1
    bars = [
        Shape(css, _box(0, index * _ROW + (_ROW - _BAR) / 2, value / largest * 100, _BAR))
        for index, value in enumerate(values)
        if value
    ]
    return Chart(title, description, 100, max(1, len(values)) * _ROW, bars)


def funnel(title: str, description: str, stages: Sequence[tuple[str, int]]) -> Chart:
    """Stages from left to right, each as high as it has leads, with slopes between them. `stages`: class and leads."""
    most = max((leads for _, leads in stages), default=0) or 1
    heights = [leads / most * _HEIGHT for _, leads in stages]
    shapes = []
    for index, ((css, _), height) in enumerate(zip(stages, heights, strict=True)):
        left, following = index * _STAGE, heights[index + 1] if index + 1 < len(stages) else height
        bend, right = _number(left + _STAGE - _SLOPE), _number(left + _STAGE)
        top, bottom = _number((_HEIGHT - height) / 2), _number((_HEIGHT + height) / 2)
        end, lower = _number((_HEIGHT - following) / 2), _number((_HEIGHT + following) / 2)
        shapes.append(Shape(css, f"M{left} {top}H{bend}L{right} {end}V{lower}L{bend} {bottom}H{left}z"))
    return Chart(title, description, _STAGE * len(stages), _HEIGHT, shapes)


def _steps() -> Iterator[int]:
    power = 1
    while True:
        yield from (nice * power for nice in _NICE)
        power *= 10


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{_number(x)} {_number(y)}h{_number(width)}v{_number(height)}h-{_number(width)}z"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
