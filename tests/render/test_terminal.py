from __future__ import annotations

import io

import pytest

from actcli.render import Terminal, ascii_fallback
from actcli.render.terminal import encode


class Tty(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def detect(environ: dict[str, str], stdout: io.StringIO | None = None, color: str = "auto") -> Terminal:
    return Terminal.detect(color, environ, stdout or Tty(), Tty())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environ", "color", "colour"),
    [
        ({}, "auto", True),
        ({"NO_COLOR": "1"}, "auto", False),
        ({"NO_COLOR": ""}, "auto", True),
        ({"NO_COLOR": "1"}, "always", True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, "auto", False),
        ({"CLICOLOR": "0"}, "auto", False),
        ({"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, "auto", True),
        ({"TERM": "dumb"}, "auto", False),
        ({}, "never", False),
    ],
)
def test_colour_on_a_terminal(environ: dict[str, str], color: str, colour: bool) -> None:
    assert detect(environ, color=color).colour is colour


@pytest.mark.parametrize(
    ("environ", "colour"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "0"}, False), ({"CLICOLOR": "1"}, False)],
)
def test_colour_in_a_pipe(environ: dict[str, str], colour: bool) -> None:
    assert detect(environ, io.StringIO()).colour is colour


def test_size() -> None:
    assert (detect({}).width, detect({}).height) == (80, 24)
    assert detect({"COLUMNS": "132", "LINES": "50"}).width == 132
    assert detect({"COLUMNS": "wide"}).width == 80


def test_fallback() -> None:
    assert ascii_fallback("σ′(x) → −∞ · √2 ≤ φ Φ ±1 f″ ┌─┐│") == "sigma'(x) -> -inf * sqrt2 <= phi Phi +/-1 f'' +-+|"
    assert ascii_fallback("✗ wrong ✗ 8e+06 ✗│✗   x✓✗") == "!! wrong !! 8e+06 no|no   xyesno"
    assert ascii_fallback("σ · x", "latin-1") == "sigma · x"
    assert ascii_fallback("σ", "utf-8") == "σ"
    assert encode("日", "ascii") == b"?"
    assert Terminal().unicode
    assert not Terminal(encoding="latin-1").unicode


@pytest.mark.parametrize(
    ("text", "spelt"), [("e⁻ˣ", "e^-x"), ("x² + y³", "x^2 + y^3"), ("sᵢ·xⱼ", "s_i*x_j"), ("日", "?")]
)
def test_raised_and_lowered_letters_in_ascii(text: str, spelt: str) -> None:
    assert ascii_fallback(text) == spelt
