"""The Python names: what `import actcli` offers, and that it says so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import actcli
from actcli.errors import UsageError


def test_the_public_names_are_what_they_seem() -> None:
    for name in actcli.__all__:
        assert getattr(actcli, name) is not None
    assert set(actcli.__all__) <= set(dir(actcli))
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        actcli.nope  # noqa: B018


def test_eval_returns_a_report() -> None:
    report = actcli.eval("sigmoid,tanh", [-1.0, 0.0], order=2, dtype="float32")
    frame = report.tables["values"].to_pandas()
    assert list(frame.columns) == ["activation", "x", "value", "derivative", "second_derivative", "regime"]
    assert frame["value"].dtype == np.float32
    assert list(frame["activation"]) == ["sigmoid", "sigmoid", "tanh", "tanh"]
    assert "<table" in report._repr_html_()


def test_eval_takes_what_the_command_takes() -> None:
    x = actcli.eval("x*b", "0:1:0.5", param={"b": 2}).tables["values"].to_pandas()
    assert list(x["value"]) == [0, 1, 2]
    assert len(actcli.eval("relu").tables["values"].to_pandas()) > 5
    assert "relu_d1" in actcli.eval(["relu", "gelu"], [1], wide=True, order=1).tables["values"].to_pandas()
    with pytest.raises(UsageError, match="did you mean"):
        actcli.eval("gleu")


def test_list_returns_a_report() -> None:
    frame = actcli.list(framework="torch").tables["activations"].to_pandas()
    assert "gelu" in set(frame["name"])


def test_functions_may_stand_for_names() -> None:
    leaky = actcli.get("leaky_relu", negative_slope=0.2)
    values = actcli.eval([leaky, "relu,x*b"], [-1.0], param={"b": 3}).tables["values"].to_pandas()
    assert list(values["value"]) == [-0.2, 0, -3]
    audit = actcli.stability(leaky, impl="actcli", dtype="float16").tables["audit"].to_pandas()
    assert list(audit["activation"]) == [leaky.name]
    with pytest.raises(UsageError, match="param is for names and formulas"):
        actcli.eval(leaky, [1.0], param={"negative_slope": 0.1})


@pytest.mark.parametrize("command", [actcli.eval, actcli.stability, actcli.gradflow])
@pytest.mark.parametrize("activation", [None, 5, np.tanh, [None]])
def test_what_is_no_activation_is_refused(command: Callable[..., object], activation: object) -> None:
    with pytest.raises(UsageError, match="activation must be a name, a formula, a function"):
        command(activation)
