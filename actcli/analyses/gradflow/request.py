"""What the user asked about signal and gradient through depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actcli.analyses.gradflow.examples import read_examples
from actcli.analyses.gradflow.values import LARGEST, finite, integer, known, real, whole
from actcli.core.device import CPU, Device
from actcli.core.numbers import split_names
from actcli.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Reader = Callable[[str, Any], Any]
"""`reader(name, value)` returns the value of an option, or raises UsageError with its name."""

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
        if not 0 <= self.seed < 1 << 32:
            raise UsageError(f"--seed must be a number from 0 to 2³² − 1, not {self.seed}")
        for name, value in (("--sigma-w", self.sigma_w), ("--sigma-b", self.sigma_b)):
            if value is not None and not 0 <= value <= LARGEST:
                raise UsageError(f"{name} is a standard deviation: give a number from 0 to {LARGEST:g}, not {value:g}")
        if not 0 < self.threshold < 1:
            raise UsageError(
                f"--threshold {self.threshold:g}: give the share of the gradient, between 0 and 1, below which it has "
                "vanished (above its inverse it has exploded)"
            )
        positive = (("--q", self.q), ("--clip", self.clip))
        for name, value in positive:
            if value is not None and not 0 < value <= LARGEST:
                raise UsageError(f"{name} must be a number above 0 and up to {LARGEST:g}, not {value:g}")
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
        if self.forget_bias is not None and not abs(self.forget_bias) <= LARGEST:
            raise UsageError(f"--forget-bias must be a finite number up to {LARGEST:g}, not {self.forget_bias:g}")
        if self.neuron is not None and self.data is None:
            raise UsageError("--neuron needs --data FILE: the examples, one a row, that the unit sees")
        if self.neuron is not None and self.data is not None and len(self.neuron.weights) != self.data.shape[1]:
            raise UsageError(
                f"--neuron has {len(self.neuron.weights)} weights, an example of --data {self.data.shape[1]} numbers"
            )
        if self.data is not None and self.is_recurrent:
            raise UsageError(f"--data is for --arch mlp and residual, not {self.arch}: leave it away")

    @property
    def is_plain(self) -> bool:
        """Whether bounds, fixed points and depth scales are those of this net: no norm, and no way around φ."""
        return self.arch == "mlp" and self.norm == "none"

    @property
    def layer(self) -> str:
        """What a unit of depth is called."""
        return "step" if self.is_recurrent else "layer"

    @property
    def is_recurrent(self) -> bool:
        """Whether depth is time."""
        return self.arch in RECURRENT


def request(
    *,
    init: str | Sequence[str] | None = None,
    preactivations: Any = (-2.0, 2.0),
    data: str | Any = None,
    neuron: str | None = None,
    **others: Any,
) -> Request:
    """Return the request that the words of the command line, or what stands for them in Python, mean.

    `data` is the path of a CSV or .npy file, or an array of examples, one a row; None stands for no inits, no data and
    no neuron. Raises UsageError for what can't be read or done.
    """
    return Request(
        inits=_names(init),
        preactivations=_ends(preactivations),
        data=None if data is None else read_examples(data),
        neuron=None if neuron is None else _neuron(neuron),
        **{name: _READERS.get(name, _as_it_is)(f"--{name.replace('_', '-')}", value) for name, value in others.items()},
    )


def _as_it_is(name: str, value: Any) -> Any:
    return value


def _one_of(words: Sequence[str]) -> Reader:
    return lambda name, value: known(name, value, words)


def _or_none(reader: Reader) -> Reader:
    return lambda name, value: None if value is None else reader(name, value)


def _switch(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise UsageError(f"{name} must be True or False, not {value!r}")


_READERS: dict[str, Reader] = {
    **dict.fromkeys(("depth", "width", "trials", "batch", "samples"), whole),
    "seed": integer,
    **dict.fromkeys(("threshold", "q"), real),
    **dict.fromkeys(("sigma_w", "sigma_b", "clip", "forget_bias", "blocked"), _or_none(real)),
    **dict.fromkeys(("suggest_init", "phase_diagram"), _switch),
    "arch": _one_of((*FEEDFORWARD, *RECURRENT)),
    "norm": _one_of(NORMS),
    "fail_if": _or_none(_one_of(GATES)),
}


def _names(init: Any) -> tuple[str, ...]:
    if init is None:
        return ()
    names = [init] if isinstance(init, str) else init
    if not isinstance(names, Sequence) or not all(isinstance(each, str) for each in names):
        raise UsageError(f"--init must be a name or several, such as he,xavier, not {init!r}")
    if not all(map(str.strip, names)):
        raise UsageError(f"--init {init!r} names nothing: leave it away, or write names such as he,xavier")
    return tuple(dict.fromkeys(name for each in names for name in split_names(each)))


def _ends(given: Any) -> tuple[float, float]:
    form = f"--preactivations {given!r}: write A:B with A below B, both up to {LARGEST:g} in size, such as -2:2"
    try:
        low, high = (finite(end, form) for end in (given.split(":") if isinstance(given, str) else given))
    except (TypeError, ValueError):
        raise UsageError(form) from None
    if not low < high:
        raise UsageError(form)
    return low, high


def _neuron(given: Any) -> Neuron:
    form = f"--neuron {given!r}: write W,W,…:B, the weights and the bias, finite numbers, such as -2,-3:1"
    if not isinstance(given, str):
        raise UsageError(form)
    weights, colon, bias = given.partition(":")
    numbers = [finite(word, form) for word in (*weights.split(","), bias if colon else "0")]
    return Neuron(tuple(numbers[:-1]), numbers[-1])
