"""Softplus, the smooth ReLU, and its mirror image log-sigmoid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actcli.activations.record import (
    INVERTIBLE,
    Activation,
    Convention,
    Interval,
    Limits,
    Parameter,
    Real,
    Saturation,
    Use,
)
from actcli.core.doubles import far_out, scaled


def softplus(x: Any, xp: Any, *, beta: Real) -> Iterator[Any]:
    """Yield log(1 + e^βx) / β and its derivatives."""
    right = x > 0.0
    a, tail = scaled(xp.abs(x), beta.exact, xp)
    near, far = far_out(a, xp)
    z = xp.exp(-near)
    if tail is not None:
        z = z - z * tail
    # log(1 + e^βx) overflows on the right: take βx out of the logarithm there.
    log = xp.log1p(z)
    yield right * x + (log if beta == 1.0 else log / float(beta)) * far
    yield xp.where(right, 1.0, z * far) / (1.0 + z)
    # Not σ(1 - σ): 1 - σ has no digits left on the right.
    bend = z / (1.0 + z * (2.0 + z))
    yield (bend if beta == 1.0 else bend * float(beta)) * far


def log_sigmoid(x: Any, xp: Any) -> Iterator[Any]:
    """Yield log σ(x) and its derivatives."""
    z = xp.exp(-xp.abs(x))
    # log(σ) of a σ that rounds to 0 or 1 says nothing.
    yield xp.minimum(x, 0.0) - xp.log1p(z)
    yield xp.where(x > 0.0, z, 1.0) / (1.0 + z)
    yield -z / (1.0 + z * (2.0 + z))


SOFTPLUS = Activation(
    name="softplus",
    symbol="softplus",
    aliases=("smooth_relu",),
    definition="log(1 + exp(beta*x)) / beta",
    kernel=softplus,
    parameters=(Parameter("beta", "1", INVERTIBLE, "sharpness: large values approach ReLU"),),
    range=Interval.open(0, "inf"),
    left=Limits("0"),
    right=Limits("inf", "1"),
    derivatives=("sigmoid(beta*x)", "beta*sigmoid(beta*x)*(1 - sigmoid(beta*x))"),
    careful=("max(0, x) + log1p(exp(-beta*abs(x)))/beta", "", "beta*sigmoid(beta*x)*sigmoid(-beta*x)"),
    gradient_from_output="-expm1(-beta*y)",
    max_derivative="1",
    zero_centred=False,
    monotone=True,
    saturates=Saturation.LEFT,
    frameworks=("torch", "jax", "keras", "tensorflow", "onnx", "flax", "mlx", "tinygrad"),
    uses=(
        Use("outputs that must be positive", "scales, rates and variances: never 0, and linear for large x"),
        Use("smooth stand-in for ReLU", "where second derivatives matter: physics, gradient penalties"),
        Use("hidden layers of deep networks", "outputs are never centred on 0", "gelu, silu, elu", advised=False),
    ),
    conventions=(
        Convention(
            "torch",
            "2.13",
            "torch.nn.functional.softplus",
            "x itself for βx > 20: a jump of 2e-9 in the value, a slope of exactly 1",
        ),
        Convention("jax", "0.10.2", "jax.nn.softplus", "β is fixed at 1"),
        Convention("keras", "3.15", "keras.activations.softplus", "β is fixed at 1"),
        Convention("tinygrad", "0.14", "Tensor.softplus", "softplus(-20) is 0; it is 2.06e-9"),
    ),
    references=(
        "Dugas, Bengio, Bélisle, Nadeau & Garcia, Incorporating second-order functional knowledge for better option "
        "pricing, NIPS 2000",
        "Mächler, Accurately computing log(1 - exp(-|a|)), vignette of the R package Rmpfr, 2012",
    ),
)

LOG_SIGMOID = Activation(
    name="log_sigmoid",
    symbol="log σ",
    aliases=("logsigmoid",),
    definition="-log(1 + exp(-x))",
    kernel=log_sigmoid,
    range=Interval.open("-inf", 0),
    left=Limits("-inf", "1"),
    right=Limits("0"),
    derivatives=("1 - sigmoid(x)", "-sigmoid(x)*(1 - sigmoid(x))"),
    careful=("min(0, x) - log1p(exp(-abs(x)))", "sigmoid(-x)", "-sigmoid(x)*sigmoid(-x)"),
    gradient_from_output="-expm1(y)",
    max_derivative="1",
    zero_centred=False,
    monotone=True,
    saturates=Saturation.RIGHT,
    frameworks=("torch", "jax", "keras", "tensorflow", "flax", "mlx", "tinygrad"),
    uses=(
        Use("losses on logits", "log-likelihoods without log(0): binary cross-entropy, noise contrast, preferences"),
        Use("hidden layers", "outputs are never positive", "softplus, silu", advised=False),
    ),
    conventions=(
        Convention("tensorflow", "from its documentation", "tf.math.log_sigmoid", "the same function; onnx has none"),
    ),
    references=("Mächler, Accurately computing log(1 - exp(-|a|)), vignette of the R package Rmpfr, 2012",),
)

ACTIVATIONS: tuple[Activation, ...] = (SOFTPLUS, LOG_SIGMOID)
