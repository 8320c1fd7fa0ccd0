from typing import Any

import scipy.special
from cupy import _unwrapped, _wrapped


def erf(x: Any) -> Any:
    return _wrapped(scipy.special.erf(_unwrapped(x)))


def erfc(x: Any) -> Any:
    return _wrapped(scipy.special.erfc(_unwrapped(x)))
