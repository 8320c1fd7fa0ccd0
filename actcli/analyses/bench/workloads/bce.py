"""Binary cross-entropy of logits and labels: the loss of each element, not their mean."""

from __future__ import annotations

from typing import Any

from actcli.analyses.bench.workloads.gates import naive_sigmoid
from actcli.analyses.bench.workloads.space import Space
from actcli.analyses.bench.workloads.workload import Argument, Arrays, Code, Output, TorchCode, Workload, labels


def _forward(space: Space, arguments: Arrays, keep: bool) -> tuple[list[Any], Any]:
    z, y = arguments
    xp = space.xp
    loss = space.array("loss", z.shape)
    slopes = space.array("slopes", z.shape) if keep else None

    def compute(block: slice) -> None:
        logits = z[block]
        # max(z, 0) - zy = z([z > 0] - y), and σ(z) - y = ([z > 0] - y) ∓ e / (1 + e) with e = exp(-|z|). Where the
        # label agrees with the logit nothing cancels.
        positive = xp.greater(logits, 0).astype(z.dtype)
        apart = positive - y[block]
        e = xp.abs(logits)
        xp.negative(e, out=e)
        xp.exp(e, out=e)
        part = xp.log1p(e, out=loss[block])
        part += logits * apart
        if slopes is not None:
            e /= 1 + e
            positive *= -2  # the sign as -1 or 1, in half the time of copysign
            positive += 1
            e *= positive
            xp.add(apart, e, out=slopes[block])

    space.by_rows(compute, z.size, 1)
    return [loss], slopes


def _backward(space: Space, arguments: Arrays, kept: Any, cotangents: Arrays) -> list[Any]:
    return [space.xp.multiply(kept, cotangents[0], out=kept)]


def _textbook_forward(space: Space, arguments: Arrays, keep: bool) -> tuple[list[Any], Any]:
    z, y = arguments
    p = naive_sigmoid(z, space.xp)
    return [-(y * space.xp.log(p) + (1 - y) * space.xp.log(1 - p))], p


def _textbook_backward(space: Space, arguments: Arrays, kept: Any, cotangents: Arrays) -> list[Any]:
    return [(kept - arguments[1]) * cotangents[0]]


def _of_logits(space: Space, arguments: Arrays, keep: bool) -> tuple[list[Any], Any]:
    z, y = arguments
    xp = space.xp
    return [xp.maximum(z, 0) - z * y + xp.log1p(xp.exp(-xp.abs(z)))], None


def _slope_of_logits(space: Space, arguments: Arrays, kept: Any, cotangents: Arrays) -> list[Any]:
    """σ(z) - y = (1 - y)σ(z) - yσ(-z), for a label of 0 or 1 one of the two."""
    z, y = arguments
    return [((1 - y) * naive_sigmoid(z, space.xp) - y * naive_sigmoid(-z, space.xp)) * cotangents[0]]


def _torch_forward(torch: Any, arguments: Arrays) -> list[Any]:
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    return [loss(*arguments, reduction="none")]


BCE = Workload(
    name="bce",
    what="-[y·log σ(z) + (1 - y)·log(1 - σ(z))] for each logit z and label y",
    source="Cox 1958",
    dimensions={},
    arguments=(Argument("z", "N", elementwise=True), Argument("y", "N", labels, differentiated=False)),
    outputs=(Output("loss", "N", elementwise=True),),
    own=Code(_forward, _backward),
    textbook=Code(_textbook_forward, _textbook_backward),
    torch=TorchCode(_torch_forward),
    reference=Code(_of_logits, _slope_of_logits),
)
