"""Facts about the terminal, gathered once and handed to every renderer, so that each output path can be tested."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TextIO

_ASCII = {
    "Α": "Alpha", "Β": "Beta", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi",
    "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "υ": "upsilon", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "ϵ": "epsilon",
    "′": "'", "″": "''", "‴": "'''", "→": "->", "←": "<-", "↔": "<->", "⇒": "=>", "∞": "inf", "−": "-", "±": "+/-",
    "·": "*", "×": "x", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "≡": "==", "√": "sqrt", "∂": "d",
    "∑": "sum", "∏": "prod", "∫": "int", "∈": " in ", "ℝ": "R", "ℕ": "N", "ℤ": "Z", "⁄": "/", "∘": "o", "∇": "grad",
    "–": "-", "—": "-", "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"', "»": ">>", "«": "<<", "•": "*",
    "‖": "|", "°": "deg", "µ": "u", "✓": "yes", "✗": "no", "✔": "yes", "✘": "no",
    "²": "^2", "³": "^3", "¹": "^1", "⁰": "^0", "½": "1/2", "¼": "1/4", "¾": "3/4", "⁻": "^-", "\u00a0": " ",
    "─": "-", "━": "-", "═": "=", "│": "|", "┃": "|", "║": "|", "╌": "-", "╍": "-", "╴": "-", "╶": "-",
    "█": "#", "▀": '"', "▄": "_", "▌": "|", "▐": "|", "░": ".", "▒": ":", "▓": "#",
}  # fmt: skip
_ASCII |= {chr(0x2074 + digit - 4): f"^{digit}" for digit in range(4, 10)}
_ASCII |= {chr(0x2080 + digit): f"_{digit}" for digit in range(10)}
_ASCII |= dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬╞╡╪╫╤╧╥╨┝┥┠┨┯┷┰┸┿╂╇╈╉╊", "+")
_HANDLER = "actcli.ascii"
_MARK = re.compile(r"[✗✘] (?=\w)")
"""A cross before a word or a number doesn't say no: it marks what is wrong."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the streams can show: `width` in columns, `height` in rows, whether and how they take colour and letters."""

    stdout_is_tty: bool = False
    stderr_is_tty: bool = False
    width: int = 80
    height: int = 24
    colour: bool = False
    stderr_colour: bool = False
    encoding: str = "utf-8"
    stderr_encoding: str = "utf-8"

    @property
    def unicode(self) -> bool:
        """Whether stdout can encode Greek letters, primes and box drawing."""
        return ascii_fallback("σ′″→∞─█", self.encoding) == "σ′″→∞─█"

    @classmethod
    def detect(
        cls,
        color: Literal["auto", "always", "never"] = "auto",
        environ: Mapping[str, str] | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> Terminal:
        """Return the facts about these streams (default: the process's own).

        `color` outranks NO_COLOR, which outranks FORCE_COLOR and CLICOLOR_FORCE, then CLICOLOR=0, then TERM=dumb.
        COLUMNS and LINES outrank the terminal's size; without either it is 80 × 24.
        """
        environ = os.environ if environ is None else environ
        stdout, stderr = stdout or sys.stdout, stderr or sys.stderr
        out_tty, err_tty = _is_tty(stdout), _is_tty(stderr)
        width, height = _size([stream for stream, tty in ((stdout, out_tty), (stderr, err_tty)) if tty])
        return cls(
            stdout_is_tty=out_tty,
            stderr_is_tty=err_tty,
            width=_positive(environ.get("COLUMNS")) or width,
            height=_positive(environ.get("LINES")) or height,
            colour=_colour(color, environ, out_tty),
            stderr_colour=_colour(color, environ, err_tty),
            encoding=getattr(stdout, "encoding", None) or "utf-8",
            stderr_encoding=getattr(stderr, "encoding", None) or "utf-8",
        )


def ascii_fallback(text: str, encoding: str = "ascii") -> str:
    """Return `text` with the characters that `encoding` can't hold spelt in ASCII (`σ` as `sigma`, `′` as `'`)."""
    return encode(text, encoding).decode(encoding)


def encode(text: str, encoding: str) -> bytes:
    """Encode `text`, spelling in ASCII what `encoding` can't hold; never raises for want of a character."""
    return text.encode(encoding, _HANDLER)


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    spelt: list[str] = []
    for at in range(error.start, error.end):
        letter = error.object[at]
        word = "!!" if _MARK.match(error.object, at) else _ASCII.get(letter) or _script(letter)
        joins = spelt and word[:1] in ("^", "_") and spelt[-1].startswith(word[:1])  # e⁻ˣ is e^-x
        spelt.append(word[1:] if joins else word)
    return "".join(spelt), error.end


def _script(letter: str) -> str:
    """Spell a raised or lowered letter."""
    from unicodedata import decomposition

    kind, _, plain = decomposition(letter).partition(" ")
    mark = {"<super>": "^", "<sub>": "_"}.get(kind)
    if mark is None:
        return "?"
    base = "".join(chr(int(code, 16)) for code in plain.split())
    return mark + _ASCII.get(base, base if base.isascii() else "?")


codecs.register_error(_HANDLER, _spell)


def _colour(wanted: str, environ: Mapping[str, str], tty: bool) -> bool:
    if wanted != "auto":
        return wanted == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return tty and environ.get("CLICOLOR") != "0" and environ.get("TERM") != "dumb"


def _is_tty(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # no such method, or closed
        return False


def _size(terminals: list[TextIO]) -> tuple[int, int]:
    for stream in terminals:
        try:
            width, height = os.get_terminal_size(stream.fileno())
        except (OSError, ValueError):
            continue
        if width and height:  # some pseudo-terminals report 0 × 0
            return width, height
    return 80, 24


def _positive(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() else 0
