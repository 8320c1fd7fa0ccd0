"""The report: tables with the promised columns, gates, values from elsewhere, plots."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import actcli
from actcli.errors import MissingError, UsageError
from tests.analyses.stability.helpers import sigmoid

AUDIT = (
    "activation order implementation device dtype points max_ulp worst_x worst_x_bits got got_bits expected "
    "expected_bits mean_ulp max_rel max_abs incorrectly_rounded nan_count inf_count flushed wrong_sign out_of_range "
    "non_monotone asymmetric warnings verdict reason"
).split()
KEY = ["activation", "order", "implementation", "dtype"]


def rows(report: Any, table: str = "audit") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = report.tables[table].to_pandas().to_dict("records")
    return found


def test_tables_have_the_promised_columns() -> None:
    report = actcli.stability("sigmoid", points="extremes")
    tables = {name: list(table.to_pandas().columns) for name, table in report.tables.items()}
    assert tables["audit"][: len(AUDIT)] == AUDIT
    assert tables["extremes"] == [*KEY, "x", "got", "expected", "ulp", "warning"]
    assert tables["histogram"] == [*KEY, "ulp_from", "ulp_to", "count"]
    assert tables["worst"] == [*KEY, "x", "got", "expected", "ulp"]
    assert {row["dtype"] for row in rows(report)} == {"float16", "bfloat16", "float32"}
    assert "<table" in report._repr_html_()


def test_the_naive_sigmoid_in_float32() -> None:
    (row,) = rows(actcli.stability("sigmoid", impl="textbook:naive", dtype="float32"))
    assert row["worst_x"] == pytest.approx(-88.72284)
    assert row["worst_x_bits"] == "0xc2b17218"
    assert (row["got"], row["got_bits"], row["expected_bits"]) == (0.0, "0x00000000", "0x001fffff")
    assert row["max_ulp"] == pytest.approx(2**21, rel=1e-6)
    assert row["verdict"] == "inaccurate"
    assert "underflows to 0 for -103.3 ≤ x ≤ -88.72" in row["reason"]
    assert row["warnings"] > 100
    assert row["warning"] == "overflow in exp"


def test_every_number_of_a_16_bit_format_is_tried_and_found_right() -> None:
    found = rows(actcli.stability("silu,tanh", impl="actcli", dtype="float16,bfloat16", order="0,1,2"))
    assert len(found) == 12
    for row in found:
        assert (row["points"], row["verdict"]) == (65536, "exact"), row
        assert row["max_ulp"] <= 0.5


def test_histogram_holds_every_point_with_a_distance() -> None:
    report = actcli.stability("sigmoid", impl="textbook:naive", dtype="float16")
    counts = rows(report, "histogram")
    assert sum(row["count"] for row in counts) == 65536
    assert all(row["ulp_from"] < row["ulp_to"] for row in counts)


def test_worst_cases_come_largest_first() -> None:
    found = rows(actcli.stability("gelu", impl="textbook:erf", dtype="float32", worst=3), "worst")
    assert len(found) == 3
    assert found[0]["ulp"] >= found[1]["ulp"] >= found[2]["ulp"] > 1e6


def test_extremes_show_warnings_point_by_point() -> None:
    report = actcli.stability(
        "log_sigmoid", impl="textbook:naive", dtype="float64", points="extremes", table="extremes"
    )
    by_x = {row["x"]: row for row in rows(report, "extremes") if not math.isnan(row["x"])}
    assert len(rows(report, "extremes")) == 19
    assert by_x[-1000.0]["got"] == -math.inf
    assert by_x[-1000.0]["expected"] == -1000.0
    assert by_x[-1000.0]["warning"] == "divide by zero in log; overflow in exp"
    assert math.isnan(by_x[-1000.0]["ulp"])
    assert not isinstance(by_x[10.0]["warning"], str)


def test_only_what_is_asked_for_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    import actcli.analyses.stability as package

    def no(*arguments: Any) -> Any:
        raise AssertionError("an audit was made")

    monkeypatch.setattr(package, "run", no)
    report = actcli.stability("sigmoid", dtype="float16", table="extremes")
    assert rows(report, "extremes")
    with pytest.raises(AssertionError):
        rows(report, "audit")


def test_by_binade_says_where_it_breaks() -> None:
    found = rows(actcli.stability("gelu", impl="textbook:erf", dtype="float32", by="binade", range="-16:-1"))
    words = {(row["x_from"], row["x_to"]): row["verdict"] for row in found}
    assert [round(low) for low, _ in words] == [-16, -8, -4, -2]
    assert list(words.values()) == ["unstable", "unstable", "inaccurate", "inaccurate"]


@pytest.mark.parametrize(
    ("options", "failed"),
    [
        ({"impl": "actcli", "max_ulp": 0.51}, ""),
        ({"impl": "textbook:where", "max_ulp": 1}, " ULP > 1, x = "),
        ({"impl": "textbook:where", "max_ulp": 10}, ""),
        ({"impl": "textbook:naive", "max_ulp": 1, "subnormals": "flush"}, " ULP > 1, x = -"),
        ({"impl": "textbook:tanh", "max_rel": 0.01}, "relative error > 0.01"),
        ({"impl": "textbook:tanh", "max_abs": 1e-6}, ""),
        ({"impl": "textbook:tanh", "max_abs": 1e-9}, "absolute error > 1e-09"),
        ({"impl": "actcli,textbook:where", "max_ulp": 1}, "(1 of 2 audits fail)"),
        ({"impl": "textbook:quotient", "order": 1, "max_abs": 1e30}, "sigmoid′ float32 textbook:quotient: NaN, x = "),
    ],
)  # fmt: skip
def test_gates(options: dict[str, Any], failed: str) -> None:
    report = actcli.stability("sigmoid", dtype="float32", samples=500, **options)
    assert bool(report.failed) == bool(failed)
    assert failed in report.failed
    assert "\n" not in report.failed
    assert not failed or report.failed.startswith(f"FAIL sigmoid{'′' * options.get('order', 0)} float32 textbook:")


def test_notes_say_the_seed_and_who_decided() -> None:
    report = actcli.stability("sigmoid", impl="actcli", dtype="float32", seed=7, samples=100)
    assert "a sample (seed 7) of float32" in report.notes[0]
    assert "; none stayed undecided" in report.notes[-1]
    assert report.verdict == "exact"
    again = actcli.stability("sigmoid", impl="actcli", dtype="float32", seed=7, samples=100)
    assert rows(report) == rows(again)


def test_typed_formulas_and_parameters_are_audited_too() -> None:
    (row,) = rows(actcli.stability("x*sigmoid(b*x)", impl="actcli", dtype="float16", param={"b": 1.5}))
    assert row["points"] == 65536
    (row,) = rows(actcli.stability("leaky_relu(0.2)", impl="textbook", dtype="float32", samples=100))
    assert row["implementation"] == "textbook:where"


def saved(path: Path, numbers: Any) -> str:
    np.save(path, numbers)
    return str(path)


def test_answers_from_a_file(tmp_path: Path) -> None:
    x = np.linspace(-20, 20, 1001, dtype=np.float32).reshape(77, 13)
    answers = sigmoid(x)
    answers[3, 4] = 0.5
    (row,) = rows(
        actcli.stability("sigmoid", inputs=saved(tmp_path / "x.npy", x), got=saved(tmp_path / "y.npy", answers))
    )
    assert (row["implementation"], row["device"], row["dtype"], row["points"]) == (
        "y.npy",
        "elsewhere",
        "float32",
        1001,
    )
    assert row["worst_x"] == x[3, 4]
    assert row["incorrectly_rounded"] == 1


def test_bfloat16_from_a_file_comes_as_bits(tmp_path: Path) -> None:
    x = np.array([-2, -1, 0, 1], dtype=ml_dtypes.bfloat16)
    inputs, got = saved(tmp_path / "x.npy", x.view(np.uint16)), saved(tmp_path / "y.npy", sigmoid(x).view(np.uint16))
    (row,) = rows(actcli.stability("sigmoid", inputs=inputs, got=got, dtype="bfloat16"))
    assert (row["dtype"], row["verdict"], row["points"]) == ("bfloat16", "exact", 4)
    with pytest.raises(UsageError, match="add --dtype bfloat16"):
        actcli.stability("sigmoid", inputs=inputs, got=got)


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (np.ones(3), np.ones(2), {}, "x.npy holds 3 numbers and .*y.npy 2"),
        (np.ones((2, 3)), np.ones(6), {}, r"x.npy holds 2 × 3 numbers and .*y.npy 6"),
        (np.ones(2), np.ones(2, np.float32), {}, "x.npy holds float64 and .*y.npy float32"),
        (np.ones(2), np.ones(2), {"dtype": "float16"}, "holds float64, not float16"),
        (np.ones(2, int), np.ones(2), {}, "holds int64, not float16, float32 or float64"),
        (np.ones(0), np.ones(0), {}, "is empty"),
        (np.ones(2), np.array([1.0, 2.0]), {}, r"two answers for x = 1\.0"),
        (np.ones(2), np.ones(2), {"order": "0,1"}, "of one --order"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, x: Any, y: Any, options: Any, message: str) -> None:
    inputs, got = saved(tmp_path / "x.npy", x), saved(tmp_path / "y.npy", y)
    with pytest.raises(UsageError, match=message):
        actcli.stability("sigmoid", inputs=inputs, got=got, **options)


@pytest.mark.parametrize(
    ("activation", "options", "message"),
    [
        ("sigmoid", {"range": "5:1"}, r"--range 5\.0:1\.0 has its ends reversed: write 1\.0:5\.0"),
        ("sigmoid", {"range": (1.0001, 1.0002)}, r"--range 1\.0001:1\.0002 is empty"),
        ("gelu", {"impl": "textbook:zzz"}, "has no variant 'zzz'; there are erf"),
        ("sigmoid", {"range": "5"}, "write A:B"),
        ("sigmoid", {"range": "2:3", "points": "extremes"}, "none of the extreme points"),
        ("sigmoid", {"points": "all"}, "choose from extremes, sampled, exhaustive"),
        ("sigmoid", {"points": "exhaustive", "dtype": "float64"}, "18,446,744,073,709,551,616 numbers"),
        ("sigmoid", {"order": 3}, "--order must be 0, 1 or 2"),
        ("sigmoid", {"by": "decade"}, "choose from binade"),
        ("sigmoid", {"subnormals": "drop"}, "choose from keep, flush"),
        ("sigmoid", {"max_ulp": -1.0}, "--max-ulp must be a number of at least 0"),
        ("sigmoid", {"max_rel": math.nan}, "--max-rel must be"),
        ("sigmoid", {"samples": 0}, "--samples must be at least 1"),
        ("sigmoid", {"workers": 0}, "--workers must be at least 1"),
        ("sigmoid", {"timeout": 0}, "--timeout must be"),
        ("sigmoid", {"impl": "nowhere:f"}, "there is no module 'nowhere'"),
        ("sigmoid", {"impl": "textbok"}, "did you mean textbook"),
        ("sigmoid", {"inputs": "x.npy"}, "go together"),
        ("sigmoid", {"inputs": "x.npy", "got": "y.npy"}, "x.npy: No such file"),
        ("tests/analyses/stability/helpers.py:sigmoid", {}, "no exact definition to audit against"),
    ],
)
def test_bad_requests_are_refused_in_words(activation: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        actcli.stability(activation, **options)


def off_in_the_middle(x: Any) -> Any:
    """No digit right in a tail, and digits lost between 2 and 3 besides."""
    answers = sigmoid(x)
    answers[(x > 2) & (x < 3)] *= x.dtype.type(1.001)
    answers[x < -20] = 0
    return answers


def test_a_local_error_is_not_hidden_by_a_larger_one() -> None:
    code = "tests/analyses/stability/test_report.py:off_in_the_middle"
    (row,) = rows(actcli.stability("sigmoid", impl=code, dtype="float32", samples=1000))
    assert row["verdict"] == "unstable"
    assert "loses all digits for -87.34 ≤ x ≤ -20" in row["reason"]
    assert "loses half of the digits for 2" in row["reason"]
    # Where all digits are lost, half of them and a few aren't worth a word.
    (row,) = rows(actcli.stability("sigmoid", impl="textbook:tanh", dtype="float16"))
    assert "half" not in row["reason"]
    assert "ULP" not in row["reason"]


def wrong_side(x: Any) -> Any:
    """The wrong one of two neighbours where the exact value is almost in the middle."""
    with np.errstate(over="ignore"):
        exact = 1 / (1 + np.exp(-x.astype(np.float64)))
    answers = exact.astype(x.dtype)
    off = exact - answers
    close = (np.abs(off) > 0.4995 * np.spacing(answers)) & (x > 0)
    return np.where(close, np.nextafter(answers, np.where(off > 0, 1, 0).astype(x.dtype)), answers)


def test_an_error_that_rounds_to_half_an_ulp_is_a_little_more() -> None:
    code = "tests/analyses/stability/test_report.py:wrong_side"
    (row,) = rows(actcli.stability("sigmoid", impl=code, dtype="float16"))
    assert row["verdict"] == "faithful"
    assert row["reason"].startswith("just over 0.5 ULP, ")


def test_a_library_that_is_not_there_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from actcli.implementations.provider import Provider

    monkeypatch.setattr(Provider, "missing", lambda self: "nope is not installed: pip install nope")
    with pytest.raises(MissingError, match="pip install nope"):
        actcli.stability("sigmoid", impl="torch")


def test_the_plot_has_one_line_an_implementation_and_a_logarithmic_axis() -> None:
    report = actcli.stability("sigmoid", impl="actcli,textbook:naive", dtype="float32", samples=10, range="-110:20")
    (plot,) = report.plots()
    assert plot.y_log
    assert [series.name for series in plot.series] == ["actcli", "textbook:naive"]
    own, naive = (np.asarray(series.y) for series in plot.series)
    assert own.max() <= 0.5
    assert naive.max() > 1e5
    assert np.asarray(plot.series[0].x).min() >= -110
    with pytest.raises(UsageError, match="no curve"):
        actcli.stability("softmax", impl="actcli", dtype="float16", points="extremes").plots()
