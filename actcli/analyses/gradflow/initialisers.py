"""Initialisation as code to paste: PyTorch, Keras, JAX.

All three draw weights N(0, σw²/fan_in) and biases N(0, σb²). The normal distributions are those without truncation;
VarianceScaling's `truncated_normal` has the same variance, but another shape.
"""

from __future__ import annotations

from collections.abc import Iterator

_TORCH = "for layer in (each for each in model.modules() if isinstance(each, torch.nn.Linear)): "
_WEIGHTS = {
    "pytorch": _TORCH + "torch.nn.init.normal_(layer.weight, std={sigma_w} * layer.in_features**-0.5)",
    "keras": 'keras.initializers.VarianceScaling({variance}, mode="fan_in", distribution="untruncated_normal")',
    "jax": 'jax.nn.initializers.variance_scaling({variance}, "fan_in", "normal")',
}
_BIASES = {
    "pytorch": _TORCH + "torch.nn.init.normal_(layer.bias, std={sigma_b})",
    "keras": "keras.initializers.RandomNormal(stddev={sigma_b})",
    "jax": "jax.nn.initializers.normal({sigma_b})",
}
_ZEROS = {
    "pytorch": _TORCH + "torch.nn.init.zeros_(layer.bias)",
    "keras": "keras.initializers.Zeros()",
    "jax": "jax.nn.initializers.zeros",
}


def initialisers(sigma_w: float, sigma_b: float) -> Iterator[tuple[str, str, str]]:
    """Yield framework, `weights` or `biases`, and one line of code that draws them.

    PyTorch's lines fill the linear layers of `model`; the others are values for `kernel_init(ializer)` and
    `bias_init(ializer)`.
    """
    numbers = {"sigma_w": _text(sigma_w), "variance": _text(sigma_w**2), "sigma_b": _text(sigma_b)}
    for framework, weights in _WEIGHTS.items():
        biases = (_BIASES if sigma_b else _ZEROS)[framework]
        yield framework, "weights", weights.format(**numbers)
        yield framework, "biases", biases.format(**numbers)


def _text(number: float) -> str:
    return repr(float(f"{number:.12g}"))
