"""Functions that squash the line smoothly into a bounded interval, and logit, the inverse of sigmoid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actcli.activations.record import INFINITE, Activation, Convention, Interval, Kink, Limits, Saturation, Use
from actcli.core.doubles import fast_two_sum


def sigmoid(x: Any, xp: Any) -> Iterator[Any]:
    """Yield σ = 1 / (1 + e⁻ˣ), σ′ and σ″."""
    # exp of a number that isn't positive cannot overflow, and z / (1 + z) keeps every digit of the left tail.
    z = xp.exp(-xp.abs(x))
    # What rounding 1 + z loses is given back to first order, which makes most values correctly rounded.
    d, lost = fast_two_sum(1.0, z)
    lost = lost / d
    s = xp.where(x >= 0.0, 1.0, z) / d
    yield s - s * lost
    # Not σ(1 - σ): 1 - σ has no digits left once σ is near 1.
    slope = z / (d * d)
    yield slope - slope * (2.0 * lost)
    # 1 - 2σ = -tanh(x/2) cancels at the root 0; expm1 doesn't.
    bend = slope * xp.expm1(-xp.abs(x)) / d
    yield xp.copysign(bend - bend * (3.0 * lost), -x)


SIGMOID = Activation(
    name="sigmoid",
    symbol="σ",
    aliases=("logistic", "expit", "sigm"),
    definition="1 / (1 + exp(-x))",
    kernel=sigmoid,
    range=Interval.open(0, 1),
    left=Limits("0"),
    right=Limits("1"),
    rearranged=(
        "1/(1 + exp(-x)) * (exp(-x)/(1 + exp(-x)))",
        "1/(1 + exp(-x)) * (1 - 1/(1 + exp(-x)))",
    ),
    derivatives=("sigmoid(x)*(1 - sigmoid(x))", "sigmoid(x)*(1 - sigmoid(x))*(1 - 2*sigmoid(x))"),
    careful=(
        "where(x >= 0, 1, exp(-abs(x)))/(1 + exp(-abs(x)))",
        "exp(-abs(x))/(1 + exp(-abs(x)))**2",
        "sign(x)*exp(-abs(x))*expm1(-abs(x))/(1 + exp(-abs(x)))**3",
    ),
    gradient_from_output="y * (1 - y)",
    max_derivative="1/4",
    zero_centred=False,
    monotone=True,
    smoothness=INFINITE,
    saturates=Saturation.BOTH,
    points=("-inf", "-5", "-2", "-1", "0", "1", "2", "5", "inf"),
    frameworks=("torch", "jax", "keras", "tensorflow", "onnx", "flax", "mlx", "tinygrad", "timm", "transformers"),
    uses=(
        Use("binary classification output", "turns one logit into a valid probability", "a bce-with-logits loss"),
        Use("multi-label output", "one independent probability a label; they need not add up to 1"),
        Use("LSTM and GRU gates", "a factor between 0 (forget) and 1 (keep); saturating makes the decision firm"),
        Use("attention and GLU gates", "scales a signal smoothly between blocked and passed"),
        Use("bounded regression on (0, 1)", "the range of the output is that of the target"),
        Use(
            "hidden layers of deep networks",
            "the slope is at most 1/4, so gradients shrink at least fourfold a layer, and outputs are never "
            "centred on 0",
            "relu, gelu, silu",
            advised=False,
        ),
    ),
    conventions=(
        Convention("torch", "2.13", "torch.sigmoid", "float32: the far left tail (x ≤ -88) is flushed to 0"),
        Convention("jax", "0.10.2", "jax.nn.sigmoid", "float32: the far left tail (x ≤ -88) is flushed to 0"),
    ),
    references=(
        "Verhulst, Notice sur la loi que la population suit dans son accroissement, 1838",
        "Rumelhart, Hinton & Williams, Learning representations by back-propagating errors, Nature 323, 1986",
        "Hochreiter & Schmidhuber, Long short-term memory, Neural Computation 9(8), 1997",
    ),
)


_SHIFT = 23.75
_UNSHIFT = 2.349698337452817e-21  # exp(-2 · _SHIFT): of all such shifts one whose float64 is nearest


def tanh(x: Any, xp: Any) -> Iterator[Any]:
    """Yield tanh, tanh′ = 1 / cosh² and tanh″ = -2 tanh tanh′."""
    t = xp.tanh(x)
    yield t
    # Not 1 - t²: it has no digits left once t is near 1. With w = exp(-2|x|) it is 4w / (1 + w)².
    a = xp.abs(x)
    # exp(-2|x|) is subnormal some units before the slope is: there the exponent is shifted, and shifted back last.
    far = a > 340.0
    w = xp.exp(-2.0 * (a - xp.where(far, _SHIFT, 0.0)))
    d, lost = fast_two_sum(1.0, xp.where(far, 0.0, w))
    slope = 4.0 * w / (d * d)
    slope = slope - slope * (2.0 * lost / d)
    scale = xp.where(far, _UNSHIFT, 1.0)
    yield slope * scale
    yield -2.0 * t * slope * scale


TANH = Activation(
    name="tanh",
    symbol="tanh",
    aliases=("hyperbolic_tangent",),
    definition="(exp(x) - exp(-x)) / (exp(x) + exp(-x))",
    kernel=tanh,
    range=Interval.open(-1, 1),
    left=Limits("-1"),
    right=Limits("1"),
    rearranged=("1 - ((exp(x) - exp(-x))/(exp(x) + exp(-x)))**2",),
    derivatives=("1 - tanh(x)**2", "-2*tanh(x)*(1 - tanh(x)**2)"),
    careful=(
        "tanh(x)",
        "4*exp(-2*abs(x))/(1 + exp(-2*abs(x)))**2",
        "-8*tanh(x)*exp(-2*abs(x))/(1 + exp(-2*abs(x)))**2",
    ),
    gradient_from_output="1 - y**2",
    max_derivative="1",
    zero_centred=True,
    monotone=True,
    odd=True,
    smoothness=INFINITE,
    saturates=Saturation.BOTH,
    points=("-inf", "-3", "-2", "-1", "0", "1", "2", "3", "inf"),
    frameworks=("torch", "jax", "keras", "tensorflow", "onnx", "flax", "mlx", "tinygrad", "timm", "transformers"),
    uses=(
        Use("LSTM and GRU cell state", "keeps the candidate and the emitted state between -1 and 1"),
        Use("hidden layers of shallow and recurrent networks", "centred on 0 with slope 1 there, unlike sigmoid"),
        Use("additive attention scores", "bounds the scores that enter the softmax"),
        Use("bounded regression on (-1, 1)", "the range of the output is that of the target"),
        Use("embeddings and generator outputs", "symmetric and bounded, as scaled images and latent codes are"),
        Use("hidden layers of deep networks", "every slope away from 0 is below 1", "relu, gelu, silu", advised=False),
    ),
    conventions=(
        Convention("torch", "2.13", "torch.tanh", "the derivative is 1 - t·t, which is 0 as soon as t rounds to 1"),
        Convention("jax", "0.10.2", "jax.nn.tanh", "the derivative is 1 - t·t, which is 0 as soon as t rounds to 1"),
        Convention("tinygrad", "0.14", "Tensor.tanh", "2σ(2x) - 1, which cancels near 0: 1.4e-4 off at x = 1e-5"),
    ),
    references=(
        "LeCun, Bottou, Orr & Müller, Efficient BackProp, 1998",
        "Bahdanau, Cho & Bengio, Neural machine translation by jointly learning to align and translate, 2015",
    ),
)


def softsign(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x / (1 + |x|) and its derivatives."""
    a = xp.abs(x)
    d, lost = fast_two_sum(xp.maximum(a, 1.0), xp.minimum(a, 1.0))
    lost = lost / d
    y = a / d
    yield xp.copysign(y - y * lost, x)
    # 1/d squared, not 1 over d squared: d² overflows while the slope is still above 0.
    r = 1.0 / d
    slope = r * r
    yield slope - slope * (2.0 * lost)
    bend = 2.0 * slope * r
    yield xp.where(x == 0.0, 0.0, xp.copysign(bend - bend * (3.0 * lost), -x))


SOFTSIGN = Activation(
    name="softsign",
    symbol="softsign",
    aliases=("soft_sign",),
    definition="x / (1 + abs(x))",
    kernel=softsign,
    range=Interval.open(-1, 1),
    left=Limits("-1"),
    right=Limits("1"),
    kinks=(Kink("0", "1", "0", "f″ jumps from 2 to -2; 0 lies between the two signs"),),
    derivatives=("1/(1 + abs(x))**2", "-2*sign(x)/(1 + abs(x))**3"),
    gradient_from_output="(1 - abs(y))**2",
    max_derivative="1",
    zero_centred=True,
    monotone=True,
    odd=True,
    smoothness=1,
    saturates=Saturation.BOTH,
    frameworks=("torch", "jax", "keras", "tensorflow", "onnx", "flax", "mlx", "tinygrad"),
    uses=(
        Use("in place of tanh", "approaches its limits like 1/|x| instead of exponentially, so it saturates later"),
        Use("bounded outputs without exp", "one division, no transcendental function"),
    ),
    conventions=(
        Convention("torch", "2.13", "torch.nn.functional.softsign", "±inf give NaN; the slope at 1e30 is 0"),
        Convention("jax", "0.10.2", "jax.nn.soft_sign", "±inf give NaN"),
        Convention("keras", "3.15", "keras.activations.softsign", "±inf give NaN"),
        Convention("mlx", "0.32", "mlx.nn.softsign", "±inf give NaN"),
        Convention("tinygrad", "0.14", "Tensor.softsign", "±inf give NaN"),
    ),
    references=(
        "Bergstra, Desjardins, Lamblin & Bengio, Quadratic polynomials learn better image features, 2009",
        "Glorot & Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010",
    ),
)


def logit(x: Any, xp: Any) -> Iterator[Any]:
    """Yield log(x / (1 - x)) and its derivatives; NaN outside [0, 1], the limits at its ends."""
    # Odd about ½: work with the smaller of x and 1 - x, which is exact whenever it is 1 - x.
    m = xp.minimum(xp.abs(x) + xp.where(x < 0.0, xp.nan, 0.0), 1.0 - x)
    # Around the root ½ the quotient is near 1 and log would magnify its rounding; 1 - 2m is exact there.
    y = xp.where(m < 0.25, -xp.log(m / (1.0 - m)), xp.log1p((1.0 - 2.0 * m) / m))
    upper = x >= 0.5
    yield xp.where(upper, y, -y)
    # 1/x + 1/(1 - x), the sum of two positive numbers, rounds less than 1 / (x(1 - x)).
    slope = xp.where(m >= 0.0, 1.0 / m + 1.0 / (1.0 - m), xp.nan)
    yield slope
    bend = (1.0 - 2.0 * m) * slope * slope
    yield xp.where(upper, bend, -bend)


LOGIT = Activation(
    name="logit",
    symbol="logit",
    aliases=("log_odds", "inverse_sigmoid"),
    definition="log(x / (1 - x))",
    kernel=logit,
    domain=Interval.open(0, 1),
    left=Limits("-inf", "inf", "-inf"),
    right=Limits("inf", "inf", "inf"),
    derivatives=("1/(x*(1 - x))", "(2*x - 1)/(x*(1 - x))**2"),
    careful=("where(abs(x - 1/2) < 1/4, log1p((2*x - 1)/(1 - x)), log(x/(1 - x)))",),
    gradient_from_output="exp(y) + exp(-y) + 2",
    max_derivative="inf",
    zero_centred=True,
    monotone=True,
    smoothness=INFINITE,
    points=("0", "0.01", "0.1", "0.25", "0.5", "0.75", "0.9", "0.99", "1"),
    frameworks=("torch", "jax", "scipy"),
    uses=(
        Use("log-odds of a probability", "undoes sigmoid: p becomes the score that sigmoid maps to p"),
        Use("combining and calibrating probabilities", "evidence adds up in log-odds"),
    ),
    conventions=(
        Convention("torch", "2.13", "torch.logit", "takes eps, which clamps the input to [eps, 1 - eps] first"),
    ),
    references=("Berkson, Application of the logistic function to bio-assay, JASA 39, 1944",),
)


ACTIVATIONS: tuple[Activation, ...] = (SIGMOID, TANH, SOFTSIGN, LOGIT)
