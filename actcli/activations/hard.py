"""The identity, steps, and piecewise linear or quadratic stand-ins for smooth functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actcli.activations.record import (
    INFINITE,
    INVERTIBLE,
    REALS,
    Activation,
    Convention,
    Interval,
    Kink,
    Limits,
    Parameter,
    Real,
    Saturation,
    Use,
)
from actcli.activations.rectifiers import above, below, times


def identity(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x, 1 and 0."""
    yield 1.0 * x  # a new array, not the caller's own
    yield xp.ones_like(x)
    yield xp.zeros_like(x)


IDENTITY = Activation(
    name="identity",
    symbol="id",
    aliases=("linear", "none"),
    definition="x",
    kernel=identity,
    left=Limits("-inf", "1"),
    right=Limits("inf", "1"),
    derivatives=("1", "0"),
    gradient_from_output="1",
    max_derivative="1",
    zero_centred=True,
    monotone=True,
    odd=True,
    smoothness=INFINITE,
    frameworks=("torch", "jax", "keras", "onnx", "flax", "timm", "transformers"),
    uses=(
        Use("unbounded regression output", "any real number is a possible target"),
        Use("logits", "the loss, or the softmax after it, does the squashing"),
        Use("hidden layers", "linear layers stacked are one linear layer", "relu, gelu", advised=False),
    ),
)


def binary_step(x: Any, xp: Any) -> Iterator[Any]:
    """Yield 1 from 0 on and 0 before, and the derivatives."""
    yield xp.where(x >= 0.0, 1.0, 0.0)
    yield xp.zeros_like(x)
    yield xp.zeros_like(x)


BINARY_STEP = Activation(
    name="binary_step",
    symbol="step",
    aliases=("heaviside", "step", "threshold_unit"),
    definition="where(x >= 0, 1, 0)",
    kernel=binary_step,
    range=Interval.closed(0, 1),
    left=Limits("0"),
    right=Limits("1"),
    kinks=(Kink("0", "0", "0", "f jumps; the slope is 0 on both sides"),),
    derivatives=("0", "0"),
    gradient_from_output="0",
    max_derivative="0",
    zero_centred=False,
    monotone=True,
    smoothness=None,
    saturates=Saturation.BOTH,
    frameworks=("torch", "keras", "mlx", "numpy"),
    uses=(
        Use("perceptrons and threshold logic", "a yes or no decision; trained by the perceptron rule"),
        Use("binary and spiking units", "forward only: a surrogate slope stands in when training", "sigmoid"),
        Use("networks trained by gradients", "the gradient is 0 wherever it exists", "sigmoid, relu", advised=False),
    ),
    conventions=(
        Convention("numpy", "2.4", "numpy.heaviside", "asks for the value at 0"),
        Convention("torch", "2.13", "torch.heaviside", "asks for the value at 0"),
        Convention("keras", "3.15", "keras.ops.heaviside", "asks for the value at 0"),
        Convention("mlx", "0.32", "mlx.nn.step", "takes a threshold; 1 at the threshold itself"),
    ),
    references=(
        "McCulloch & Pitts, A logical calculus of the ideas immanent in nervous activity, 1943",
        "Rosenblatt, The perceptron, Psychological Review 65(6), 1958",
    ),
)


def sign(x: Any, xp: Any) -> Iterator[Any]:
    """Yield -1, 0 or 1, and the derivatives."""
    yield xp.where(x == 0.0, x, xp.copysign(1.0, x))  # sign(-0) would drop the sign of the zero
    yield xp.zeros_like(x)
    yield xp.zeros_like(x)


SIGN = Activation(
    name="sign",
    symbol="sign",
    aliases=("signum", "bipolar"),
    definition="sign(x)",
    kernel=sign,
    range=Interval.closed(-1, 1),
    left=Limits("-1"),
    right=Limits("1"),
    kinks=(Kink("0", "0", "0", "f jumps; the slope is 0 on both sides"),),
    derivatives=("0", "0"),
    gradient_from_output="0",
    max_derivative="0",
    zero_centred=True,
    monotone=True,
    odd=True,
    smoothness=None,
    saturates=Saturation.BOTH,
    frameworks=("torch", "jax", "keras", "onnx", "mlx"),
    uses=(
        Use("binary networks and Hopfield networks", "activations of one bit, -1 or 1"),
        Use("training through it", "forward only: the backward pass takes the slope of hard_tanh", "hard_tanh"),
    ),
    conventions=(
        Convention("torch", "2.13", "torch.sign", "sign(NaN) is 0; sign(-0) is +0"),
        Convention("mlx", "0.32", "mlx.core.sign", "sign(NaN) is 0"),
    ),
    references=("Courbariaux et al., Binarized neural networks, 2016",),
)


def hard_sigmoid(x: Any, xp: Any, *, slope: Real, offset: Real) -> Iterator[Any]:
    """Yield slope · x + offset, cut off at 0 and 1, and its derivatives."""
    root = Real(-offset.exact / slope.exact)
    end = Real((1 - offset.exact) / slope.exact)
    # Next to the root slope · x + offset cancels: measured from the root every digit counts.
    distance = x - float(root)
    lost = None
    if root.tail:
        # A root between two floats: keep what that and the subtraction leave out (Knuth's two-sum).
        back = x - distance
        lost = ((x - (distance + back)) - (float(root) - back)) - root.tail
    yield xp.minimum(xp.maximum(times(distance, slope, lost), 0.0), 1.0)
    yield xp.where(above(x, root) & below(x, end), float(slope), 0.0)
    yield xp.zeros_like(x)


HARD_SIGMOID = Activation(
    name="hard_sigmoid",
    symbol="hard σ",
    aliases=("hardsigmoid",),
    definition="clip(slope*x + offset, 0, 1)",
    kernel=hard_sigmoid,
    parameters=(
        Parameter("slope", "1/6", INVERTIBLE, "slope between the two ends"),
        Parameter("offset", "1/2", REALS, "value at 0, before it is cut off"),
    ),
    range=Interval.closed(0, 1),
    left=Limits("0"),
    right=Limits("1"),
    kinks=(
        Kink("-offset/slope", "0", "0", "the slope jumps from 0 to slope"),
        Kink("(1 - offset)/slope", "0", "0", "the slope jumps from slope to 0"),
    ),
    derivatives=("where(x <= -offset/slope, 0, where(x < (1 - offset)/slope, slope, 0))", "0"),
    careful=("clip(slope*(x + offset/slope), 0, 1)",),
    gradient_from_output="where(y > 0, where(y < 1, slope, 0), 0)",
    max_derivative="slope",
    zero_centred=False,
    monotone=True,
    smoothness=0,
    saturates=Saturation.BOTH,
    points=("-inf", "-5", "-3", "-2", "-1", "0", "1", "2", "3", "5", "inf"),
    frameworks=("torch", "jax", "keras", "onnx", "flax", "tinygrad", "timm"),
    uses=(
        Use("gates on phones and microcontrollers", "sigmoid's shape without an exponential; quantises well"),
        Use("squeeze-and-excitation blocks", "the cheap gate of MobileNetV3"),
    ),
    conventions=(
        Convention("onnx", "1.23", "HardSigmoid", "slope 0.2 by default, so f(2.5) is 1 instead of 0.9167"),
        Convention("keras", "2, as documented, not run", "keras.activations.hard_sigmoid", "slope 0.2"),
    ),
    references=(
        "Courbariaux, Bengio & David, BinaryConnect, 2015 (slope 1/2)",
        "Howard et al., Searching for MobileNetV3, 2019 (slope 1/6)",
    ),
)


def hard_swish(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x · clip(x/6 + 1/2, 0, 1) and its derivatives."""
    middle = xp.abs(x) < 3.0
    right = x >= 3.0
    # x(x + 3)/6, because x + 3 is exact next to the root -3.
    yield xp.where(right, x, xp.where(middle, x * ((x + 3.0) / 6.0), 0.0))
    yield xp.where(right, 1.0, xp.where(middle, (2.0 * x + 3.0) / 6.0, 0.0))
    yield xp.where(middle, 1.0 / 3.0, 0.0)


HARD_SWISH = Activation(
    name="hard_swish",
    symbol="hard swish",
    aliases=("hardswish", "hard_silu"),
    definition="x * clip(x/6 + 1/2, 0, 1)",
    kernel=hard_swish,
    range=Interval.from_low("-3/8"),
    left=Limits("0"),
    right=Limits("inf", "1"),
    kinks=(
        Kink("-3", "0", "0", "the slope jumps from 0 to -1/2"),
        Kink("3", "1", "0", "the slope jumps from 3/2 to 1; tinygrad takes 3/2"),
    ),
    derivatives=("where(x >= 3, 1, where(x > -3, (2*x + 3)/6, 0))", "where(abs(x) < 3, 1/3, 0)"),
    careful=("x*clip((x + 3)/6, 0, 1)",),
    max_derivative="3/2",
    zero_centred=False,
    monotone=False,
    smoothness=0,
    saturates=Saturation.LEFT,
    points=("-inf", "-5", "-3", "-2", "-1", "0", "1", "2", "3", "5", "inf"),
    frameworks=("torch", "jax", "keras", "onnx", "flax", "mlx", "tinygrad", "timm", "transformers"),
    uses=(
        Use("networks for phones", "silu's shape at the price of a relu6; at most 0.143 away from silu"),
        Use("quantised networks", "no exponential, and piecewise quadratic in fixed point"),
    ),
    conventions=(
        Convention("torch", "2.13", "torch.nn.functional.hardswish", "-inf gives NaN, where the limit is 0"),
        Convention("jax", "0.10.2", "jax.nn.hard_swish", "-inf gives NaN, where the limit is 0"),
        Convention("keras", "3.15", "keras.activations.hard_swish", "-inf gives NaN, where the limit is 0"),
        Convention("mlx", "0.32", "mlx.nn.hardswish", "-inf gives NaN, where the limit is 0"),
        Convention("tinygrad", "0.14", "Tensor.hardswish", "the derivative at 3 is 1.5", ("3",), "3/2"),
    ),
    references=("Howard et al., Searching for MobileNetV3, 2019",),
)


def hard_tanh(x: Any, xp: Any) -> Iterator[Any]:
    """Yield x cut off at -1 and 1, and its derivatives."""
    yield xp.minimum(xp.maximum(x, -1.0), 1.0)
    yield xp.where(xp.abs(x) < 1.0, 1.0, 0.0)
    yield xp.zeros_like(x)


HARD_TANH = Activation(
    name="hard_tanh",
    symbol="hard tanh",
    aliases=("hardtanh",),
    definition="clip(x, -1, 1)",
    kernel=hard_tanh,
    range=Interval.closed(-1, 1),
    left=Limits("-1"),
    right=Limits("1"),
    kinks=(
        Kink("-1", "0", "0", "the slope jumps from 0 to 1; 0 as torch and mlx, jax, keras and tinygrad take 1"),
        Kink("1", "0", "0", "the slope jumps from 1 to 0; 0 as torch and mlx, jax, keras and tinygrad take 1"),
    ),
    derivatives=("where(abs(x) < 1, 1, 0)", "0"),
    gradient_from_output="where(abs(y) < 1, 1, 0)",
    max_derivative="1",
    zero_centred=True,
    monotone=True,
    odd=True,
    smoothness=0,
    saturates=Saturation.BOTH,
    points=("-inf", "-3", "-2", "-1", "0", "1", "2", "3", "inf"),
    frameworks=("torch", "jax", "keras", "onnx", "flax", "mlx", "tinygrad"),
    uses=(
        Use("in place of tanh where time is short", "no exponential; slope 1 between the ends"),
        Use("straight-through estimators", "its slope stands in for that of sign in binary networks"),
    ),
    conventions=(
        Convention("torch", "2.13", "torch.nn.functional.hardtanh", "takes min_val and max_val"),
        Convention("jax", "0.10.2", "jax.nn.hard_tanh", "the derivative at ±1 is 1", ("-1", "1"), "1"),
        Convention("keras", "3.15", "keras.activations.hard_tanh", "the derivative at ±1 is 1", ("-1", "1"), "1"),
        Convention("tinygrad", "0.14", "Tensor.hardtanh", "the derivative at ±1 is 1", ("-1", "1"), "1"),
        Convention("mlx", "0.32", "mlx.nn.hard_tanh", "the gradient at NaN is 0"),
    ),
    references=("Collobert, Large scale machine learning, 2004",),
)


ACTIVATIONS: tuple[Activation, ...] = (IDENTITY, BINARY_STEP, SIGN, HARD_SIGMOID, HARD_SWISH, HARD_TANH)
