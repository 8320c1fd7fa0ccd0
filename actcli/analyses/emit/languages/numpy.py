"""NumPy: functions of arrays of any floating dtype."""

from __future__ import annotations

from actcli.analyses.emit.languages.pythonic import ArraySpelling, array_function, module, polynomial_functions
from actcli.analyses.emit.source import Source
from actcli.tracing.graph import reachable

PRECISION = ("For arrays and numbers of any floating dtype: computed in float64 and rounded to that dtype.",)

IN_FLOAT64 = '''
def _in_float64(compute):
    """Have a function compute in float64 and round to the dtype of x; integers give float64."""

    @functools.wraps(compute)
    @np.errstate(all="ignore")
    def function(x):
        x = np.asarray(x)
        dtype = np.float64 if x.dtype.kind in "biu" else x.dtype
        results = compute(x.astype(np.float64))
        if isinstance(results, tuple):
            return tuple(result.astype(dtype)[()] for result in results)
        return results.astype(dtype)[()]

    return function
'''


class NumpySpelling(ArraySpelling):
    """Operations on NumPy arrays."""

    MODULE = "np"


def emit(source: Source) -> str:
    """Return a module of functions of an array."""
    spelling = NumpySpelling()
    functions = [
        array_function(source, routine, spelling, f"{source.name}{routine.suffix}", "_in_float64")
        for routine in source.routines
    ]
    imports = ["import functools", "", "import numpy as np"]
    special = sorted({each.operation for each in reachable(source.outputs)} & {"erf", "erfc"})
    if special:
        imports.append(f"from scipy.special import {', '.join(special)}")
    parts = [IN_FLOAT64.strip().split("\n"), *polynomial_functions(source, spelling), *functions]
    return module(source, PRECISION, imports, parts)
