"""How people write names and numbers: Greek letters, subscripts, superscripts, decimals."""

from __future__ import annotations

import re
from fractions import Fraction

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ",
    "Xi": "Ξ", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
LETTERS = {letter: name for name, letter in GREEK.items()}
"""The names of the Greek letters."""

FUNCTIONS = {"Phi": "Φ", "phi": "φ", "maximum": "max", "minimum": "min"}
"""What people call the elementary functions whose names differ."""

COMPARISONS = {"less": "<", "less_equal": "≤", "greater": ">", "greater_equal": "≥", "equal": "=", "not_equal": "≠"}

PRIMES = ("", "′", "″", "‴", "⁽⁴⁾", "⁽⁵⁾", "⁽⁶⁾", "⁽⁷⁾", "⁽⁸⁾", "⁽⁹⁾")
"""The marks of derivatives, by their order."""

_RAISED = dict(zip("0123456789−+abikmnptuvxyzβ", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ᵃᵇⁱᵏᵐⁿᵖᵗᵘᵛˣʸᶻᵝ", strict=True))
_LOWERED = dict(zip("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_LONGEST_RAISED = 4
_LONGEST_DECIMAL = 40
_SHORT_FRACTIONS = (2, 4, 8)
_PLACES = range(-6, 16)
"""Powers of ten of the leading digit for which a number is written without one."""


def superscript(text: str) -> str | None:
    """Return `text` in raised characters, or None where it is too long or some don't exist."""
    text = text.replace(" ", "")
    if not 0 < len(text) <= _LONGEST_RAISED or not set(text) <= set(_RAISED):
        return None
    return "".join(_RAISED[letter] for letter in text)


def subscript(text: str) -> str | None:
    """Return `text` in lowered characters, or None where some don't exist."""
    return "".join(_LOWERED[letter] for letter in text) if text and set(text) <= set(_LOWERED) else None


def with_index(name: str) -> tuple[str, str]:
    """Split `x_i`, `x1`, `sigma_w` into letter and index; a longer name such as `negative_slope` has none."""
    base, index = name, ""
    if match := re.fullmatch(r"([^\W\d_])(\d+)|([^\W\d_]+)_(\w+)", name):
        base, index = (match[1], match[2]) if match[1] else (match[3], match[4])
    base = GREEK.get(base, base)
    return (base, index) if len(base) == 1 else (name, "")


def decimal(value: Fraction) -> str | None:
    """Return a positive number as people write it, `0.044715`; None for what they write as a fraction, 1/2 or 1/3."""
    return None if value.denominator in _SHORT_FRACTIONS else exact_decimal(value)


def exact_decimal(value: Fraction) -> str | None:
    """Return the decimal that is exactly a positive number, or None where there is none, or only a very long one."""
    places = _places(value)
    if places is None or places > _LONGEST_DECIMAL:
        return None
    digits = str(value * 10**places).zfill(places + 1)
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def scientific(value: Fraction) -> tuple[str, int] | None:
    """Return mantissa and power of ten of a very large or small number, not negative; None for any other."""
    if not value:
        return None
    power = len(str(value.numerator)) - len(str(value.denominator))
    mantissa = value / Fraction(10) ** power
    if mantissa < 1:
        power, mantissa = power - 1, mantissa * 10
    digits = exact_decimal(mantissa)
    return None if power in _PLACES or digits is None else (digits, power)


def _places(value: Fraction) -> int | None:
    """Return the number of decimals of a number, None if they never end."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None
