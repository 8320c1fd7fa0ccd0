"""The weights of a net: each layer has a seed of its own, so that it can be drawn again on the way back."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, overload

import numpy as np

from actcli.analyses.gradflow.network.inits import Init
from actcli.analyses.gradflow.network.net import Layer
from actcli.core.device import Device

Array = np.ndarray[Any, Any]


class Weights(Sequence[Layer]):
    """Layers drawn by NumPy, so that every device computes the same net.

    `keep` draws them all at once, in so many threads; otherwise a layer is drawn whenever somebody asks for it.
    """

    def __init__(
        self,
        init: Init,
        widths: Sequence[int],
        seed: np.random.SeedSequence,
        device: Device,
        *,
        keep: bool,
        threads: int = 1,
    ) -> None:
        self.init, self.widths, self.device = init, widths, device
        self.seeds = seed.spawn(len(widths) - 1)
        self.kept: list[Layer] = []
        if keep:
            with ThreadPoolExecutor(threads) as pool:
                self.kept = list(pool.map(self._draw, range(len(self))))

    def __len__(self) -> int:
        return len(self.seeds)

    @overload
    def __getitem__(self, index: int) -> Layer: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Layer]: ...
    def __getitem__(self, index: int | slice) -> Layer | Sequence[Layer]:
        """Return the weights and biases of a layer, counted from 0."""
        if isinstance(index, slice):
            return [self[each] for each in range(len(self))[index]]
        return self.kept[index] if self.kept else self._draw(index)

    def _draw(self, layer: int) -> Layer:
        rng = np.random.default_rng(self.seeds[layer])
        weights, biases = self.init.draw(rng, self.widths[layer], self.widths[layer + 1])
        return self.device.array(weights), self.device.array(biases) if biases.any() else None
