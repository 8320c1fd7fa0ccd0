"""ReLU and the functions that replace its dead left half by a slope or by an exponential."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actcli.activations.record import (
    INVERTIBLE,
    POSITIVE,
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
from actcli.core.doubles import far_out, scaled


def times(x: Any, factor: Real, lost: Any = None) -> Any:
    """Return factor · (x + lost) for the factor that was meant, 0.01 say, not for the float64 next to it.

    Products that are ties in a 16-bit format come out exact, so that they round to even.
    """
    # Beyond 2⁵³ the product with the tail might overflow as well, with the opposite sign.
    tail = factor.tail if abs(factor) < 2.0**53 else 0.0
    head = float(factor)  # CuPy takes no subclass of float
    if lost is not None:
        return head * x + (tail * x + head * lost)
    return head * x + tail * x if tail else head * x


def _times_exp(a: Any, tail: Any, factor: Real, xp: Any) -> Any:
    """Return factor · exp(-(a + tail)) for a ≥ 0 and a tiny tail (or None)."""
    # A large factor would magnify the coarse rounding of a subnormal exponential.
    near, far = far_out(a, xp) if factor > 2.0 else (a, 1.0)
    z = xp.exp(-near)
    return times(z if tail is None else z - z * tail, factor) * far


def above(x: Any, bound: Real) -> Any:
    """Tell where x > bound for the number that was meant, which may lie on either side of its float64 neighbour."""
    return x >= float(bound) if bound.tail < 0.0 else x > float(bound)


def below(x: Any, bound: Real) -> Any:
    """Tell where x < bound for the number that was meant."""
    return x <= float(bound) if bound.tail > 0.0 else x < float(bound)


def relu(x: Any, xp: Any) -> Iterator[Any]:
    """Yield max(0, x) and its derivatives."""
    right = x > 0.0
    yield xp.where(right, x, 0.0)
    yield xp.where(right, 1.0, 0.0)
    yield xp.zeros_like(x)


RELU = Activation(
    name="relu",
    symbol="ReLU",
    aliases=("rectifier", "ramp"),
    definition="max(0, x)",
    kernel=relu,
    range=Interval.from_low(0),
    left=Limits("0"),
    right=Limits("inf", "1"),
    kinks=(Kink("0", "0", "0", "the slope jumps from 0 to 1; every framework takes 0"),),
    derivatives=("where(x > 0, 1, 0)", "0"),
    gradient_from_output="where(y > 0, 1, 0)",
    max_derivative="1",
    zero_centred=False,
    monotone=True,
    smoothness=0,
    saturates=Saturation.LEFT,
    frameworks=("torch", "jax", "keras", "tensorflow", "onnx", "flax", "mlx", "tinygrad", "timm", "transformers"),
    uses=(
        Use("hidden layers of deep networks", "slope exactly 1 where active, so depth does not shrink gradients"),
        Use("convolutional networks", "the cheapest non-linearity there is, and it makes activations sparse"),
        Use("non-negative regression output", "never below 0", "softplus, where 0 itself must not occur"),
        Use(
            "units that die",
            "a unit negative on all data has no gradient left to recover with",
            "leaky_relu",
            advised=False,
        ),
    ),
    conventions=(
        Convention("torch", "2.13", "torch.relu", "the gradient at NaN is 1 (0 in jax and mlx)"),
        Convention("tinygrad", "0.14", "Tensor.relu", "relu(NaN) is 0"),
        Convention(
            "keras", "3.15", "keras.activations.relu", "takes negative_slope, max_value and threshold (strictly above)"
        ),
    ),
    references=(
        "Fukushima, Visual feature extraction by a multilayered network of analog threshold elements, 1969",
        "Nair & Hinton, Rectified linear units improve restricted Boltzmann machines, 2010",
        "Glorot, Bordes & Bengio, Deep sparse rectifier neural networks, 2011",
    ),
)


def leaky_relu(x: Any, xp: Any, *, negative_slope: Real) -> Iterator[Any]:
    """Yield x above 0, negative_slope · x below, and the derivatives."""
    right = x > 0.0
    yield xp.where(right, x, times(x, negative_slope))
    yield xp.where(right, 1.0, float(negative_slope))
    yield xp.zeros_like(x)


_LEAKY_LEFT = Limits(
    "where(negative_slope > 0, -inf, where(negative_slope < 0, inf, 0))",
    "negative_slope",
)
_LEAKY_KINK = Kink("0", "negative_slope", "0", "the slope of the left side, as torch; other frameworks take 1")

LEAKY_RELU = Activation(
    name="leaky_relu",
    symbol="LeakyReLU",
    aliases=("lrelu", "leaky"),
    definition="where(x > 0, x, negative_slope*x)",
    kernel=leaky_relu,
    parameters=(Parameter("negative_slope", "0.01", REALS, "slope below 0"),),
    left=_LEAKY_LEFT,
    right=Limits("inf", "1"),
    kinks=(_LEAKY_KINK,),
    derivatives=("where(x > 0, 1, negative_slope)", "0"),
    gradient_from_output="where(y > 0, 1, negative_slope)",
    output_decides="negative_slope >= 0",  # otherwise two x have the same y
    max_derivative="max(1, abs(negative_slope))",
    zero_centred=False,
    monotone=True,
    smoothness=0,
    frameworks=("torch", "jax", "keras", "tensorflow", "onnx", "flax", "mlx", "tinygrad", "timm", "transformers"),
    uses=(
        Use("hidden layers where ReLU units die", "a little gradient passes below 0, so no unit is lost for good"),
        Use("GAN discriminators", "gradients reach the generator from rejected samples too; 0.2 is usual there"),
    ),
    conventions=(
        Convention("jax", "0.10.2", "jax.nn.leaky_relu", "the derivative at 0 is 1", ("0",), "1"),
        Convention("keras", "3.15", "keras.activations.leaky_relu", "slope 0.2; the derivative at 0 is 1", ("0",), "1"),
        Convention("keras", "3.15", "keras.layers.LeakyReLU", "slope 0.3; the derivative at 0 is 1", ("0",), "1"),
        Convention("tensorflow", "as documented, not run", "tf.nn.leaky_relu", "slope 0.2"),
        Convention("mlx", "0.32", "mlx.nn.leaky_relu", "the derivative at 0 is 1", ("0",), "1"),
        Convention("tinygrad", "0.14", "Tensor.leaky_relu", "the derivative at 0 is 1", ("0",), "1"),
    ),
    references=("Maas, Hannun & Ng, Rectifier nonlinearities improve neural network acoustic models, 2013",),
)


PRELU = Activation(
    name="prelu",
    symbol="PReLU",
    aliases=("parametric_relu",),
    definition="where(x > 0, x, negative_slope*x)",
    kernel=leaky_relu,
    parameters=(Parameter("negative_slope", "0.25", REALS, "slope below 0, learned; this is where it starts"),),
    left=_LEAKY_LEFT,
    right=Limits("inf", "1"),
    kinks=(Kink("0", "negative_slope", "0", "the slope of the left side, as torch"),),
    derivatives=("where(x > 0, 1, negative_slope)", "0"),
    gradient_from_output="where(y > 0, 1, negative_slope)",
    output_decides="negative_slope >= 0",  # otherwise two x have the same y
    max_derivative="max(1, abs(negative_slope))",
    zero_centred=False,
    monotone=True,
    smoothness=0,
    frameworks=("torch", "keras", "onnx", "flax", "mlx", "equinox", "timm", "transformers"),
    uses=(Use("image classifiers", "learns the slope below 0, one for each channel, at next to no cost"),),
    conventions=(
        Convention("torch", "2.13", "torch.nn.PReLU", "one slope, or one for each channel (axis 1)"),
        Convention("flax", "0.12", "flax.linen.PReLU", "the slope starts at 0.01"),
        Convention("keras", "3.15", "keras.layers.PReLU", "the slope starts at 0, one for each element"),
    ),
    references=("He, Zhang, Ren & Sun, Delving deep into rectifiers, 2015",),
)


def relu6(x: Any, xp: Any, *, cap: Real) -> Iterator[Any]:
    """Yield max(0, x) cut off at cap, and its derivatives."""
    yield xp.minimum(xp.maximum(x, 0.0), float(cap))
    yield xp.where((x > 0.0) & below(x, cap), 1.0, 0.0)
    yield xp.zeros_like(x)


RELU6 = Activation(
    name="relu6",
    symbol="ReLU6",
    aliases=("clipped_relu",),
    definition="min(max(0, x), cap)",
    kernel=relu6,
    parameters=(Parameter("cap", "6", POSITIVE, "the largest value it takes"),),
    range=Interval.closed(0, "cap"),
    left=Limits("0"),
    right=Limits("cap"),
    kinks=(
        Kink("0", "0", "0", "the slope jumps from 0 to 1"),
        Kink("cap", "0", "0", "the slope jumps from 1 to 0; tinygrad takes 1"),
    ),
    derivatives=("where(x <= 0, 0, where(x < cap, 1, 0))", "0"),
    gradient_from_output="where(y > 0, where(y < cap, 1, 0), 0)",
    max_derivative="1",
    zero_centred=False,
    monotone=True,
    smoothness=0,
    saturates=Saturation.BOTH,
    points=("-inf", "-5", "-1", "0", "1", "3", "5", "6", "8", "inf"),
    frameworks=("torch", "jax", "keras", "tensorflow", "flax", "mlx", "tinygrad", "timm", "transformers"),
    uses=(
        Use("networks for phones", "bounded, so that few bits hold every activation after quantisation"),
        Use("inside hard_sigmoid and hard_swish", "relu6(x + 3) / 6 is the gate they are built from"),
    ),
    conventions=(Convention("tinygrad", "0.14", "Tensor.relu6", "the derivative at 6 is 1", ("cap",), "1"),),
    references=(
        "Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010",
        "Howard et al., MobileNets, 2017",
    ),
)


def elu(x: Any, xp: Any, *, alpha: Real) -> Iterator[Any]:
    """Yield x above 0, alpha(eˣ - 1) below, and the derivatives."""
    right = x > 0.0
    # Cut at 0, or the exponential of the other branch would overflow; expm1, for eˣ - 1 cancels next to 0.
    left = xp.minimum(x, 0.0)
    yield xp.where(right, x, times(xp.expm1(left), alpha))
    slope = _times_exp(-left, None, alpha, xp)
    yield xp.where(right, 1.0, slope)
    yield xp.where(x < 0.0, slope, 0.0)


ELU = Activation(
    name="elu",
    symbol="ELU",
    aliases=("exponential_linear_unit",),
    definition="where(x > 0, x, alpha*(exp(x) - 1))",
    kernel=elu,
    parameters=(Parameter("alpha", "1", Interval.from_low(0), "minus the limit on the left"),),
    range=Interval.open("-alpha", "inf"),
    left=Limits("-alpha"),
    right=Limits("inf", "1"),
    kinks=(
        Kink("0", "alpha", "0", "the slope of the left side, as torch; f′ is continuous for alpha = 1, f″ never is"),
    ),
    derivatives=("where(x > 0, 1, alpha*exp(x))", "where(x < 0, alpha*exp(x), 0)"),
    careful=(
        "where(x > 0, x, alpha*expm1(min(0, x)))",
        "where(x > 0, 1, alpha*exp(min(0, x)))",
        "where(x < 0, alpha*exp(min(0, x)), 0)",
    ),
    gradient_from_output="where(y > 0, 1, y + alpha)",
    max_derivative="max(1, alpha)",
    zero_centred=False,
    monotone=True,
    smoothness=1,  # at the default alpha = 1; 0 for any other
    saturates=Saturation.LEFT,
    frameworks=("torch", "jax", "keras", "tensorflow", "onnx", "flax", "mlx", "tinygrad", "timm"),
    uses=(
        Use("hidden layers without normalisation", "negative values pull the mean activation towards 0"),
        Use("smooth regression and value networks", "keeps a gradient below 0 and, for alpha = 1, has no corner"),
    ),
    conventions=(
        Convention("tensorflow", "as documented, not run", "tf.nn.elu", "alpha is fixed at 1"),
        Convention("mlx", "0.32", "mlx.nn.elu", "exp(x) - 1 instead of expm1: digits are lost next to 0"),
        Convention(
            "tinygrad",
            "0.14",
            "Tensor.elu",
            "exp(x) - 1 instead of expm1; the derivative at 0 is 0, where the true one is 1",
            ("0",),
            "0",
        ),
        Convention("onnxruntime", "1.32", "Elu", "exp(x) - 1 instead of expm1: digits are lost next to 0"),
    ),
    references=("Clevert, Unterthiner & Hochreiter, Fast and accurate deep network learning by ELUs, 2016",),
)


def selu(x: Any, xp: Any, *, alpha: Real, scale: Real) -> Iterator[Any]:
    """Yield scale · x above 0, scale · alpha(eˣ - 1) below, and the derivatives."""
    right = x > 0.0
    left = xp.minimum(x, 0.0)
    # One factor, formed before rounding, instead of two products.
    both = Real(scale.exact * alpha.exact)
    yield xp.where(right, times(x, scale), times(xp.expm1(left), both))
    slope = _times_exp(-left, None, both, xp)
    yield xp.where(right, float(scale), slope)
    yield xp.where(x < 0.0, slope, 0.0)


SELU = Activation(
    name="selu",
    symbol="SELU",
    aliases=("scaled_elu",),
    definition="scale * where(x > 0, x, alpha*(exp(x) - 1))",
    kernel=selu,
    parameters=(
        Parameter("alpha", "1.6732632423543772848170429916717", Interval.from_low(0), "alpha of the ELU inside"),
        Parameter("scale", "1.0507009873554804934193349852946", POSITIVE, "factor on the whole, the slope above 0"),
    ),
    range=Interval.open("-scale*alpha", "inf"),
    left=Limits("-scale*alpha"),
    right=Limits("inf", "scale"),
    kinks=(Kink("0", "scale*alpha", "0", "the slope of the left side, as torch, jax and mlx; tinygrad takes scale"),),
    derivatives=("scale*where(x > 0, 1, alpha*exp(x))", "scale*where(x < 0, alpha*exp(x), 0)"),
    careful=(
        "scale*where(x > 0, x, alpha*expm1(min(0, x)))",
        "scale*where(x > 0, 1, alpha*exp(min(0, x)))",
        "scale*where(x < 0, alpha*exp(min(0, x)), 0)",
    ),
    gradient_from_output="where(y > 0, scale, y + scale*alpha)",
    max_derivative="scale*max(1, alpha)",
    zero_centred=True,
    monotone=True,
    smoothness=0,
    saturates=Saturation.LEFT,
    frameworks=("torch", "jax", "keras", "tensorflow", "onnx", "flax", "mlx", "tinygrad", "timm"),
    uses=(
        Use(
            "deep fully connected networks without normalisation",
            "with LeCun-normal weights, mean 0 and variance 1 of the activations is a stable fixed point",
        ),
    ),
    conventions=(
        Convention("mlx", "0.32", "mlx.nn.selu", "constants cut to 1.0507 and 1.67326"),
        Convention(
            "tinygrad",
            "0.14",
            "Tensor.selu",
            "constants cut to 1.0507 and 1.67326; the derivative at 0 is 1.0507",
            ("0",),
            "1.0507",
        ),
        Convention("onnx", "1.23", "Selu", "alpha and gamma are float32 attributes"),
    ),
    references=("Klambauer, Unterthiner, Mayr & Hochreiter, Self-normalizing neural networks, 2017",),
)


def celu(x: Any, xp: Any, *, alpha: Real) -> Iterator[Any]:
    """Yield x above 0, alpha(exp(x/alpha) - 1) below, and the derivatives."""
    # exp magnifies the rounding of x/alpha as many times as that is large, so what it lost is carried along.
    inverse = Real(1 / alpha.exact)
    a, tail = scaled(xp.maximum(-x, 0.0), inverse.exact, xp)
    y = xp.expm1(-a)
    y = times(y, alpha, None if tail is None else -(1.0 + y) * tail)
    # Next to 0 f rounds to x, while the quotient of a subnormal x has no digits to spare.
    yield xp.where(x > alpha * -(2.0**-55), x, y)
    z = xp.exp(-a)
    yield xp.where(x > 0.0, 1.0, z if tail is None else z - z * tail)
    yield xp.where(x < 0.0, _times_exp(a, tail, inverse, xp), 0.0)


CELU = Activation(
    name="celu",
    symbol="CELU",
    aliases=("continuously_differentiable_elu",),
    definition="max(0, x) + min(0, alpha*(exp(x/alpha) - 1))",
    kernel=celu,
    parameters=(Parameter("alpha", "1", INVERTIBLE, "minus the limit on the left; also stretches the exponential"),),
    range=Interval.open("-alpha", "inf"),
    left=Limits("-alpha"),
    right=Limits("inf", "1"),
    kinks=(Kink("0", "1", "0", "f″ jumps from 1/alpha to 0"),),
    derivatives=("where(x > 0, 1, exp(x/alpha))", "where(x < 0, exp(x/alpha)/alpha, 0)"),
    careful=(
        "max(0, x) + alpha*expm1(min(0, x)/alpha)",
        "exp(min(0, x)/alpha)",
        "where(x < 0, exp(min(0, x)/alpha)/alpha, 0)",
    ),
    gradient_from_output="where(y > 0, 1, 1 + y/alpha)",
    max_derivative="1",
    zero_centred=False,
    monotone=True,
    smoothness=1,
    saturates=Saturation.LEFT,
    frameworks=("torch", "jax", "keras", "onnx", "flax", "mlx", "tinygrad", "timm"),
    uses=(Use("in place of elu with alpha ≠ 1", "the slope is continuous for every alpha and never above 1"),),
    conventions=(
        Convention("mlx", "0.32", "mlx.nn.celu", "the derivative at 0 is 0, where the true one is 1", ("0",), "0"),
    ),
    references=("Barron, Continuously differentiable exponential linear units, 2017",),
)


def relu2(x: Any, xp: Any) -> Iterator[Any]:
    """Yield max(0, x)² and its derivatives."""
    positive = xp.maximum(x, 0.0)
    yield positive * positive
    yield 2.0 * positive
    yield xp.where(x > 0.0, 2.0, 0.0)


RELU2 = Activation(
    name="relu2",
    symbol="ReLU²",
    aliases=("squared_relu", "relu_squared", "sqrelu"),
    definition="max(0, x)**2",
    kernel=relu2,
    range=Interval.from_low(0),
    left=Limits("0"),
    right=Limits("inf", "inf", "2"),
    kinks=(Kink("0", "0", "0", "f″ jumps from 0 to 2"),),
    derivatives=("2*max(0, x)", "where(x > 0, 2, 0)"),
    gradient_from_output="2 * sqrt(y)",
    max_derivative="inf",
    zero_centred=False,
    monotone=True,
    smoothness=1,
    saturates=Saturation.LEFT,
    frameworks=("mlx", "transformers", "vllm"),
    uses=(
        Use("feed-forward blocks of language models", "found by architecture search; sparse as ReLU, without a corner"),
        Use("unnormalised deep networks", "slope and values grow without bound", "relu, gelu", advised=False),
    ),
    references=("So et al., Primer: searching for efficient transformers for language modeling, 2021",),
)


ACTIVATIONS: tuple[Activation, ...] = (RELU, LEAKY_RELU, PRELU, RELU6, ELU, SELU, CELU, RELU2)
