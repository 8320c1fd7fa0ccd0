"""The report: its tables and columns, what is computed when, verdicts, notes, plots."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import actcli
from actcli.activations.function import Function
from actcli.analyses.gradflow import gradflow, verdict
from actcli.analyses.gradflow.cases import Case
from actcli.analyses.gradflow.measured import Measured
from actcli.analyses.gradflow.network import run as network
from actcli.analyses.gradflow.network.inits import gaussian_init
from actcli.analyses.gradflow.people import DEPTHS, LAYERS, answering, for_people
from actcli.analyses.gradflow.request import request
from actcli.analyses.gradflow.sizes import takes_long
from actcli.analyses.gradflow.subject import Subject
from actcli.errors import UsageError
from actcli.report import Report

SMALL: dict[str, Any] = {"depth": 6, "width": 16, "trials": 3, "batch": 8, "samples": 50}

COLUMNS = {
    "summary": "activation,depth,init,arch,verdict,reason,gradient_ratio,gradient_ratio_low,gradient_ratio_high,"
    "theory_gradient_ratio,bound,dead_fraction,trainable_depth,suggestion",
    "depth": "activation,depth,bound,best_case,typical,geometric_mean,exact_mean,sample_mean,sample_stderr,median,"
    "log10_bound,log10_best_case,log10_typical,log10_geometric_mean,log10_exact_mean,log10_sample_mean,"
    "log10_sample_stderr,log10_median",
    "layers": "activation,init,arch,layer,mean,std,gradient,gradient_low,gradient_high,theory_gradient,dead_fraction,"
    "saturated_fraction",
    "theory": "activation,sigma_w,sigma_b,q_star,chi_1,chi_parallel,c_star,xi_q,xi_c,trainable_depth,verdict,reason",
    "critical": "activation,class,sigma_w,sigma_b,q_star,chi_parallel,stable,gain",
    "moments": "activation,q,mean,second_moment,derivative_mean,derivative_second_moment,derivative_fourth_moment",
    "initialisers": "activation,framework,code",
}


def small(activation: str, **options: Any) -> Report:
    return actcli.gradflow(activation, **{**SMALL, **options})


def frame(report: Report, table: str) -> Any:
    return report.tables[table].to_pandas()


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_those_of_the_contract_in_their_order(name: str) -> None:
    names = list(frame(small("tanh", table="theory"), name).columns)
    assert names[: COLUMNS[name].count(",") + 1] == COLUMNS[name].split(",")


def test_the_first_table_is_the_summary_and_all_are_there() -> None:
    assert list(small("tanh", table="theory").tables) == [
        "summary", "depth", "layers", "theory", "critical", "moments", "paths", "underflow", "initialisers", "jacobian",
    ]  # fmt: skip
    more = small("tanh", table="theory", clip=1.0, phase_diagram=True, data=[[1.0]], neuron="1").tables
    assert {"clipping", "phase", "neuron"} < set(more)
    through = small("tanh", table="theory", arch="lstm").tables
    assert {"gates", "forget_bias"} < set(through)
    assert "jacobian" not in through


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the inits of all nets that are run."""
    seen: list[str] = []
    run = network.run

    def counted(function: Function, init: Any, **options: Any) -> Measured:
        seen.append(init.name)
        return run(function, init, **options)

    monkeypatch.setattr(network, "run", counted)
    return seen


def test_no_net_is_run_for_a_table_that_needs_none(runs: list[str]) -> None:
    report = small("tanh", table="theory")
    for name in ("theory", "critical", "moments", "depth", "paths", "underflow", "initialisers"):
        assert len(frame(report, name))
    assert (runs, report.verdict) == ([], "")
    assert small("tanh", table="theory", fail_if="vanishing").failed == ""
    assert runs == ["xavier"]


def test_a_net_is_run_once_however_many_tables_show_it(runs: list[str]) -> None:
    report = small("tanh", init="xavier,he", clip=1.0)
    for name in ("summary", "layers", "clipping"):
        assert len(frame(report, name))
    report.plots()
    assert runs == ["xavier", "he"]


def test_depth_10000_keeps_its_digits() -> None:
    last = frame(small("sigmoid", depth=10_000, table="depth"), "depth").iloc[-1]
    assert (last["depth"], last["bound"]) == (10_000, 0)
    assert last["log10_bound"] == pytest.approx(-10_000 * math.log10(4), rel=1e-14)


def test_the_books_recipe() -> None:
    """Follow the recipe of the books, draw for draw."""
    table = frame(small("sigmoid", depth=20, samples=1000, table="depth"), "depth").set_index("depth")
    stream = np.random.RandomState(42)
    for depth in (1, 5, 10, 15, 20):
        x = stream.uniform(-2, 2, (1000, depth))
        products = np.prod(np.exp(-x) / (1 + np.exp(-x)) ** 2, axis=1)
        assert table["sample_mean"][depth] == pytest.approx(products.mean(), rel=1e-12)
        assert table["exact_mean"][depth] == pytest.approx((math.tanh(1) / 4) ** depth, rel=1e-12)


def test_the_first_layer_of_other_width_has_weights_of_its_own() -> None:
    """Xavier's σw² is 2·features/(features + width), and so is the variance of z for inputs of mean square 1."""
    report = small("tanh", data=[[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]], width=256, trials=30, table="layers")
    (theory,) = frame(report, "layers").query("layer == 5")["theory_gradient"]
    first = frame(report, "layers").iloc[0]
    assert first["std"] == pytest.approx(math.sqrt(4 / 258), rel=0.05)
    assert first["theory_gradient"] == pytest.approx(first["gradient"], rel=0.03)
    assert first["theory_gradient"] / theory == pytest.approx(0.945, abs=0.02)


def test_nets_see_the_data_of_a_neuron() -> None:
    data = [[3.0, -3.0], [2.0, 1.0]]
    with_neuron, without = small("tanh", data=data, neuron="1,1:0"), small("tanh", data=data)
    assert frame(with_neuron, "layers").equals(frame(without, "layers"))
    assert frame(with_neuron, "theory").equals(frame(without, "theory"))


# verdicts


def case(ratios: list[float], activation: str = "tanh", **options: Any) -> Case:
    """Return a case with these logarithms of gradient ratios, one a trial, instead of a net."""
    subject = Subject(actcli.get(activation), request(**options), lambda what, done, total: None)
    made = Case(subject, gaussian_init(1.5, 0.1))
    logs = np.array([[ratio, 0.0] for ratio in ratios])
    flat = np.zeros_like(logs)
    made.__dict__["measured"] = Measured(flat, flat + 1, logs, flat, flat, flat, logs)
    return made


@pytest.mark.parametrize(
    ("ratios", "word", "reason"),
    [
        ([-9.0, -9.1, -8.9], "vanishing", "0.000123 of the gradient is left at layer 1 (9.63e-05 to 0.000158)"),
        ([9.0, 9.1, 8.9], "exploding", "the gradient grows 8.1e+03 times from layer 20 to layer 1"),
        ([-1.0, -1.1, -0.9], "stable", "0.368 of the gradient is left at layer 1"),
        ([-20.0, -1.0, 0.0], "unclear", "0.000912 of the gradient is left"),
        ([0.5, 0.55, 0.45], "stable", "the gradient grows 1.65 times from layer 20 to layer 1 (1.46 to 1.87)"),
        ([0.1, -0.5, 0.7], "stable", "1.11 of the gradient is left at layer 1 ("),
        ([2.0, 20.0, 1.0], "unclear", "the gradient grows 2.14e+03 times"),
        ([-math.inf, -1.0, -1.0], "dead", "no gradient reaches layer 1 in 1 of 3 trials"),
        ([math.inf, 1.0, 1.0], "exploding", "the gradient is not finite"),
        ([math.nan, 1.0, 1.0], "exploding", "the gradient is not finite"),
        ([-9.0], "vanishing", "0.000123 of the gradient is left at layer 1"),
    ],
)
def test_the_verdict_weighs_the_interval(ratios: list[float], word: str, reason: str) -> None:
    made = case(ratios)
    assert verdict.verdict(made) == word
    assert verdict.reason(made).startswith(reason)


def test_the_threshold_is_the_users() -> None:
    ratios = [-3.0, -3.01, -2.99]
    assert verdict.verdict(case(ratios)) == "stable"
    assert verdict.verdict(case(ratios, threshold=0.1)) == "vanishing"


def test_a_straight_line_is_linear_when_its_gradients_keep_their_size() -> None:
    assert verdict.verdict(case([0.0, 0.1, -0.1], "2*x + 1")) == "linear"
    assert verdict.verdict(case([9.0, 9.1, 8.9], "identity")) == "exploding"
    assert "one linear map" in verdict.reason(case([0.0, 0.1, -0.1], "identity"))


@pytest.mark.parametrize(
    ("activation", "options", "advice"),
    [
        ("tanh", {}, "--init critical (σw = 1, σb = 0)"),
        ("gelu", {}, "--init critical (σw = 1.408, σb = 0.4158, half-stable)"),
        ("sigmoid", {}, "tanh with --init critical, or relu with --init he"),
        ("tanh", {"arch": "residual", "depth": 100}, "--sigma-w 0.1, or --norm layer"),
        ("tanh", {"norm": "batch"}, "--arch residual"),
        ("tanh", {"arch": "rnn"}, "--arch lstm --forget-bias 1, or --arch gru"),
        ("tanh", {"arch": "lstm", "depth": 50}, "--forget-bias 3, or shorter sequences"),
    ],
)
def test_the_advice_fits(activation: str, options: dict[str, Any], advice: str) -> None:
    assert verdict.suggestion(case([-9.0, -9.1, -8.9], activation, **options)) == advice


def test_an_interval_that_tells_nothing_wants_more_nets() -> None:
    assert verdict.suggestion(case([-20.0, -1.0, 0.0], trials=3)) == "--trials 12 to narrow the interval"


@pytest.mark.parametrize("activation", ["sign(x)", "x**3", "exp(x**2)", "sqrt(x)", "0*x"])
def test_strange_functions_have_all_tables(activation: str) -> None:
    report = small(activation, depth=12, suggest_init=True)
    for name in report.tables:
        frame(report, name)
    assert frame(report, "summary")["verdict"][0] in ("dead", "exploding", "linear", "undefined")


def test_nothing_is_advised_for_a_net_that_is_fine() -> None:
    assert verdict.suggestion(case([0.0, 0.1, -0.1])) == ""


def test_the_verdict_in_one_line_of_words() -> None:
    vanished = case([-29.0, -29.1, -28.9], "sigmoid")
    line = verdict.sentence([vanished])
    assert line == (
        "sigmoid: vanishing; 9.1e-13 of the gradient is left after 20 layers at best (2.5e-13 measured); "
        "use tanh with --init critical, or relu with --init he"
    )
    fine = case([0.0, 0.1, -0.1], "relu")
    assert verdict.sentence([fine, vanished]) == "vanishing: sigmoid; stable: relu"
    assert verdict.sentence([fine, case([9.0, 9.1, 8.9], "relu")]).count("relu with σw = 1.5, σb = 0.1") == 2


@pytest.mark.parametrize(
    ("ratio", "options"),
    [(-12.0, {}), (-29.0, {"arch": "residual"}), (-29.0, {"norm": "layer"}), (-29.0, {"arch": "rnn"})],
)
def test_a_bound_on_slopes_is_quoted_only_where_it_holds(ratio: float, options: dict[str, Any]) -> None:
    made = case([ratio, ratio - 0.1, ratio + 0.1], "sigmoid", **options)
    assert "at best" not in verdict.sentence([made])
    assert verdict.reason(made) in verdict.sentence([made])
    assert math.isnan(verdict.bound(made)) == bool(options)


@pytest.mark.parametrize("exponent", [-400.00001, -309.00001, 399.99999])
def test_sizes_far_beyond_float64_have_a_mantissa_below_10(exponent: float) -> None:
    reason = verdict.reason(case([exponent * math.log(10)]))
    assert "1.00e" in reason
    assert "10.0" not in reason


def test_what_has_no_value_is_undefined_rather_than_exploding() -> None:
    report = small("log(x)", fail_if="exploding")
    (row,) = frame(report, "summary").itertuples()
    assert (row.verdict, row.reason) == ("undefined", "log(x) has no value for x < 0, where pre-activations go")
    assert "--init" not in row.suggestion
    assert report.failed == ""


def test_gates_and_norms_keep_a_straight_line_from_collapsing() -> None:
    flat = [0.0, 0.1, -0.1]
    assert verdict.verdict(case(flat, "identity", arch="rnn")) == "linear"
    assert verdict.reason(case(flat, "identity", arch="rnn")).endswith(
        "every step is linear, so the net is one linear map"
    )
    for options in ({"arch": "lstm"}, {"norm": "layer"}):
        assert verdict.verdict(case(flat, "identity", **options)) == "stable"


def test_advice_on_gates_stands_any_threshold() -> None:
    assert "--forget-bias" in verdict.suggestion(case([-9.0, -9.1, -8.9], arch="lstm", depth=10**12))


def test_the_gate_names_the_worst_net() -> None:
    nets = [
        case([0.0, 0.1, -0.1], "relu", fail_if="vanishing"),
        case([-9.0, -9.1, -8.9], "tanh"),
        case([-99.0], "gelu"),
    ]
    assert verdict.failure(nets).startswith("FAIL gelu with σw = 1.5, σb = 0.1: vanishing; 1.01e-43 of the gradient")
    assert verdict.failure(nets).endswith("(2 of 3 nets fail)")
    assert verdict.failure(nets[:1]) == ""
    assert "dead" in verdict.failure([case([-math.inf, 0.0], fail_if="vanishing")])
    assert "exploding" in verdict.failure([case([math.nan, 0.0], fail_if="exploding")])


# the whole


def test_the_critical_initialisation_is_tried_and_written_as_code() -> None:
    report = small("silu", depth=50, suggest_init=True, fail_if="exploding")
    before, after = frame(report, "summary").itertuples()
    assert (before.init, after.init) == ("he", "critical")
    assert abs(after.log10_gradient_ratio) < abs(before.log10_gradient_ratio)
    assert "critical" not in report.verdict.split("use")[0]
    code = frame(report, "initialisers")
    assert list(code["framework"]) == ["pytorch", "pytorch", "keras", "keras", "jax", "jax"]
    assert report.notes[-1].startswith("silu: its critical initialisation is half-stable")


def test_what_has_no_critical_point_says_so() -> None:
    report = small("sigmoid", suggest_init=True)
    assert len(frame(report, "summary")) == 1
    assert frame(report, "initialisers").empty
    (row,) = frame(report, "critical").itertuples()
    assert math.isnan(row.sigma_w)
    assert row.reason
    assert any(note.startswith("sigmoid has no critical initialisation: ") for note in report.notes)


def test_infinite_moments_leave_the_other_tables_alone() -> None:
    report = small("exp(x**2)")
    assert "infinite" in frame(report, "moments")["reason"][0]
    assert math.isnan(frame(report, "summary")["theory_gradient_ratio"][0])
    assert any(note.startswith("no theory for exp(x**2)") for note in report.notes)


def test_functions_of_a_vector_are_refused() -> None:
    with pytest.raises(UsageError, match="softmax takes a whole vector"):
        small("softmax")


def test_the_neuron_of_the_books_is_dead() -> None:
    report = small("relu,leaky_relu", neuron="-2,-3:1", data=[[1.0, 1.0], [2.0, 2.0]], table="neuron")
    rows = frame(report, "neuron")
    assert list(rows["z"]) == [-4, -9, -4, -9]
    assert list(rows["derivative"]) == [0, 0, 0.01, 0.01]
    assert list(rows["verdict"]) == ["dead", "dead", "alive", "alive"]


def test_paths_that_survive() -> None:
    rows = frame(small("relu", depth=100, blocked=0.4, table="paths"), "paths")
    assert rows["surviving"].iloc[-1] == pytest.approx(0.6**100, rel=1e-12)
    assert frame(small("relu", table="paths"), "paths")["blocked"].iloc[-1] == pytest.approx(0.5, rel=1e-12)


def test_clipping_scales_both_ends_alike() -> None:
    first, last = frame(small("tanh", init="normal:1", clip=0.5), "clipping").itertuples()
    assert first.before / first.after == pytest.approx(last.before / last.after)
    assert first.norm > 0.5


def test_orthogonal_weights_have_the_smaller_spread() -> None:
    drawn, orthogonal = frame(small("tanh", depth=10, width=40, table="jacobian"), "jacobian").itertuples()
    assert (drawn.weights, orthogonal.weights) == ("as drawn", "orthogonal")
    assert orthogonal.spread < drawn.spread
    assert orthogonal.theory_spread < drawn.theory_spread


def test_notes_warn_of_what_the_figures_hide() -> None:
    dead = small("relu", init="normal:0.001", sigma_w=1.0, sigma_b=0.0)
    assert any("of the units are dead in layer" in note for note in dead.notes)
    signs = small("sigmoid")
    assert any("have one sign" in note for note in signs.notes)
    rare = small("tanh", depth=50, samples=1000, table="depth")
    assert any(note.startswith("tanh: sample mean at depth 50: the mean of 1000 draws rests on") for note in rare.notes)
    line = small("identity")
    assert any("collapses to one linear map" in note for note in line.notes)


def test_a_plot_of_gradients_has_lines_bands_and_theory() -> None:
    (plot,) = small("tanh,relu").plots()
    assert [(series.name, series.style) for series in plot.series] == [
        ("tanh with xavier", "line"), ("tanh with xavier, theory", "dashed"),
        ("relu with he", "line"), ("relu with he, theory", "dashed"),
    ]  # fmt: skip
    line = plot.series[0]
    assert np.all(np.asarray(line.low) < np.asarray(line.y))
    assert np.all(np.asarray(line.y) < np.asarray(line.high))
    assert plot.y_log


def test_gradients_too_small_for_float64_are_drawn_as_logarithms() -> None:
    (plot,) = small("sigmoid", depth=600).plots()
    assert (plot.y_label, plot.y_log) == ("log₁₀ gradient", False)
    assert -500 < plot.series[0].y[0] < -300


def test_the_phase_diagram_shows_where_the_net_is() -> None:
    report = small("tanh", phase_diagram=True, sigma_w=1.5, sigma_b=0.2, table="phase")
    (plot,) = report.plots()
    assert plot.series[0].name == "critical"
    assert plot.series[-1].style == "points"
    assert list(plot.series[-1].x) == [2.25]
    rows = frame(report, "phase")
    assert set(rows["line"]) == {"critical", "contour"}
    assert not rows["sigma_w2"].isna().any()


def test_people_see_some_layers_of_a_deep_net_and_where_the_rest_is() -> None:
    options = request(**{**SMALL, "depth": 300})
    functions = [actcli.get("tanh")]
    report = for_people(gradflow(functions, options), options, functions, table=None)
    assert list(report.tables) == ["summary", "depth", "layers"]
    layers = frame(report, "layers")["layer"]
    assert (len(layers), layers.iloc[0], layers.iloc[-1]) == (LAYERS, 1, 300)
    depths = frame(report, "depth")["depth"]
    assert (len(depths), depths.iloc[-1]) == (DEPTHS, 300)
    assert report.notes[-1].startswith("more with --table: theory, critical")


def shown_of_products(activation: str, depth: int) -> str:
    options = request(depth=depth, samples=10)
    functions = [actcli.get(activation)]
    report = for_people(gradflow(functions, options, table="depth"), options, functions, table="depth")
    assert list(report.tables) == ["depth"]
    return ",".join(column.name for column in report.tables["depth"].columns_for("people"))


def test_people_see_of_products_what_fits_and_differs() -> None:
    few = "depth,bound,typical,geometric_mean,exact_mean,sample_mean,relative_stderr,median"
    assert shown_of_products("tanh", 20) == few
    assert shown_of_products("tanh", 100) == "depth,bound,geometric_mean,exact_mean,sample_mean,relative_stderr"


def test_a_net_of_one_layer() -> None:
    report = small("tanh", depth=1)
    assert report.title == "tanh in a net of 1 layer"
    assert report.verdict == "tanh: stable; the only layer is the last one, whose gradient has passed no other"
    assert small("tanh", depth=1, arch="rnn", table="theory").title == "tanh in an RNN over 1 step"


def test_a_suggestion_that_does_not_help_is_taken_back() -> None:
    report = small("selu", depth=20, width=64, suggest_init=True)
    before, after = frame(report, "summary").itertuples()
    assert abs(before.log10_gradient_ratio) < abs(after.log10_gradient_ratio)
    assert before.suggestion == "xavier as before"
    assert any(note.endswith("to its size at the output than xavier: keep xavier") for note in report.notes)
    assert any("fall as a power of the depth" in note for note in report.notes)


def test_residual_nets_are_tried_with_smaller_weights() -> None:
    report = small("relu", depth=20, width=64, arch="residual", suggest_init=True)
    before, after = frame(report, "summary").itertuples()
    assert (before.suggestion.split(",")[0], after.init) == ("--sigma-w 0.22", "σw = 0.22, σb = 0")
    assert after.gradient_ratio < 2 < before.gradient_ratio
    assert "std=0.22 *" in frame(report, "initialisers")["code"][0]


@pytest.mark.parametrize(
    ("activation", "options", "words"),
    [
        ("relu", {}, "relu with he: that is the suggested initialisation already"),
        ("tanh", {"norm": "layer"}, "no initialisation is suggested with --norm layer"),
        ("tanh", {"arch": "gru"}, "no initialisation is suggested for --arch gru"),
    ],
)
def test_a_suggestion_there_is_none_of_has_no_row(activation: str, options: dict[str, Any], words: str) -> None:
    report = small(activation, suggest_init=True, **options)
    assert len(frame(report, "summary")) == 1
    assert any(note.startswith(words) for note in report.notes)


def test_theory_far_from_narrow_nets_says_so() -> None:
    notes = small("gelu", depth=50, width=32, trials=10, batch=32).notes
    assert any(
        note.startswith("gelu with he: the theory of infinitely wide layers says 2.7e-06, and") for note in notes
    )
    assert not any("infinitely wide" in note for note in small("tanh", width=64).notes)


def test_a_half_stable_point_names_the_stable_one_beside_it() -> None:
    (note,) = small("gelu", suggest_init=True, table="critical").notes
    assert note.endswith("a start below it ends at the stable q* = 3.035, where χ₁ = 0.994")


@pytest.mark.parametrize("activation", ["exp(x**2)", "1/x"])
def test_slopes_without_bound_saturate_nowhere(activation: str) -> None:
    report = small(activation)
    assert frame(report, "layers")["saturated_fraction"].isna().all()
    assert any("has no largest value" in note for note in report.notes)


def test_signs_of_data_are_no_zigzag() -> None:
    positive = small("tanh", depth=2, data=np.abs(np.random.default_rng(1).normal(size=(8, 16))))
    assert not any("zigzag" in note for note in positive.notes)
    assert any(note.startswith("sigmoid with xavier: 100 % of a unit's weight") for note in small("sigmoid").notes)


def test_people_get_notes_on_what_they_see() -> None:
    options, functions = request(**SMALL), [actcli.get("relu"), actcli.get("tanh")]
    shown = answering(options, functions)
    assert shown == ["summary", "theory"]
    assert any("the geometric mean is 0" in note for note in gradflow(functions, options).notes)
    assert not any("the geometric mean is 0" in note for note in gradflow(functions, options, shown=shown).notes)


def test_people_see_no_empty_table_of_code() -> None:
    options, functions = request(**SMALL, suggest_init=True), [actcli.get("sigmoid")]
    report = for_people(gradflow(functions, options), options, functions, table=None)
    assert "critical" in report.tables
    assert "initialisers" not in report.tables


def test_many_large_nets_are_announced() -> None:
    assert "--table depth, which runs none" in takes_long(request(depth=10_000), 1)
    assert "--table" not in takes_long(request(depth=1000, arch="lstm"), 1)
    assert takes_long(request(depth=10_000, batch=1, trials=8), 1)
    assert takes_long(request(), 4) == ""
    assert takes_long(request(depth=10**12, width=1), 1) == ""  # refused


# nets that theory is not of, inits, sizes


@pytest.mark.parametrize("options", [{"arch": "residual"}, {"norm": "rms"}, {"arch": "gru"}])
def test_theory_of_plain_nets_is_not_shown_for_others(options: dict[str, Any]) -> None:
    report = small("tanh", table="theory", **options)
    (row,) = frame(report, "theory").itertuples()
    assert math.isnan(row.chi_1)
    assert row.reason == "the theory of fixed points is that of --arch mlp without a --norm"
    assert any(row.reason in note for note in report.notes)
    (summary,) = frame(report, "summary").itertuples()
    assert math.isnan(summary.bound)
    assert math.isnan(summary.trainable_depth)
    theory = frame(report, "underflow").query("source == 'theory √χ₁'")
    assert theory["zero_depth"].isna().all()
    assert set(theory["reason"]) == {row.reason}
    assert "jacobian" not in report.tables


def test_biases_alone_leave_the_weights_of_the_init() -> None:
    several = small("tanh", init="he,xavier", sigma_b=0.3, table="theory")
    assert [(row.init, row.sigma_w, row.sigma_b) for row in frame(several, "theory").itertuples()] == [
        ("he, σb = 0.3", pytest.approx(math.sqrt(2)), 0.3), ("xavier, σb = 0.3", 1.0, 0.3),
    ]  # fmt: skip
    (critical,) = frame(small("tanh", init="critical", sigma_b=0.3, table="theory"), "theory").itertuples()
    assert critical.chi_1 == pytest.approx(1.0)
    (own,) = frame(small("tanh", init="he", sigma_w=1.2, table="theory"), "theory").itertuples()
    assert (own.init, own.sigma_w) == ("σw = 1.2, σb = 0", 1.2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"init": "nope", "sigma_w": 1.0}, "unknown initialisation 'nope'"),
        ({"init": "normal:1e308"}, "--init normal:1e\\+308: weights this large"),
        ({"table": "nope"}, "no table 'nope' in gradflow; it has summary"),
        ({"table": "layer"}, "did you mean layers"),
        ({"table": "phase"}, "--table phase needs --phase-diagram"),
        ({"table": "clipping"}, "--table clipping needs --clip NORM"),
        ({"table": "neuron"}, "--table neuron needs --neuron"),
        ({"table": "gates"}, "--table gates needs --arch lstm or --arch gru"),
        ({"table": "jacobian", "norm": "layer"}, "--table jacobian needs --arch mlp without a --norm"),
        ({"depth": 10**12, "width": 1}, "3 nets of 1,000,000,000,000 layers takes .* GB, and .* GB of memory are free"),
        ({"trials": 10**12}, "1,000,000,000,000 nets of 6 layers takes .* GB, and"),
        ({"trials": 10**12, "arch": "rnn"}, "1,000,000,000,000 nets of 6 steps takes .* GB, and"),
    ],
)
def test_what_cannot_be_done_is_refused_before_it_is_begun(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        small("tanh", **options)


@pytest.mark.parametrize(
    ("options", "mend"),
    [({"depth": 10**6, "samples": 1000}, "--samples 529"), ({"depth": 10**12}, "a smaller --depth")],
)
def test_a_sample_that_takes_too_long_is_refused(options: dict[str, Any], mend: str) -> None:
    with pytest.raises(UsageError, match=f"slopes are the most, .* take {mend}"):
        frame(small("tanh", table="depth", **options), "depth")
    assert len(frame(small("tanh", table="underflow", **options), "underflow"))


def test_a_sample_that_takes_too_long_leaves_the_other_tables_alone() -> None:
    report = small("tanh", samples=10**12)
    assert frame(report, "summary")["verdict"][0] == "stable"
    assert any(note.startswith("no table depth for tanh: ") for note in report.notes)


def test_a_function_named_twice_is_shown_once() -> None:
    assert list(frame(small("tanh,TanH,tanh,2*x,2*x", table="theory"), "theory")["activation"]) == ["tanh", "2*x"]


def test_functions_stand_beside_names() -> None:
    leaky = actcli.get("leaky_relu", negative_slope=0.2)
    report = actcli.gradflow([leaky, "relu,tanh"], **SMALL, table="theory")
    assert list(frame(report, "theory")["activation"]) == [leaky.name, "relu", "tanh"]
    assert list(frame(actcli.gradflow(leaky, **SMALL, table="theory"), "theory")["activation"]) == [leaky.name]


def test_inputs_of_any_size_have_a_mean_square() -> None:
    report = small("tanh", data=[[1e308, -1e308]])
    assert frame(report, "theory")["reason"][0] == "no fixed point: the inputs' mean square is beyond float64"
    assert len(frame(report, "layers")) == SMALL["depth"]


def test_a_plane_without_a_critical_line_says_so() -> None:
    report = small("sigmoid", phase_diagram=True, table="phase")
    assert frame(report, "phase").empty
    assert any(note.startswith("sigmoid: no critical line up to σw² = 4") for note in report.notes)


def test_a_jacobian_of_narrower_nets_says_so() -> None:
    (note,) = small("tanh", width=2000, table="jacobian").notes
    assert note.startswith("singular values are those of nets of 100 units a layer, not 2,000")


def test_through_time() -> None:
    report = small("tanh", arch="lstm", forget_bias=2.0, depth=10)
    assert list(frame(report, "gates")["gate"]) == ["forget", "input", "output"]
    assert frame(report, "forget_bias")["textbook"].iloc[-1] == pytest.approx((1 / (1 + math.exp(-2))) ** 10)
    assert "step 1" in frame(report, "summary")["reason"][0]
    assert frame(report, "layers")["theory_gradient"].isna().all()
