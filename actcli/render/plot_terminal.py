"""Plots drawn with characters, by plotext."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from actcli.render.numbers import plain
from actcli.render.terminal import ascii_fallback

if TYPE_CHECKING:
    from actcli.report import Mark, Plot, Series

_COLOURS = (33, 208, 35, 199, 141, 179, 51, 245)
_GREY = 244
_WALL = "!┊"
"""A mark, without and with Unicode."""
_SHAPES = "*+ox#%@&"
"""Where there is no colour, each series has a letter of its own."""


def plot_text(plot: Plot, width: int, height: int, *, colour: bool, encoding: str = "utf-8") -> str:
    """Return the plot as lines of text, `width` columns wide and `height` rows high, the legend under the title.

    Points that are not finite, or not positive on a logarithmic axis, are gaps. Without `colour` there is no ANSI code.
    """
    import plotext

    unicode = ascii_fallback("⠿", encoding) == "⠿"
    legend = _legend(plot, width, colour=colour, unicode=unicode)
    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.theme("simple")
    figure.plot_size(width, max(height - 1 - len(legend), 6))
    figure.label(plot.x_label, axis="x")
    shown: tuple[list[float], list[float]] = ([], [])

    def draw(series: Series, shape: str, paint: int) -> None:
        marker = plotext.marker("braille" if shape == "⠒" else shape, (paint, None, None) if colour else None)
        for x, y in _runs(series, plot):
            figure.draw(figure.signal(x, y, marker=marker).lines(series.style != "points" and len(x) > 1))
            shown[0].extend(x)
            shown[1].extend(y)

    for series in plot.series:
        for edge in (series.low, series.high):
            if len(edge):
                draw(replace(series, y=edge), "·" if unicode else ".", _paint(series, plot))
    # What was measured lies over what was expected.
    for series in sorted(plot.series, key=lambda each: each.style != "dashed"):
        draw(series, _shape(series, plot, colour=colour, unicode=unicode), _paint(series, plot))
    if shown[0]:
        for mark in _marks(plot):
            place = math.log10(mark.x) if plot.x_log else mark.x
            marker = plotext.marker(_WALL[unicode], (_GREY, None, None) if colour else None)
            figure.draw(figure.signal([place, place], [min(shown[1]), max(shown[1])], marker=marker).lines(True))
        figure.ruler("x").ticks(*_ticks(min(shown[0]), max(shown[0]), width // 12, log=plot.x_log))
        at, texts = _ticks(min(shown[1]), max(shown[1]), height // 4, log=plot.y_log, around=True)
        figure.ruler("y").ticks(at, texts).lim(min(at), max(at))
    drawn = figure.build().string(colorless=not colour)
    title = f"{plot.title}   [{plot.y_label}]" if plot.y_label else plot.title
    lines = [f"\x1b[1m{title}\x1b[0m" if colour else title, *legend, *drawn.rstrip("\n").split("\n")]
    return ascii_fallback("".join(f"{line.rstrip()}\n" for line in lines), encoding)


def _legend(plot: Plot, width: int, *, colour: bool, unicode: bool) -> list[str]:
    """Return the lines that say what is what."""
    entries = [(f"{_WALL[unicode]} {mark.name}", _GREY) for mark in _marks(plot)]
    for series in reversed(plot.series):
        shape = _shape(series, plot, colour=colour, unicode=unicode)
        sample = shape if series.style == "points" else shape * 2
        entries.insert(0, (f"{sample} {series.name}", _paint(series, plot)))
    lines, taken = [""], 0
    for text, paint in entries:
        if taken and taken + 3 + len(text) > width:
            lines.append("")
            taken = 0
        sign, _, name = text.partition(" ")
        painted = f"\x1b[38;5;{paint}m{sign}\x1b[0m {name}" if colour else text
        lines[-1] += "   " * bool(taken) + painted
        taken += 3 * bool(taken) + len(text)
    return lines


def _marks(plot: Plot) -> list[Mark]:
    """Return the marks that lie between the first and the last x."""
    places = [x for series in plot.series for x in plain(series.x) if _drawable(x, plot.x_log)]
    return [mark for mark in plot.marks if places and min(places) <= mark.x <= max(places)]


def _paint(series: Series, plot: Plot) -> int:
    return _COLOURS[plot.colour(series) % len(_COLOURS)]


def _shape(series: Series, plot: Plot, *, colour: bool, unicode: bool) -> str:
    if not (colour and unicode):
        return _SHAPES[next(k for k, each in enumerate(plot.series) if each is series) % len(_SHAPES)]
    return {"line": "⠒", "dashed": "╌", "points": "•"}[series.style]


def _runs(series: Series, plot: Plot) -> Iterator[tuple[list[float], list[float]]]:
    """Yield the stretches of a series that can be drawn; a logarithmic axis takes exponents of ten."""
    x_run: list[float] = []
    y_run: list[float] = []
    for x, y in zip(plain(series.x), plain(series.y), strict=True):
        if _drawable(x, plot.x_log) and _drawable(y, plot.y_log):
            x_run.append(math.log10(x) if plot.x_log else float(x))
            y_run.append(math.log10(y) if plot.y_log else float(y))
        elif x_run:
            yield x_run, y_run
            x_run, y_run = [], []
    if x_run:
        yield x_run, y_run


def _drawable(value: Any, log: bool) -> bool:
    return value is not None and abs(value) < float("inf") and (value > 0 or not log)


def _ticks(low: float, high: float, count: int, *, log: bool, around: bool = False) -> tuple[list[float], list[str]]:
    """Return about `count` round numbers from `low` to `high` (or just `around` them), and their texts."""
    if low == high:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / max(count, 2)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    if log and high - low > 1:
        step = max(1.0, round(step))
    down, up = (math.floor, math.ceil) if around else (math.ceil, math.floor)
    slack = 1e-9 if around else -1e-9
    at = [index * step for index in range(down(low / step + slack), up(high / step - slack) + 1)]
    if log:
        return at, [f"1e{round(value)}" if step >= 1 else f"{10**value:.3g}" for value in at]
    return at, [f"{value:.10g}" for value in at]
