"""Which activation of the catalogue a typed formula is, whatever form it was typed in."""

from __future__ import annotations

import numpy as np

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.analyses.derive.identities.proof import proved

_PROBES = np.array([-2.625, -0.375, 0.625, 3.25])


def namesake(function: Function) -> str:
    """Return the name of the record that a typed formula is, by proof; an empty string for none."""
    if function.record.kernel is not None:
        return ""
    values = function(_PROBES)
    for record in DEFAULT.records:
        known = DEFAULT.get(record.name)
        if not isinstance(known, Function):
            continue
        near = np.allclose(known(_PROBES), values, rtol=1e-12, atol=0, equal_nan=True)
        if near and proved(function.tree, known.tree):
            return record.name
    return ""
