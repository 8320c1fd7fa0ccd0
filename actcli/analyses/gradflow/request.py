"""What the user asked about signal and gradient through depth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actcli.analyses.gradflow.examples import read_examples
from actcli.core.device import CPU, Device
from actcli.core.numbers import read_number, split_names
from actcli.errors import UsageError, suggestion

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Progress = Callable[[str, int, int], None]
"""`progress(what, done, total)`: trials done of a network, or networks done of several."""

FEEDFORWARD = ("mlp", "residual")
RECURRENT = ("rnn", "lstm", "gru")
NORMS = ("none", "batch", "layer", "rms")
GATES = ("vanishing", "exploding")


@dataclass(frozen=True, slots=True)
class Neuron:
    """One unit: its weights and its bias."""

    weights: tuple[float, ...]
    bias: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The options of the command.

    No `inits` stand for the default of each activation; `sigma_w` and `sigma_b`, where given, outrank them. `depth` is
    the number of layers, or of time steps. `data` are examples, one a row; `q` is the variance of pre-activations at
    which moments are taken, `blocked` the share of units that let no gradient through, where the user knows it.
    """

    depth: int = 20
    width: int = 256
    trials: int = 10
    batch: int = 64
    inits: tuple[str, ...] = ()
    sigma_w: float | None = None
    sigma_b: float | None = None
    arch: str = "mlp"
    norm: str = "none"
    samples: int = 1000
    preactivations: tuple[float, float] = (-2.0, 2.0)
    seed: int = 42
    suggest_init: bool = False
    phase_diagram: bool = False
    fail_if: str | None = None
    threshold: float = 1e-3
    q: float = 1.0
    device: Device = CPU
    data: Array | None = None
    neuron: Neuron | None = None
    clip: float | None = None
    forget_bias: float | None = None
    blocked: float | None = None

    def __post_init__(self) -> None:
        """Refuse what can't be done. Raises UsageError."""
        for name in ("depth", "width", "trials", "batch", "samples"):
            if getattr(self, name) < 1:
                raise UsageError(f"--{name} must be at least 1, not {getattr(self, name)}")
        if not 0 <= self.seed < 1 << 32:
            raise UsageError(f"--seed must be a number from 0 to 2³² − 1, not {self.seed}")
        for name, value in (("--sigma-w", self.sigma_w), ("--sigma-b", self.sigma_b)):
            if value is not None and not 0 <= value < math.inf:
                raise UsageError(f"{name} is a standard deviation: give a number of at least 0, not {value:g}")
        _known("--arch", self.arch, (*FEEDFORWARD, *RECURRENT))
        _known("--norm", self.norm, NORMS)
        if self.fail_if is not None:
            _known("--fail-if", self.fail_if, GATES)
        low, high = self.preactivations
        if not -math.inf < low < high < math.inf:
            raise UsageError(f"--preactivations {low:g}:{high:g}: write A:B with A below B, such as -2:2")
        if not 0 < self.threshold < 1:
            raise UsageError(
                f"--threshold {self.threshold:g}: give the share of the gradient, between 0 and 1, below which it has "
                "vanished (above its inverse it has exploded)"
            )
        positive = (("--q", self.q), ("--clip", self.clip))
        for name, value in positive:
            if value is not None and not 0 < value < math.inf:
                raise UsageError(f"{name} must be a number above 0, not {value:g}")
        if self.blocked is not None and not 0 <= self.blocked <= 1:
            raise UsageError(f"--blocked is a share of the units: give a number from 0 to 1, not {self.blocked:g}")
        self._refuse_what_does_not_apply()

    def _refuse_what_does_not_apply(self) -> None:
        if self.is_recurrent and self.norm != "none":
            raise UsageError(f"--norm {self.norm} is for --arch mlp and residual, not {self.arch}: leave it away")
        if self.is_recurrent and self.clip is not None:
            raise UsageError(f"--clip is for --arch mlp and residual, not {self.arch}: leave it away")
        if self.forget_bias is not None and self.arch not in ("lstm", "gru"):
            raise UsageError(f"--forget-bias belongs to the gate that keeps, of --arch lstm and gru, not {self.arch}")
        if self.forget_bias is not None and not math.isfinite(self.forget_bias):
            raise UsageError(f"--forget-bias must be a finite number, not {self.forget_bias:g}")
        if self.neuron is not None and self.data is None:
            raise UsageError("--neuron needs --data FILE: the examples, one a row, that the unit sees")
        if self.neuron is not None and self.data is not None and len(self.neuron.weights) != self.data.shape[1]:
            raise UsageError(
                f"--neuron has {len(self.neuron.weights)} weights, an example of --data {self.data.shape[1]} numbers"
            )
        if self.data is not None and self.is_recurrent and self.neuron is None:
            raise UsageError(f"--data is for --arch mlp and residual, not {self.arch}: leave it away")

    @property
    def is_recurrent(self) -> bool:
        """Whether depth is time."""
        return self.arch in RECURRENT

    @property
    def has_own_sigmas(self) -> bool:
        """Whether standard deviations were given, which outrank inits."""
        return self.sigma_w is not None or self.sigma_b is not None


def request(
    *,
    init: str | Sequence[str] = (),
    preactivations: str | tuple[float, float] = (-2.0, 2.0),
    data: str | Any = None,
    neuron: str | None = None,
    **others: Any,
) -> Request:
    """Return the request that the words of the command line, or what stands for them in Python, mean.

    `data` is the path of a CSV or .npy file, or an array of examples, one a row. Raises UsageError for what can't be
    read or done.
    """
    names = split_names(init) if isinstance(init, str) else init
    ends = _ends(preactivations) if isinstance(preactivations, str) else preactivations
    return Request(
        inits=tuple(dict.fromkeys(names)),
        preactivations=ends,
        data=None if data is None else read_examples(data),
        neuron=None if neuron is None else _neuron(neuron),
        **others,
    )


def _known(option: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        raise UsageError(f"{option} {word!r}{suggestion(word, list(known))}; choose from {', '.join(known)}")


def _ends(text: str) -> tuple[float, float]:
    low, colon, high = text.partition(":")
    if not colon or ":" in high:
        raise UsageError(f"--preactivations {text!r}: write A:B, such as -2:2")
    return read_number(low), read_number(high)


def _neuron(text: str) -> Neuron:
    weights, colon, bias = text.partition(":")
    numbers = [read_number(word) for word in (*split_names(weights), bias if colon else "0")]
    if not all(map(math.isfinite, numbers)):
        raise UsageError(f"--neuron {text!r}: weights and bias are finite numbers, such as -2,-3:1")
    return Neuron(tuple(numbers[:-1]), numbers[-1])
