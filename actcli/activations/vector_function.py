"""A vector record bound to an axis: softmax and its kin, and the gated units that halve their input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actcli.errors import UsageError

if TYPE_CHECKING:
    from actcli.activations.record import VectorActivation

BLOCK = 1 << 15
"""Elements computed at a time, in whole rows."""


class VectorFunction:
    """A function of a whole vector, taken along `axis` of an array."""

    def __init__(self, record: VectorActivation, axis: int, name: str) -> None:
        self.record, self.axis, self.name = record, axis, name

    def __repr__(self) -> str:
        return f"<actcli function {self.name}: {self.record.definition}>"

    derivatives_note = ""

    def __call__(self, x: Any) -> Any:
        """Return f(x) along the axis; the gated units give half as many entries as they get.

        Raises UsageError for an axis that isn't there, or that has an odd length where halves are needed.
        """
        return self._apply(x, 0)[0]

    def derivatives(self, x: Any, order: int = 1) -> tuple[Any, ...]:
        """Return (f, ∂yᵢ/∂xᵢ, ∂²yᵢ/∂xᵢ²) up to `order` 0, 1 or 2: the diagonal of the Jacobian."""
        if not 0 <= order <= 2:
            raise UsageError(f"order must be 0, 1 or 2, not {order}")
        return tuple(self._apply(x, order))

    def _apply(self, x: Any, order: int) -> list[Any]:
        import numpy as np

        from actcli.core.apply import result_format
        from actcli.core.arrays import unwrap
        from actcli.core.device import device_of
        from actcli.core.formats import round_to

        array, wrap = unwrap(x)
        device, target = device_of(array), result_format(array.dtype)
        xp = device.xp
        rows = self._rows(array, xp)
        width = rows.shape[-1] // 2 if self.record.halves else rows.shape[-1]
        flat = rows.reshape(-1, rows.shape[-1])
        outs = [xp.empty((flat.shape[0], width), dtype=target.dtype) for _ in range(order + 1)]
        step = max(1, BLOCK // flat.shape[1])
        with np.errstate(all="ignore"):
            for start in range(0, flat.shape[0], step):
                block = slice(start, start + step)
                parts = self.record.kernel(flat[block].astype(np.float64), xp)
                for out in outs:
                    out[block] = round_to(next(parts), target, xp)
        shaped = [xp.moveaxis(out.reshape(*rows.shape[:-1], width), -1, self.axis) for out in outs]
        same_shape = width == rows.shape[-1]
        return [wrap(out) if same_shape else out for out in shaped]

    def _rows(self, array: Any, xp: Any) -> Any:
        """Return the array with the vectors along its last axis."""
        if not -array.ndim <= self.axis < array.ndim:
            raise UsageError(f"{self.name}: the input has {array.ndim} axes, and no axis {self.axis}")
        rows = xp.moveaxis(array, self.axis, -1)
        if rows.shape[-1] == 0:
            raise UsageError(f"{self.name} needs at least one number")
        if self.record.halves and rows.shape[-1] % 2:
            raise UsageError(f"{self.name} splits its input into halves, and {rows.shape[-1]} numbers don't split")
        return xp.ascontiguousarray(rows)
