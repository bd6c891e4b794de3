"""Charts as inline SVG: bars with their interval, and lines by week."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 640
ROW = 26
LABELS = 230
"""Room for what stands left of the bars; longer labels are cut."""

LABEL_CHARACTERS = 34
GAP = 64
"""Room right of the plot for the value."""

SERIES = 6
"""Colours of report.css, light and dark, for lines; a seventh line has the first again."""

NAME_HEIGHT = 15
"""Of a line's name; nearer ones would cover each other."""

Format = Callable[[float], str]


@dataclass(frozen=True)
class Bar:
    """A value with its label and, where it is known, the interval around it."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


def percent(value: float) -> str:
    """A share as a percentage."""
    return f"{value:.0%}"


def plain(value: float) -> str:
    """A number with at most one decimal."""
    return f"{value:,.1f}".removesuffix(".0")


def signed(value: float) -> str:
    """A change, with its sign."""
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")


def bars(title: str, values: Sequence[Bar], written: Format = plain) -> str:
    """Horizontal bars from zero; a whisker is the interval."""
    ends = [end for bar in values for end in (bar.value, bar.low, bar.high) if end is not None]
    least, most = min(0.0, *ends), max(0.0, *ends)
    span = (most - least) or 1.0
    right = WIDTH - GAP

    def x(value: float) -> float:
        return LABELS + (value - least) / span * (right - LABELS)

    height = ROW * len(values) + 12
    drawn = [_axis(x(0.0), height)]
    for number, bar in enumerate(values):
        middle = 6 + ROW * number + ROW / 2
        drawn.append(_text(LABELS - 8, middle, _cut(bar.label), "end"))
        begin, width = min(x(0.0), x(bar.value)), abs(x(bar.value) - x(0.0))
        drawn.append(
            f'<rect x="{begin:.1f}" y="{middle - 7:.1f}" width="{width:.1f}" height="14"'
            f' rx="2" class="bar"/>'
        )
        edge = x(max(bar.value, 0.0))
        if bar.low is not None and bar.high is not None:
            drawn.append(_whisker(x(bar.low), x(bar.high), middle))
            edge = max(edge, x(bar.high))
        drawn.append(_text(edge + 8, middle, written(bar.value), "start"))
    return _svg(title, height, drawn)


def lines(title: str, weeks: Sequence[str], series: dict[str, dict[str, float]]) -> str:
    """A line for each series over all weeks, named at its end; a missing week breaks it."""
    left, right, top, height = 44.0, WIDTH - 110.0, 14.0, 260
    bottom = height - 34.0
    most = max((value for one in series.values() for value in one.values()), default=0.0) or 1.0

    def x(number: int) -> float:
        return left + number / max(1, len(weeks) - 1) * (right - left)

    def y(value: float) -> float:
        return bottom - value / most * (bottom - top)

    drawn = []
    for share in (0.0, 0.5, 1.0):
        level = y(most * share)
        drawn.append(
            f'<line x1="{left}" y1="{level:.1f}" x2="{right}" y2="{level:.1f}" class="grid"/>'
        )
        drawn.append(_text(left - 8, level, plain(most * share), "end"))
    each = max(1, len(weeks) // 6)
    drawn += [
        _text(x(number), bottom + 18, week[5:], "middle")
        for number, week in enumerate(weeks)
        if number % each == 0
    ]
    named: list[float] = []
    for number, (name, values) in enumerate(sorted(series.items(), key=_last(weeks))):
        points = [(x(place), y(values[week])) for place, week in enumerate(weeks) if week in values]
        drawn.append(f'<g class="s{number % SERIES}">')
        drawn += [f'<path d="{run}" class="line"/>' for run in _runs(weeks, values, x, y)]
        drawn += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" class="dot"/>' for a, b in points]
        level = points[-1][1]
        # Names that would cover each other move up.
        while any(abs(level - other) < NAME_HEIGHT for other in named):
            level -= NAME_HEIGHT
        named.append(level)
        drawn.append(_text(right + 9, level, name, "start") + "</g>")
    return _svg(title, height, drawn)


def _last(weeks: Sequence[str]) -> Callable[[tuple[str, dict[str, float]]], float]:
    def last(one: tuple[str, dict[str, float]]) -> float:
        return next((one[1][week] for week in reversed(weeks) if week in one[1]), 0.0)

    return last


def _runs(
    weeks: Sequence[str],
    values: dict[str, float],
    x: Callable[[int], float],
    y: Callable[[float], float],
) -> list[str]:
    runs, open_run = [], ""
    for number, week in enumerate(weeks):
        if week in values:
            open_run += f"{'L' if open_run else 'M'}{x(number):.1f} {y(values[week]):.1f}"
        elif open_run:
            runs.append(open_run)
            open_run = ""
    return [*runs, open_run] if open_run else runs


def _whisker(low: float, high: float, middle: float) -> str:
    ends = "".join(f"M{end:.1f} {middle - 4:.1f}v8" for end in (low, high))
    return f'<path d="M{low:.1f} {middle:.1f}H{high:.1f}{ends}" class="whisker"/>'


def _axis(x: float, height: int) -> str:
    return f'<line x1="{x:.1f}" y1="2" x2="{x:.1f}" y2="{height - 2}" class="axis"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" dy=".33em" text-anchor="{anchor}">{escape(text)}</text>'


def _cut(label: str) -> str:
    return label if len(label) <= LABEL_CHARACTERS else label[: LABEL_CHARACTERS - 1] + "…"


def _svg(title: str, height: int, drawn: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"{''.join(drawn)}</svg>"
    )
