"""A user's own code as an activation: `module:function`, `file.py:function`, or a PyTorch function or Module.

Only an argument of this form imports code; everything else a user types is parsed. Derivatives come from autograd where
the code is PyTorch's, else from differences.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from actcli.activations.function import Function
from actcli.activations.record import Activation
from actcli.activations.registry import AnyFunction, Catalogue
from actcli.activations.words import split_list
from actcli.errors import UsageError
from actcli.implementations.user_code import find_code, in_words

if TYPE_CHECKING:
    from actcli.core.device import Device

_FORM = re.compile(r"(?P<place>[\w./\\~-]+):(?P<name>[^\W\d]\w*(\.[^\W\d]\w*)*)")

_PROBES = 64
"""Numbers that a user's code is tried with: dropout of a tenth keeps the same ones twice once in 300,000 times."""
_SAME = 1e-6
"""How far two answers for one number may differ, relatively: compilers round otherwise at the end of an array."""


def resolve_all(text: str, given: Mapping[str, Fraction], catalogue: Catalogue) -> list[AnyFunction]:
    """Return the functions of a comma list that may name a user's own code beside names and formulas.

    Raises UsageError for what can't be found, read or imported.
    """
    parts = split_list(text)
    own = {part: load(part) for part in parts if is_user_code(part, catalogue)}
    rest = [part for part in parts if part not in own]
    known = iter(catalogue.get_all(",".join(rest), given) if rest else [])
    if given and not rest:
        raise UsageError(f"{text}: code of your own takes no --param")
    return [own[part] if part in own else next(known) for part in parts]


def is_user_code(text: str, catalogue: Catalogue) -> bool:
    """Tell whether a word has the form `module:function`, and isn't `leaky_relu:slope`."""
    match = _FORM.fullmatch(text)
    return match is not None and not catalogue.has(match["place"])


def load(text: str) -> UserFunction:
    """Import the code that `module:function` or `file.py:function` names. Raises UsageError."""
    return UserFunction(text, find_code(text))


class UserFunction(Function):
    """An activation computed by a user's callable, in float64."""

    def __init__(self, name: str, code: Callable[[Any], Any]) -> None:
        super().__init__(Activation(name=name, definition=name), {}, name, {})
        self.code = code

    @cached_property
    def derivatives_note(self) -> str:
        """Where the derivatives come from."""
        return "autograd" if self._is_torch else "central differences of float64 values, good to about 9 digits"

    @cached_property
    def largest_slope(self) -> float:
        """Unknown: somebody else's code has no definition to search."""
        return math.nan

    @cached_property
    def edges(self) -> Mapping[float, Sequence[Any]]:
        """What the code itself answers at ±inf, with the slope left open."""
        import numpy as np

        ends = (-math.inf, math.inf)
        values = self._values(np.array(ends))
        return {end: (float(value), math.nan, math.nan) for end, value in zip(ends, values, strict=True)}

    settles = False

    def _apply(self, x: Any, order: int, out: Sequence[Any] | None = None, threads: int | None = None) -> list[Any]:
        # Nobody has said that the code may run in several threads at once.
        return super()._apply(x, order, out, threads or 1)

    def is_flat_at(self, x: float) -> bool:
        """Nobody can tell: a slope of 0 may be one that has underflowed."""
        return False

    @cached_property
    def kernel(self) -> Callable[[Any, int, Device], Sequence[Any]]:
        """`(x, order, device)` → [f, f′, …] for a flat float64 array of finite numbers.

        Raises UsageError for code that raises, and for code that isn't a function of one number.
        """

        def run(x: Any, order: int, device: Device) -> Sequence[Any]:
            if x.size and not self._is_tried:
                self._try(x)
                self._is_tried = bool(x.any())  # zeros stay zeros in sums, and with units dropped
            return self._torch(x, order) if self._is_torch else self._differences(x, order)

        return run

    _is_tried = False

    def _try(self, x: Any) -> None:
        """Raise UsageError when the code answers a number now so, now otherwise: it's random, or looks at others."""
        import numpy as np

        # Numbers at hand and others near them: code may refuse what lies elsewhere.
        probes = x[np.linspace(0, x.size - 1, _PROBES).astype(int)] * np.linspace(1, 0.5, _PROBES)
        answers = self._values(probes)
        if not _agree(self._values(probes), answers):
            raise UsageError(
                f"{self.name} answers the same numbers differently when called again: an activation is a function of x "
                "alone (a Module that drops units at random wants .eval())"
            )
        backwards = self._values(probes[::-1].copy())[::-1]
        halves = np.concatenate([self._values(half) for half in np.split(probes, 2)])
        if not (_agree(backwards, answers) and _agree(halves, answers)):
            raise UsageError(
                f"{self.name} is not element-wise: its answer for a number depends on the other numbers in the array"
            )

    @cached_property
    def _is_torch(self) -> bool:
        torch = sys.modules.get("torch")
        if torch is None:
            return False
        if isinstance(self.code, torch.nn.Module):
            return True
        try:
            with redirect_stdout(sys.stderr):
                return isinstance(self.code(torch.zeros(2, dtype=torch.float64)), torch.Tensor)
        except (Exception, SystemExit):  # whatever it raises, it doesn't take tensors
            return False

    def _values(self, x: Any) -> Any:
        """Return what the code answers for a float64 array. Raises UsageError when it isn't an array of that shape."""
        import numpy as np

        if self._is_torch:
            return self._torch(x, 0)[0]
        try:
            # What the code prints is not data.
            with np.errstate(all="ignore"), redirect_stdout(sys.stderr):
                raw = np.asarray(self.code(x.copy()))
                answer = raw if raw.dtype.kind == "c" else raw.astype(np.float64)
        except (Exception, SystemExit) as error:
            raise UsageError(f"{self.name} raised {in_words(error)}") from None
        self._check(answer, x, complex_dtype=answer.dtype.kind == "c")
        return answer

    def _check(self, answer: Any, x: Any, *, complex_dtype: bool) -> None:
        if complex_dtype:
            raise UsageError(f"{self.name} answered complex numbers: an activation yields real ones")
        if tuple(answer.shape) != x.shape:
            raise UsageError(
                f"{self.name} answered an array of shape {x.shape} with one of shape {tuple(answer.shape)}"
            )

    def _torch(self, x: Any, order: int) -> list[Any]:
        torch = sys.modules["torch"]
        tensor = torch.tensor(x, dtype=torch.float64, requires_grad=order > 0)
        try:
            with redirect_stdout(sys.stderr):
                results = [self.code(tensor)]
            self._check(results[0], x, complex_dtype=results[0].is_complex())
            for _ in range(order):
                last = results[-1]
                if last.requires_grad:
                    (slope,) = torch.autograd.grad(last.sum(), tensor, create_graph=True, allow_unused=True)
                    results.append(torch.zeros_like(tensor) if slope is None else slope)
                else:
                    results.append(torch.zeros_like(tensor))
        except UsageError:
            raise
        except (Exception, SystemExit) as error:
            raise UsageError(f"{self.name} raised {in_words(error)}") from None
        return [result.detach().numpy() for result in results]

    def _differences(self, x: Any, order: int) -> list[Any]:
        import numpy as np

        value = self._values(x)
        results = [value]
        if order:
            # The cube root of the rounding error balances it against the error of the formula; a power of two is exact.
            step = np.exp2(np.round(np.log2(np.maximum(1.0, np.abs(x)) * 6e-6)))
            results.append((self._values(x + step) - self._values(x - step)) / (2 * step))
        if order > 1:
            step = np.exp2(np.round(np.log2(np.maximum(1.0, np.abs(x)) * 1e-4)))
            results.append((self._values(x + step) - 2 * value + self._values(x - step)) / (step * step))
        return results


def _agree(one: Any, other: Any) -> bool:
    import numpy as np

    with np.errstate(invalid="ignore"):
        return bool(np.allclose(one, other, rtol=_SAME, atol=0, equal_nan=True))
