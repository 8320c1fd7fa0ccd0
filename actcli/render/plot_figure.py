"""Plots in files, by Matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from actcli.errors import MissingError
from actcli.render.numbers import plain

if TYPE_CHECKING:
    from actcli.report import Plot

# Okabe and Ito's palette: told apart by everybody, and in print.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999")
_STYLES: dict[str, dict[str, Any]] = {
    "line": {"linestyle": "-", "linewidth": 1.8},
    "dashed": {"linestyle": (0, (4, 2)), "linewidth": 1.4},
    "points": {"linestyle": "none", "marker": "o", "markersize": 4},
}
_RC: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e5e5e5",
    "grid.linewidth": 0.8,
    "axes.edgecolor": "#666666",
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "svg.fonttype": "none",
    # The same data gives the same bytes.
    "svg.hashsalt": "actcli",
}
_NO_DATE: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}


def check_matplotlib() -> None:
    """Raise MissingError, naming what installs it, if Matplotlib isn't there; doesn't import it."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        raise MissingError("figures need the library Matplotlib: pip install 'actcli[plot]'")


def write_figure(plots: Sequence[Plot], file: BinaryIO, kind: str) -> None:
    """Write the plots under one another as one figure; `kind` is `png`, `svg` or `pdf`.

    Raises MissingError if Matplotlib isn't there.
    """
    check_matplotlib()
    import numpy as np
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # A margin around 1e300 on a logarithmic axis overflows, harmlessly.
    with rc_context(_RC), np.errstate(over="ignore"):
        figure = Figure(figsize=(7.2, 4.2 * len(plots)), layout="constrained")
        for plot, axes in zip(plots, figure.subplots(len(plots), squeeze=False)[:, 0], strict=True):
            _draw(plot, axes)
        figure.savefig(file, format=kind, dpi=160, metadata=_NO_DATE[kind])


def _draw(plot: Plot, axes: Any) -> None:
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    if plot.x_log:
        axes.set_xscale("log")
    if plot.y_log:
        axes.set_yscale("log")

    def numbers(cells: Any) -> Any:
        return np.array([np.nan if cell is None else cell for cell in plain(cells)], dtype=np.float64)

    def drawable(cells: Any) -> Any:
        # Nothing infinite has a place on an axis; a gap says so.
        y = numbers(cells)
        return np.where(np.isfinite(y) & (~np.less_equal(y, 0) | (not plot.y_log)), y, np.nan)

    for series in plot.series:
        colour, x = _COLOURS[plot.colour(series) % len(_COLOURS)], numbers(series.x)
        if len(series.low):
            axes.fill_between(x, drawable(series.low), drawable(series.high), color=colour, alpha=0.2, linewidth=0)
        axes.plot(x, drawable(series.y), color=colour, label=series.name, **_STYLES[series.style])
    for mark in plot.marks:
        axes.axvline(mark.x, color="#999999", linewidth=0.8, linestyle=(0, (1, 3)))
        axes.annotate(mark.name, (mark.x, 1), xycoords=("data", "axes fraction"), xytext=(3, -3),
                      textcoords="offset points", va="top", fontsize=8, color="#666666")  # fmt: skip
    if not plot.x_log and all(np.all(numbers(series.x) % 1 == 0) for series in plot.series):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(title=plot.title, xlabel=plot.x_label, ylabel=plot.y_label)
    if len(plot.series) > 1:
        axes.legend()
