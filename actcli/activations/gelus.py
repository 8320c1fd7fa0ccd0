"""x times a bell-shaped gate: GELU and its two approximations."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from actcli.activations.record import Activation, Convention, Interval, Limits, Saturation, Use
from actcli.activations.silus import sigmoid_gated
from actcli.core.doubles import fast_two_sum, on_grid

# Both polynomials are in t = (u - K) / (u + K), u = |x|, highest power first: interpolation on [0, 38.75] in Chebyshev
# nodes of t with 60 digits (after Shepherd & Laframboise 1981), relative error below 2⁻⁵³·⁸. Of the K that do, this is
# one for which both constant terms are nearly float64 numbers.
_K = 4.5703125
# (u + 1.25) · R(u) with Mills' ratio R = Φ(-u) / φ(u); 1.25 makes it flat at 0
_P = (
    -6.884739613781411e-09,
    -2.191470205345645e-08,
    3.273574898072156e-08,
    1.8963099838054843e-07,
    -8.641091499543025e-08,
    -1.1611799315338333e-06,
    2.7965005570759267e-07,
    6.964729102683877e-06,
    -3.286370961596663e-06,
    -4.341770135150585e-05,
    5.5342507536159584e-05,
    0.0002474631973928353,
    -0.0007971878824415701,
    -0.0003335060115100867,
    0.007761970303222881,
    -0.025318776192352493,
    0.04697721896040992,
    -0.04887635209032203,
    -0.004944120253891794,
    0.1379439304920711,
    -0.3323714922196494,
    1.2196960228193547,
)
# (u - R(u)) / (u - r), r the root of u = R(u): gelu′(-r) = 0
_H = (
    -6.853004329558287e-10,
    -2.1789578843332412e-09,
    3.593497280026957e-09,
    2.0230890383425622e-08,
    -1.2709184877031935e-08,
    -1.396941267398031e-07,
    6.610066790363723e-08,
    9.734441409578862e-07,
    -7.973939635598976e-07,
    -7.115427480299087e-06,
    1.3297691433678008e-05,
    4.608707968430369e-05,
    -0.0002159353468362135,
    4.360667987908718e-05,
    0.0024940078237209156,
    -0.012179344622725847,
    0.03646696256897005,
    -0.08268128439179927,
    0.15279326728455536,
    -0.23877445483995532,
    1.1420007947833413,
)
_SLOPE_ROOT, _SLOPE_ROOT_TAIL = 0.7517915246935645, -1.4956759177009883e-17
_SQRT2, _SQRT2_TAIL = 1.4142135623730951, -9.667293313452913e-17
# 91 · log 2 - log(2π)/2, rounded to a multiple of 2⁻⁴¹, and the rest. Of the powers of 2 that keep clear of underflow,
# 91 is one for which the roundings next to x = 0 happen to cancel.
_UNSCALE = 2.0**-91
_SHIFT, _SHIFT_TAIL = 62.157454897750085, 2.6504992777341787e-13


def _polynomial(coefficients: tuple[float, ...], t: Any) -> Any:
    """Return Σ cₖ tᵏ by Horner's rule, highest power first."""
    total = coefficients[0] * t + coefficients[1]
    for c in coefficients[2:]:
        total = total * t + c
    return total


def gelu(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x · Φ(x) and its derivatives."""
    right = x > 0.0
    u = xp.minimum(xp.abs(x), 38.75)  # beyond it the tails are 0
    # 2⁹¹ · φ(u): rounding u²/2 would cost up to 700 ULP, so the square of u's first bits, exact, goes to exp and
    # the rest, v/2 < 2⁻¹⁵, to the series of exp. The factor 2⁹¹ keeps products clear of underflow until the end.
    head = on_grid(u, 2.0**-20)
    v = (u - head) * (u + head)
    e = xp.exp(_SHIFT - 0.5 * (head * head))
    rest = v * (v * (0.125 - v * (1.0 / 48.0)) - 0.5) + _SHIFT_TAIL
    # Φ(-u) = φ(u) · R(u) with Mills' ratio R = P(t) / (u + 1.25). The factor 1 + rest goes into the last sum of P,
    # which is rounded anyway.
    t = (u - _K) / (u + _K)
    high = _polynomial(_P[:-1], t) * t
    p = _P[-1] + (high + (_P[-1] + high) * rest)
    yield right * x - p / (u + 1.25) * e * u * _UNSCALE

    density = e + e * rest
    # On the left f′ = φ(u) · (R(u) - u), which cancels at its root r; H is the rest after dividing by u - r.
    slope = ((_SLOPE_ROOT - u) + _SLOPE_ROOT_TAIL) * _polynomial(_H, t) * density * _UNSCALE
    yield xp.where(right, 1.0 - slope, slope)

    # 2 - u² cancels at u = √2.
    yield ((_SQRT2 - u) + _SQRT2_TAIL) * (_SQRT2 + u) * density * _UNSCALE


# Constants of gelu_tanh, with w = Ax + Bx³, A = 2√(2/π), B = 0.044715 · A. A and B are also split into a head of few
# bits, so that its products with multiples of 2⁻⁸ up to 22, cubed, are exact, and a tail.
_A, _A_HEAD, _A_TAIL = 1.5957691216057308, 1.595769121660851, -5.5120230375072935e-11
_B, _B_HEAD, _B_TAIL = 0.07135481627260025, 0.07135772705078125, -2.9107781810012236e-06
# 128 · log 2, rounded to a multiple of 2⁻⁴¹, and the rest.
_TINY = 2.0**-128
_W_SHIFT, _W_SHIFT_TAIL = 88.72283911167278, 2.1613120064975332e-13
_TANH_SLOPE_ROOT, _TANH_SLOPE_ROOT_TAIL = 0.7524614220710163, -3.635560509207687e-17
_TANH_SLOPE_WEIGHT = 0.29195521191476714  # e⁻ʷ there
_TANH_BEND_ROOT, _TANH_BEND_ROOT_TAIL = 1.4185040087908283, 8.089265124388305e-17
_TANH_BEND_WEIGHT = 0.0848161559251803  # e⁻ʷ there


def gelu_tanh(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x · σ(w), w = Ax + Bx³, and its derivatives; (1 + tanh(w/2)) / 2 is σ(w)."""
    right = x > 0.0
    u = xp.minimum(xp.abs(x), 22.0)
    # exp needs w to 2⁻⁵⁴, absolutely: w at the nearest multiple of 2⁻⁸, exact, plus a small step; and 2⁻¹²⁸eʷ rather
    # than eʷ, which overflows too early.
    head = on_grid(u, 2.0**-8)
    square = head * head
    big = _B_HEAD * (square * head) + (_A_HEAD * head - _W_SHIFT)
    small = (u - head) * (_A + _B * (u * (u + head) + square)) + (head * (_A_TAIL + _B_TAIL * square) - _W_SHIFT_TAIL)
    w, tail = fast_two_sum(big, small)
    e = xp.exp(w)
    d = (e + e * tail) + _TINY
    yield right * x - u / d * _TINY

    # On the left f′ = σ′ · (1 + z - v), z = e⁻ʷ, v = xw′. Measured from its root, with s = r - u, the bracket is
    # s · (v's divided difference) + zᵣ · (e^(wᵣ - w) - 1), terms of one sign. σ′ is (1 - q) / (1 + eʷ), q ≤ 1/2.
    q = 1.0 / d * _TINY
    p = 1.0 - q
    s = (_TANH_SLOPE_ROOT - u) + _TANH_SLOPE_ROOT_TAIL
    dw = s * ((_B * u + 0.053691746524096876) * u + 1.6361700895487292)
    slope = s * ((0.21406444881780073 * u + 0.1610752395722906) * u + 1.716972025434726)
    slope = (slope + _TANH_SLOPE_WEIGHT * xp.expm1(dw)) / d * p * _TINY
    yield xp.where(right, 1.0 - slope, slope)

    # f″ = σ′ · (a - b · tanh(w/2)), a = 2w′ + xw″ = 2A + 12Bx², b = xw′², even in x. The bracket times 1 + z is
    # a - b + (a + b)z, which measured from its root is s · C + (a + b)(z - zᵣ); C is the divided difference of
    # (1 - zᵣ)b - (1 + zᵣ)a, and its coefficients are all positive.
    s = (_TANH_BEND_ROOT - u) + _TANH_BEND_ROOT_TAIL
    dw = s * ((_B * u + 0.10121709292921649) * u + 1.739345973683978)
    c = ((0.041937007641803296 * u + 0.05948781345658958) * u + 0.7096326137383776) * u + 0.07773441740952558
    c = c * u + 2.440763104674031
    uu = u * u
    v = ((0.045823588247668835 * uu + 0.6831948749139936) * u + 0.8562577952712029) * uu
    v = v + (2.5464790894703255 * u + 3.1915382432114616)
    # (z - zᵣ) / (1 + z); near 0, rounding dw would tell.
    rise = xp.where(u < 0.5, q - _TANH_BEND_WEIGHT * p, _TANH_BEND_WEIGHT * xp.expm1(dw) * p)
    yield (s * c * p + v * rise) / d * p * _TINY


def quick_gelu(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x · σ(1.702x) and its derivatives."""
    return sigmoid_gated(x, Fraction("1.702"), xp)


_LEFT, _RIGHT = Limits("0"), Limits("inf", "1")

GELU = Activation(
    name="gelu",
    symbol="GELU",
    aliases=("gelu_exact", "gelu_erf", "gelu_python"),
    definition="x * Phi(x)",
    kernel=gelu,
    range=Interval.from_low("-0.169971207479903662"),
    left=_LEFT,
    right=_RIGHT,
    derivatives=("Phi(x) + x*phi(x)", "(2 - x**2)*phi(x)"),
    careful=("x*erfc(-x/sqrt(2))/2", "erfc(-x/sqrt(2))/2 + x*phi(x)", "(sqrt(2) - x)*((sqrt(2) + x)*phi(x))"),
    max_derivative="(1 + erf(1))/2 + exp(-1)/sqrt(pi)",
    zero_centred=False,
    monotone=False,
    saturates=Saturation.LEFT,
    frameworks=(
        "torch",
        "jax",
        "keras",
        "tensorflow",
        "onnx",
        "flax",
        "mlx",
        "tinygrad",
        "timm",
        "transformers",
        "vllm",
    ),
    uses=(
        Use("transformer feed-forward layers", "the choice of BERT and many that followed; smooth and non-monotone"),
        Use("vision transformers and ConvNeXt", "as in language models; costs little beside the matrix products"),
        Use("GLU gates (GEGLU)", "gates one half of a projection with the other"),
        Use("tiny or integer-only devices", "erf and exp are dear there", "hard_swish, relu", advised=False),
    ),
    conventions=(
        Convention(
            "torch",
            "2.13",
            "torch.nn.functional.gelu",
            "float32: 1 + erf cancels on the left; wrong by 4 % at "
            "x = -5, by 100 % at -6. -inf gives NaN, the limit is 0",
        ),
        Convention(
            "jax", "0.10.2", "jax.nn.gelu", "the default is gelu_tanh; this one is approximate=False. -inf gives NaN"
        ),
        Convention("flax", "0.12", "flax.linen.gelu", "the default is gelu_tanh"),
        Convention("tinygrad", "0.14", "Tensor.gelu", "gelu_tanh under this name"),
        Convention("keras", "3.15", "keras.activations.gelu", "exact by default, as here; -inf gives NaN"),
        Convention("mlx", "0.32", "mlx.nn.gelu", "exact by default, as here; -inf gives NaN"),
    ),
    references=(
        "Hendrycks & Gimpel, Gaussian error linear units, arXiv:1606.08415, 2016",
        "Shepherd & Laframboise, Chebyshev approximation of (1 + 2x)exp(x²)erfc x in 0 ≤ x < ∞, Math. Comp. 36, 1981",
        "Cody, Rational Chebyshev approximations for the error function, Math. Comp. 23, 1969",
    ),
)

_U = "sqrt(2/pi)*(x + 0.044715*x**3)"
_DU = "sqrt(2/pi)*(1 + 0.134145*x**2)"
# A quarter of 1 - tanh², and its product with x², which in this order can't become 0 · ∞.
_Q = f"sigmoid(2*{_U})*sigmoid(-2*{_U})"
_XXQ = f"x*(x*({_Q}))"

GELU_TANH = Activation(
    name="gelu_tanh",
    symbol="GELU_tanh",
    aliases=("gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "gelu_approx"),
    definition="x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715*x**3)))",
    kernel=gelu_tanh,
    range=Interval.from_low("-0.170040750571254051"),
    left=_LEFT,
    right=_RIGHT,
    derivatives=(
        f"(1 + tanh({_U}))/2 + x/2*(1 - tanh({_U})**2)*{_DU}",
        f"(1 - tanh({_U})**2)*(sqrt(2/pi)*(1 + 0.26829*x**2) - x*tanh({_U})*({_DU})**2)",
    ),
    careful=(
        f"x*sigmoid(2*{_U})",
        f"sigmoid(2*{_U}) + 2*sqrt(2/pi)*x*({_Q} + 0.134145*{_XXQ})",
        f"4*sqrt(2/pi)*({_Q} + 0.26829*{_XXQ})"
        f" - 8/pi*tanh({_U})*x*({_Q} + 0.26829*{_XXQ} + 0.017994881025*x*(x*({_XXQ})))",
    ),
    max_derivative="1.128993068658771765",
    zero_centred=False,
    monotone=False,
    saturates=Saturation.LEFT,
    frameworks=(
        "torch",
        "jax",
        "keras",
        "tensorflow",
        "onnx",
        "flax",
        "mlx",
        "tinygrad",
        "timm",
        "transformers",
        "vllm",
    ),
    uses=(
        Use("models trained with it", "GPT-2, Gemma and most JAX models: inference has to use what training used"),
        Use("where erf is slow or missing", "tanh is there on every accelerator", "gelu where erf is at hand"),
    ),
    conventions=(
        Convention(
            "torch",
            "2.13",
            "torch.nn.functional.gelu",
            "only with approximate='tanh'; the default is gelu. It differs by up to 4.73e-4, at |x| = 2.70",
        ),
        Convention("jax", "0.10.2", "jax.nn.gelu", "the default under the name gelu"),
        Convention("flax", "0.12", "flax.linen.gelu", "the default under the name gelu"),
        Convention("tinygrad", "0.14", "Tensor.gelu", "the only one, under the name gelu"),
        Convention("transformers", "from its source", "gelu_fast", "√(2/π) cut to 0.7978845608"),
        Convention("vllm", "from its source", "gelu_tanh", "falls back to the exact gelu on ROCm"),
    ),
    references=("Hendrycks & Gimpel, Gaussian error linear units, arXiv:1606.08415, 2016, section 2",),
)

QUICK_GELU = Activation(
    name="quick_gelu",
    symbol="QuickGELU",
    aliases=("gelu_quick", "gelu_fast_approx", "sigmoid_gelu"),
    definition="x * sigmoid(1.702*x)",
    kernel=quick_gelu,
    range=Interval.from_low("-0.163610189636353581"),
    left=_LEFT,
    right=_RIGHT,
    derivatives=(
        "sigmoid(1.702*x)*(1 + 1.702*x*(1 - sigmoid(1.702*x)))",
        "1.702*sigmoid(1.702*x)*(1 - sigmoid(1.702*x))*(2 + 1.702*x*(1 - 2*sigmoid(1.702*x)))",
    ),
    careful=("", "", "1.702*sigmoid(1.702*x)*sigmoid(-1.702*x)*(2 - 1.702*x*tanh(0.851*x))"),
    max_derivative="1.099839320128866917",
    zero_centred=False,
    monotone=False,
    saturates=Saturation.LEFT,
    frameworks=("mlx", "tinygrad", "timm", "transformers", "vllm"),
    uses=(
        Use("CLIP and models built on it", "their weights were trained with it"),
        Use("new models", "neither GELU nor cheaper than SiLU", "gelu, silu", advised=False),
    ),
    conventions=(
        Convention("mlx", "0.32", "mlx.nn.gelu_fast_approx", "the same function under another name"),
        Convention(
            "torch",
            "2.13",
            "torch.nn.functional.gelu",
            "another function: CLIP's own code defines quick_gelu. They differ by up to 0.0203, at |x| = 2.27",
        ),
    ),
    references=(
        "Hendrycks & Gimpel, Gaussian error linear units, arXiv:1606.08415, 2016, section 2",
        "Radford et al., Learning transferable visual models from natural language supervision, ICML 2021",
    ),
)

ACTIVATIONS: tuple[Activation, ...] = (GELU, GELU_TANH, QUICK_GELU)
