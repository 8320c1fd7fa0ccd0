"""x times a sigmoid-shaped gate: SiLU, Swish with its β, Mish."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from actcli.activations.record import REALS, Activation, Convention, Interval, Limits, Parameter, Real, Saturation, Use
from actcli.core.doubles import far_out, scaled

# Roots of derivatives, as sums of float64 (found with 300-bit ball arithmetic): no single float64 comes near enough for
# the distance to a root to be right to the last bit.
_SLOPE_ROOT = (1.2784645427610737, 1.0946994183093437e-16, 3.907766676128665e-33)  # 1 + e⁻ʳ = r: silu′(-r) = 0
_SLOPE_WEIGHT = 0.2784645427610738  # e⁻ʳ = r - 1
_BEND_ROOT = (2.3993572805154675, 1.8464872855353363e-16, 1.0808311685947344e-33)  # r · tanh(r/2) = 2: silu″(±r) = 0
_BEND_WEIGHT = 0.39935728051546765  # r - 2


def _short_of(root: tuple[float, float, float], a: Any, tail: Any) -> Any:
    """Return root - (a + tail); in this order, what cancels next to the root does so exactly."""
    if tail is None:
        return (root[0] - a) + root[1]
    return (((root[0] - a) - tail) + root[1]) + root[2]


def sigmoid_gated(x: Any, beta: Fraction, xp: Any) -> Iterator[Any]:
    """Yield x · σ(βx) and its derivatives, for an exact β."""
    if beta < 0:
        # x · σ(βx) = -(-x · σ(-β · -x))
        for order, mirrored in enumerate(sigmoid_gated(-x, -beta, xp)):
            yield mirrored if order == 1 else -mirrored
        return
    right = x > 0.0
    size = xp.abs(x)
    a, tail = scaled(size, beta, xp)
    near, far = far_out(a, xp)
    e = xp.exp(near)
    if tail is not None:
        e = e + e * tail
    d = 1.0 + e
    # x · σ is x less what the gate keeps back, x / (1 + eᵃ); and the left half is just that, so no where is needed.
    yield right * x - size * far / d

    # On the left f′ = σ′ · (1 + z - a), z = e⁻ᵃ. The bracket cancels at its root; measured from there it is
    # s + w · (eˢ - 1), two terms of one sign, except near 0 where rounding s would tell. And q - q² for σ′: q ≤ 1/2
    # cancels nothing.
    q = 1.0 / d
    gate = q - q * q
    s = _short_of(_SLOPE_ROOT, a, tail)
    slope = xp.where(a < 0.5, q - a * gate, gate * (s + _SLOPE_WEIGHT * xp.expm1(s))) * far
    yield xp.where(right, 1.0 - slope, slope)

    # f″ = βσ′ · (2 - a · t), t = tanh(a/2) = 1 - 2q, even in x; again the bracket is measured from its root,
    # except near 0 where rounding s would tell.
    t = 1.0 - 2.0 * q
    s = _short_of(_BEND_ROOT, a, tail)
    bracket = s * t + _BEND_WEIGHT * xp.expm1(s) * (1.0 - q)
    bend = gate * xp.where(a < 0.75, 2.0 - a * t, bracket)
    yield (bend if beta == 1 else bend * float(beta)) * far


def silu(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x · σ(x) and its derivatives."""
    return sigmoid_gated(x, Fraction(1), xp)


def swish(x: Any, xp: Any, *, beta: Real) -> Iterator[Any]:
    """Yield x · σ(βx) and its derivatives."""
    return sigmoid_gated(x, beta.exact, xp)


# mish′(-r) = 0, mish″(-r) = 0, mish″(r) = 0, likewise; the weights are e⁻ʳ.
_MISH_SLOPE_WEIGHT = 0.3034825352815289
_MISH_LEFT_WEIGHT, _MISH_RIGHT_WEIGHT = 0.10472929546651437, 0.22524396405848376
_MISH_SLOPE_ROOT, _MISH_SLOPE_ROOT_TAIL = 1.1924312145154952, 4.8484829848031044e-17
_MISH_LEFT_ROOT, _MISH_LEFT_ROOT_TAIL = 2.256376396360793, 1.0703174875019247e-16
_MISH_RIGHT_ROOT, _MISH_RIGHT_ROOT_TAIL = 1.4905711794854284, 7.126036715834263e-17


def mish(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x · tanh(log(1 + eˣ)) and its derivatives, as rational functions of x and z = e^-|x|."""
    right = x > 0.0
    a = xp.abs(x)
    near, far = far_out(a, xp)
    z = xp.exp(-near)
    zz = z * z
    # tanh(softplus(x)) is z - z²(1 + z) / q, q = 2 + 2z + z², on the left and 1 - 2z² / q, q = 1 + 2z + 2z², on the
    # right. The large term of q comes last, so that it is rounded once.
    m = (z + right * zz) + (z + zz)
    one_or_two = 2.0 - right
    q = m + one_or_two
    y = xp.abs(~right * z - xp.where(right, zz + zz, zz + z * zz) / q)
    yield right * x - a * far * y

    # Left: f′ = 4z · N / q², N = z³/4 + z² + 3z/2 + 1 - a(z + 1). Measured from its root -r, with w = e⁻ʳ and
    # s = r - a, it is s(1 + z) + w(eˢ - 1) · (z² + (4 + w)z + w² + 4w + 6 - 4r)/4, terms of one sign.
    s = (_MISH_SLOPE_ROOT - a) + _MISH_SLOPE_ROOT_TAIL
    low = a < 0.5  # there rounding s would tell, and w(eˢ - 1) = z - w doesn't cancel
    rise = xp.where(low, z - _MISH_SLOPE_WEIGHT, _MISH_SLOPE_WEIGHT * xp.expm1(s))
    left = s * (1.0 + z) + 0.25 * rise * ((z + 4.303482535281529) * z + 2.536306932285039)
    # Right: f′ = 1 + 4z² · (a(1 + z) - q/2) / q², where the second term is never near -1.
    # q² keeps its large term for the last sum, too.
    qq = one_or_two * one_or_two + m * (one_or_two + q)
    zq = 4.0 * z / qq
    yield right + zq * xp.where(right, z * (a * (1.0 + z) - 0.5 * q), left * far)

    # Left: f″ = 8z · G / q³, G = (1 + z)q - a(1 + z - 3z²/2 - z³). Right: f″ = 8z² · G / q³, G = (1 + z)q
    # - a(1 + 3z/2 - z² - z³). Measured from their roots both are s · S + w(eˢ - 1) · L, S and L > 0 wherever that
    # term matters.
    s = xp.where(right, _MISH_RIGHT_ROOT, _MISH_LEFT_ROOT) - a
    s = s + xp.where(right, _MISH_RIGHT_ROOT_TAIL, _MISH_LEFT_ROOT_TAIL)
    w = xp.where(right, _MISH_RIGHT_WEIGHT, _MISH_LEFT_WEIGHT)
    left = (3.256376396360793 * z + 6.725602600305843) * z + 2.447991225556995
    right_l = (3.4905711794854284 * z + 6.276801268781024) * z + 2.1779548301594156
    rise = xp.where(low, z - w, w * xp.expm1(s)) * xp.where(right, right_l, left)
    bracket = s * (1.0 + z - z * zz + xp.where(right, 0.5 * z - zz, -1.5 * zz)) + rise
    yield 8.0 * z * bracket / (qq * q) * xp.where(right, z, 1.0) * far


SILU = Activation(
    name="silu",
    symbol="SiLU",
    aliases=("sil", "swish1", "sigmoid_linear_unit"),
    definition="x * sigmoid(x)",
    kernel=silu,
    range=Interval.from_low("-0.278464542761073795"),
    left=Limits("0"),
    right=Limits("inf", "1"),
    derivatives=("sigmoid(x)*(1 + x*(1 - sigmoid(x)))", "sigmoid(x)*(1 - sigmoid(x))*(2 + x*(1 - 2*sigmoid(x)))"),
    careful=("", "", "sigmoid(x)*sigmoid(-x)*(2 - x*tanh(x/2))"),
    max_derivative="1.099839320128866917",
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
        Use("transformer feed-forward layers (SwiGLU)", "the gate of LLaMA and most models since"),
        Use("convolutional networks", "EfficientNet, YOLO: smooth, and a little better than ReLU in deep stacks"),
        Use("physics-informed and implicit networks", "derivatives of every order exist", "tanh, mish"),
        Use("tiny devices", "an exponential an element", "hard_swish", advised=False),
    ),
    conventions=(
        Convention("torch", "2.13", "torch.nn.functional.silu", "-inf gives NaN, the limit is 0"),
        Convention(
            "jax",
            "0.10.2",
            "jax.nn.silu",
            "-inf gives NaN; float32: the gradient is 0 from x = -88 down, where it is -5e-37",
        ),
        Convention("keras", "3.15", "keras.activations.silu", "-inf gives NaN"),
        Convention("mlx", "0.32", "mlx.nn.silu", "-inf gives NaN"),
        Convention("tinygrad", "0.14", "Tensor.silu", "-inf gives NaN"),
    ),
    references=(
        "Hendrycks & Gimpel, Gaussian error linear units, arXiv:1606.08415, 2016",
        "Elfwing, Uchibe & Doya, Sigmoid-weighted linear units for neural network function approximation in "
        "reinforcement learning, Neural Networks 107, 2018",
    ),
)

# For β > 0 the left side saturates; β < 0 mirrors the function in both axes, and β = 0 leaves x/2.
SWISH = Activation(
    name="swish",
    symbol="Swish",
    aliases=("swish_beta",),
    definition="x * sigmoid(beta*x)",
    kernel=swish,
    parameters=(Parameter("beta", "1", REALS, "sharpness: 0 gives x/2, 1 SiLU, large values approach ReLU"),),
    range=Interval.from_low(
        "where(beta > 0, -0.278464542761073795/beta, -inf)", "where(beta < 0, -0.278464542761073795/beta, inf)"
    ),
    left=Limits("where(beta > 0, 0, -inf)", "where(beta > 0, 0, where(beta < 0, 1, 1/2))"),
    right=Limits("where(beta < 0, 0, inf)", "where(beta < 0, 0, where(beta > 0, 1, 1/2))"),
    derivatives=(
        "sigmoid(beta*x)*(1 + beta*x*(1 - sigmoid(beta*x)))",
        "beta*sigmoid(beta*x)*(1 - sigmoid(beta*x))*(2 + beta*x*(1 - 2*sigmoid(beta*x)))",
    ),
    careful=("", "", "beta*sigmoid(beta*x)*sigmoid(-beta*x)*(2 - beta*x*tanh(beta*x/2))"),
    max_derivative="where(beta == 0, 1/2, 1.099839320128866917)",
    zero_centred=False,
    monotone=False,
    saturates=Saturation.LEFT,
    frameworks=("tensorflow", "onnx"),
    uses=(
        Use("image classifiers", "found by searching formulas; β fixed at 1, or learned for each channel"),
        Use("between linear and ReLU", "β moves it continuously from x/2 to ReLU"),
    ),
    conventions=(
        Convention("torch, jax, keras", "2.13, 0.10.2, 3.15", "silu", "β is fixed at 1"),
        Convention("onnx", "1.23", "Swish", "β is called alpha (from opset 24)"),
        Convention("tensorflow", "from its documentation", "tf.nn.silu", "β is an argument, 1 by default"),
    ),
    references=("Ramachandran, Zoph & Le, Searching for activation functions, arXiv:1710.05941, 2017",),
)

MISH = Activation(
    name="mish",
    symbol="Mish",
    definition="x * tanh(softplus(x))",
    kernel=mish,
    range=Interval.from_low("-0.308843413017250407"),
    left=Limits("0"),
    right=Limits("inf", "1"),
    derivatives=(
        "tanh(softplus(x)) + x*sigmoid(x)*(1 - tanh(softplus(x))**2)",
        "sigmoid(x)*(1 - tanh(softplus(x))**2)*(2 + x*(1 - sigmoid(x) - 2*sigmoid(x)*tanh(softplus(x))))",
    ),
    careful=(
        "",
        "",
        "4*sigmoid(2*softplus(x))*sigmoid(-2*softplus(x))*sigmoid(x)"
        "*(2 + x*(sigmoid(-x) - 2*sigmoid(x)*tanh(softplus(x))))",
    ),
    max_derivative="1.088498161251727861",
    zero_centred=False,
    monotone=False,
    saturates=Saturation.LEFT,
    frameworks=("torch", "jax", "keras", "onnx", "mlx", "tinygrad", "timm", "transformers"),
    uses=(
        Use("object detection", "YOLOv4 and its kin were trained with it"),
        Use("small image classifiers", "often a little ahead of SiLU", "silu, which costs half as much"),
    ),
    conventions=(
        Convention("torch", "2.13", "torch.nn.functional.mish", "-inf gives NaN, the limit is 0"),
        Convention("jax", "0.10.2", "jax.nn.mish", "-inf gives NaN"),
        Convention("keras", "3.15", "keras.activations.mish", "-inf gives NaN"),
        Convention("mlx", "0.32", "mlx.nn.mish", "-inf gives NaN"),
        Convention("tinygrad", "0.14", "Tensor.mish", "mish(-30) is -0; it is -2.8e-12"),
    ),
    references=("Misra, Mish: a self regularized non-monotonic activation function, BMVC 2020, arXiv:1908.08681",),
)

ACTIVATIONS: tuple[Activation, ...] = (SILU, SWISH, MISH)
