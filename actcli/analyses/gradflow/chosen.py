"""The initialisations that the user chose for an activation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from actcli.analyses.gradflow.network.inits import Init, default_init, gaussian_init, get_init
from actcli.analyses.gradflow.subject import Subject
from actcli.analyses.gradflow.values import LARGEST
from actcli.errors import UsageError


def inits_of(subject: Subject) -> Iterator[Init]:
    """Yield the inits asked for: --sigma-w outranks their weights, and --sigma-b their biases.

    Raises UsageError for those that are unknown or too large.
    """
    function, request = subject.function, subject.request
    names = request.inits or (default_init(function),)
    if request.sigma_w is not None:
        for name in names:
            if name.strip().lower() != "critical":  # which may not exist, and isn't needed
                get_init(name, function)
        yield gaussian_init(request.sigma_w, request.sigma_b or 0.0)
        return
    for name in names:
        yield _with_biases(_in_range(get_init(name, function), request.width), subject)


def _in_range(init: Init, width: int) -> Init:
    try:
        fits = init.sigma_w(width, width) <= LARGEST
    except OverflowError:
        fits = False
    if not fits:
        raise UsageError(f"--init {init.name}: weights this large leave the range of float64; take smaller ones")
    return init


def _with_biases(init: Init, subject: Subject) -> Init:
    sigma_b = subject.request.sigma_b
    if sigma_b is None:
        return init
    if init.name == "critical" and (point := subject.best_critical):
        init = replace(gaussian_init(point.sigma_w, sigma_b), name=init.name)
    return replace(init, name=f"{init.name}, σb = {sigma_b:g}", bias_variance=lambda fan_in, fan_out: sigma_b**2)
