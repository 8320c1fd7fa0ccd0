"""Derivations of the whole catalogue: every line equal to the one before, ending in the form that people know."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import pytest

import actcli
from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.activations.vector_function import VectorFunction
from actcli.analyses.derive.report import derive
from actcli.analyses.derive.steps import derivation
from actcli.analyses.derive.subjects import subjects
from actcli.errors import UsageError
from actcli.expressions.display import text
from actcli.expressions.nodes import Number, Operation
from actcli.report import Report

NAMES = [record.name for record in DEFAULT.records]
PARAMETERS = [
    (record.name, name)
    for record in DEFAULT.records
    if isinstance(function := DEFAULT.get(record.name), Function)
    for name in function.parameters
]


def rows(report: Report, table: str = "steps") -> list[dict[str, object]]:
    return report.tables[table].to_pandas().to_dict("records")  # type: ignore[return-value] # str keys


@pytest.mark.parametrize("name", NAMES)
def test_every_step_and_form_of_the_catalogue_is_verified(name: str) -> None:
    order = 2 if isinstance(DEFAULT.get(name), Function) else 1
    report = derive(DEFAULT.get(name), order=order)
    assert report.failed == ""
    steps = rows(report)
    assert steps[0]["rule"] == "given"
    assert all(row["verified"] is True and row["points"] >= 16 for row in steps if row["rule"] != "given")  # type: ignore[operator] # a number
    assert all(row["verified"] in (True, None) for row in rows(report, "forms"))
    assert re.search(r"each equal to the one before to 50 digits at \d{2,} points", report.verdict)


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_every_parameter_can_be_derived_by(name: str, parameter: str) -> None:
    report = derive(DEFAULT.get(name), wrt=parameter)
    assert report.failed == ""
    assert all(row["wrt"] == parameter for row in rows(report))


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "gelu", "silu", "mish", "softplus", "gelu_tanh"])
def test_higher_orders(name: str) -> None:
    report = derive(DEFAULT.get(name), order=3)
    assert report.failed == ""
    assert {row["order"] for row in rows(report)} == {1, 2, 3}


def test_the_eighth_derivative_of_sigmoid_is_a_polynomial_in_sigmoid() -> None:
    (subject,) = subjects(DEFAULT.get("sigmoid"), None)
    found = derivation(subject, 8)
    assert not found.failed
    assert text(found.results[2]) == "σ(x)·(1 − σ(x))·(1 − 6·σ(x) + 6·σ²(x))"
    assert text(found.results[7]).startswith("σ(x)·(1 − σ(x))·(1 − 2·σ(x))·(1 − 252·σ(x)")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("sigmoid", "σ(x)·(1 − σ(x))"),
        ("tanh", "1 − tanh²(x)"),
        ("gelu", "Φ(x) + x·φ(x)"),
        ("silu", "σ(x)·(1 + x·(1 − σ(x)))"),
        ("softplus", "σ(β·x)"),
        ("relu", "{1 if x > 0; 0 otherwise}"),
        ("x*sigmoid(1.702*x)", "σ(1.702x)·(1 + 1.702x − 1.702x·σ(1.702x))"),
        ("x*exp(-x**2)", "exp(−x²)·(1 − 2x²)"),
    ],
)
def test_the_last_line_is_the_form_that_people_know(name: str, known: str) -> None:
    assert rows(derive(DEFAULT.get(name)))[-1]["expression"] == known


def test_the_derivation_of_tanh_is_the_one_of_the_books() -> None:
    lines = [row["expression"] for row in rows(derive(DEFAULT.get("tanh")))]
    assert lines[0] == "(eˣ − e⁻ˣ)/(eˣ + e⁻ˣ)"
    assert lines[-3:] == [
        "((eˣ + e⁻ˣ)² − (eˣ − e⁻ˣ)²)/(eˣ + e⁻ˣ)²", "1 − ((eˣ − e⁻ˣ)/(eˣ + e⁻ˣ))²", "1 − tanh²(x)",
    ]  # fmt: skip


def test_the_table_holds_the_whole_tree_of_steps() -> None:
    steps = rows(derive(DEFAULT.get("silu")))
    by_number = {row["step"]: row for row in steps}
    for row in steps:
        if row["parent"] == row["parent"] and row["parent"] is not None:
            assert str(row["before"]) in str(by_number[row["parent"]]["after"])
    assert steps[1]["matched"] == "u = x; v = σ(x)"


def test_expanding_uses_no_known_derivative() -> None:
    report = derive(DEFAULT.get("silu"), expand=True)
    assert report.failed == ""
    steps = rows(report)
    assert steps[1]["rule"] == "written_out"
    assert all("σ" not in str(row["expression"]) for row in steps[1:-1])
    assert "known_function" not in {row["rule"] for row in steps}


@pytest.mark.parametrize("formula", ["where(x > 50, x**2, x)", "where(abs(x - 3) < 1/1000, x**2, x)", "max(x, 1e6)"])
def test_every_case_is_entered_by_the_comparison(formula: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from actcli.expressions import differentiate

    right = differentiate._ARITHMETIC["power"]

    def sevenfold(*arguments: object) -> differentiate.Found:
        found = right(*arguments)  # type: ignore[arg-type] # handed on as they come
        return replace(found, after=Operation("multiply", (Number(Fraction(7)), found.after)))

    assert derive(DEFAULT.get(formula)).failed == ""
    monkeypatch.setitem(differentiate._ARITHMETIC, "power", sevenfold)
    assert bool(derive(DEFAULT.get(formula)).failed) == ("**" in formula)


def test_steps_are_compared_at_the_values_of_parameters_that_are_shown() -> None:
    (subject,) = subjects(DEFAULT.get("relu6"), None)
    compared = derivation(subject, 1).lines[-1].agreement
    assert compared is not None
    assert {point["cap"] for point in compared.compared} >= {Fraction(6), Fraction(9), Fraction(3)}


def test_a_wrong_form_is_printed_as_such_and_fails() -> None:
    function = DEFAULT.get("sigmoid")
    assert isinstance(function, Function)
    record = replace(function.record, derivatives=("sigmoid(x)*(1 + sigmoid(x))",))
    report = derive(Function(record, {}, "sigmoid", function._functions))
    assert "step 8 (known_form) doesn't equal the step before it: they differ at x = 1" in report.failed
    assert rows(report)[-1]["verified"] is False
    assert "1 of them NOT verified" in report.verdict


def test_softmax_and_gated_units_give_their_partial_derivatives() -> None:
    softmax = rows(derive(DEFAULT.get("softmax")), "forms")
    assert [row["expression"] for row in softmax if row["form"] == "derivative"] == ["sᵢ·(1 − sᵢ)", "−sᵢ·sⱼ"]
    glu = rows(derive(DEFAULT.get("glu"), wrt="b"), "forms")
    assert [row["expression"] for row in glu if row["form"] == "derivative"] == ["a·σ(b)·(1 − σ(b))"]


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "glu", "swiglu", "geglu"])
def test_the_jacobian_has_the_diagonal_that_the_kernel_gives(name: str) -> None:
    import numpy as np

    function = DEFAULT.get(name)
    assert isinstance(function, VectorFunction)
    x = [Fraction(1), Fraction(-1, 2), Fraction(3), Fraction(1, 4)]
    found = rows(derive(function, at=x), "jacobian")
    width = len(x) // 2 if function.record.halves else len(x)
    assert len(found) == width * len(x)
    diagonal = [row["partial"] for row in found if row["output"] == row["input"]]
    assert diagonal == pytest.approx(function.derivatives(np.array([float(each) for each in x]), 1)[1], rel=1e-14)
    if name == "softmax":
        for i in range(width):
            assert sum(float(str(row["partial"])) for row in found if row["output"] == i) == pytest.approx(0, abs=1e-15)


def test_the_jacobian_of_a_softmax_of_one_number_is_zero() -> None:
    assert [row["partial"] for row in rows(derive(DEFAULT.get("softmax"), at=[Fraction(3)]), "jacobian")] == [0.0]


def test_working_with_numbers_as_in_a_book() -> None:
    worked = rows(derive(DEFAULT.get("sigmoid"), at=[Fraction(3)]), "worked")
    assert [row["expression"] for row in worked if row["step"] == 8] == [
        "σ(3)·(1 − σ(3))", "0.9526·(1 − 0.9526)", "0.9526·0.0474", "0.0452",
    ]  # fmt: skip
    assert worked[-1]["value"] == pytest.approx(0.045176659730912)


def test_a_formula_put_together_from_pieces_has_kinks() -> None:
    kinks = rows(derive(DEFAULT.get("max(x, 2*x - 1)")), "kinks")
    slope = next(row for row in kinks if row["order"] == 1)
    assert (slope["x"], slope["left"], slope["right"], slope["used"]) == (1.0, 1.0, 2.0, 1.0)
    assert "kinks" not in derive(DEFAULT.get("gelu")).tables


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"order": 0}, "order must lie in 1 … 8"),
        ({"order": 9}, "order must lie in 1 … 8, not 9: each order"),
        ({"wrt": "slope"}, "gelu has no 'slope' to derive by; it has x"),
    ],
)
def test_what_cannot_be_derived(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        derive(DEFAULT.get("gelu"), **arguments)  # type: ignore[arg-type] # one at a time


@pytest.mark.parametrize(
    ("formula", "lacks"), [("sqrt(-1 - x**2)", "real value"), ("x/0", "real value"), ("log(-exp(x))", "real value")]
)
def test_a_formula_that_is_not_differentiable_anywhere(formula: str, lacks: str) -> None:
    with pytest.raises(UsageError, match=f"has no {lacks} at any of the points tried"):
        derive(DEFAULT.get(formula))


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("1/(1 + exp(-x))", "sigmoid"),
        ("(1 + tanh(x/2))/2", "sigmoid"),
        ("x*sigmoid(1.702*x)", "quick_gelu"),
        ("x/2*(1 + erf(x/sqrt(2)))", "gelu"),
        ("max(x, 0.01*x)", "leaky_relu"),
        ("sigmoid(1.0000000000001*x)", ""),
        ("x*exp(-x**2)", ""),
    ],
)
def test_a_typed_formula_is_recognised(formula: str, name: str) -> None:
    notes = derive(DEFAULT.get(formula)).notes
    assert (f"it is {name} of the catalogue" in notes[0]) if name else notes == ()


def test_the_python_functions() -> None:
    assert actcli.derive("silu").verdict.startswith("SiLU′(x) = σ(x)·(1 + x·(1 − σ(x)))")
    assert actcli.derive("x*b", param={"b": 2}, wrt="b").failed == ""
    assert actcli.derive(check="sigmoid(-x) = 1 - sigmoid(x)").failed == ""
    assert actcli.derive("tanh", answer="1 - tanh(x)").failed
    assert "worked" in actcli.derive("sigmoid", at=[3, 0.5]).tables
    assert "def actcli_relu(" in actcli.emit("relu", "python")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "name an activation"),
        ({"activation": 3}, "activation must be text, not 3"),
        ({"activation": "gelu", "order": "2"}, "order must be a whole number, not '2'"),
        ({"activation": "gelu", "expand": "no"}, "expand must be True or False"),
        ({"activation": "gelu", "param": "beta=2"}, "param must be a mapping of names"),
        ({"check": "x = x", "answer": "1"}, "different questions"),
        ({"activation": "tanh", "answer": "1", "at": [1]}, "--at doesn't go with --answer"),
    ],
)
def test_the_python_functions_refuse_what_makes_no_sense(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        actcli.derive(**arguments)  # type: ignore[arg-type] # that is the point
