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

_FORM = re.compile(r"(?P<place>[\w./\\~-]+):(?P<name>[^\W\d]\w*)")


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
        """`(x, order, device)` → [f, f′, …] for a flat float64 array."""
        return lambda x, order, device: self._torch(x, order) if self._is_torch else self._differences(x, order)

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
        except Exception:  # whatever it raises, it doesn't take tensors
            return False

    def _values(self, x: Any) -> Any:
        """Return what the code answers for a float64 array. Raises UsageError when it isn't an array of that shape."""
        import numpy as np

        if self._is_torch:
            return self._torch(x, 0)[0]
        try:
            # What the code prints is not data.
            with np.errstate(all="ignore"), redirect_stdout(sys.stderr):
                answer = np.asarray(self.code(x.copy()), dtype=np.float64)
        except Exception as error:
            raise UsageError(f"{self.name} raised {in_words(error)}") from None
        self._check_shape(answer, x)
        return answer

    def _check_shape(self, answer: Any, x: Any) -> None:
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
            self._check_shape(results[0], x)
            for _ in range(order):
                last = results[-1]
                if last.requires_grad:
                    (slope,) = torch.autograd.grad(last.sum(), tensor, create_graph=True, allow_unused=True)
                    results.append(torch.zeros_like(tensor) if slope is None else slope)
                else:
                    results.append(torch.zeros_like(tensor))
        except RuntimeError as error:
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
