"""The commands as Python functions: the options of the command line as arguments, a Report as the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from actcli.errors import UsageError
from actcli.report import Report

if TYPE_CHECKING:
    from fractions import Fraction

    import numpy as np

    from actcli.activations.registry import AnyFunction, Catalogue

    DType = np.dtype[Any] | type[np.generic]


def eval(
    activation: str | AnyFunction | Sequence[str | AnyFunction],
    x: Any = None,
    *,
    order: int | None = None,
    dtype: str = "float64",
    device: str = "cpu",
    wide: bool = False,
    param: Mapping[str, float | str] | None = None,
) -> Report:
    """Return the report of `actcli eval`: values, slopes and what they mean, in the table `values`.

    `activation` is a name, a formula, a comma list, a function, or a sequence of these; `x` an array, or numbers and
    ranges as on the command line ("-8:8:1000j"), by default the record's own points. Raises UsageError and MissingError
    like the command.
    """
    from actcli.activations.registry import DEFAULT
    from actcli.activations.words import exact_number
    from actcli.analyses.evaluate import Computation, evaluate
    from actcli.core.device import get_device
    from actcli.core.formats import get_format

    given = {name: exact_number(value, name) for name, value in (param or {}).items()}
    functions = _functions(activation, given, DEFAULT)
    computation = Computation(order if order is not None else int(not wide), get_format(dtype), get_device(device))
    return evaluate(functions, None if x is None else lambda: _chunks(x), computation, wide=wide)


def _functions(activation: Any, given: Mapping[str, Fraction], catalogue: Catalogue) -> Sequence[AnyFunction]:
    """Return the functions that names and formulas, functions of `actcli.get`, or several of these stand for."""
    from itertools import chain, islice

    from actcli.activations.function import Function
    from actcli.activations.vector_function import VectorFunction
    from actcli.activations.words import split_list
    from actcli.implementations.user import resolve_all

    parts = activation if isinstance(activation, Sequence) and not isinstance(activation, str) else [activation]
    if not parts or not all(isinstance(part, str | Function | VectorFunction) for part in parts):
        raise UsageError(
            "activation must be a name, a formula, a function that actcli.get returns, or several of these, not "
            f"{activation!r}; code of your own is named as in file.py:function"
        )
    texts = [part for part in parts if isinstance(part, str)]
    if given and not texts:
        raise UsageError("param is for names and formulas: a function that actcli.get returns has its parameters")
    named = iter(resolve_all(",".join(texts), given, catalogue) if texts else [])
    each = (islice(named, len(split_list(part))) if isinstance(part, str) else (part,) for part in parts)
    return tuple(chain.from_iterable(each))


def _chunks(x: Any) -> Iterator[np.ndarray[Any, Any]]:
    import numpy as np

    from actcli.core.numbers import chunked, read_points

    texts = [x] if isinstance(x, str) else x
    if isinstance(texts, Sequence) and any(isinstance(each, str) for each in texts):
        yield from chunked([read_points(str(each)) for each in texts])
        return
    try:
        numbers = np.asarray(x)
        yield numbers.astype(np.float64, casting="safe" if numbers.dtype.kind == "c" else "unsafe").ravel()
    except (TypeError, ValueError) as error:
        raise UsageError(f"x must be numbers: {error}") from None


def derive(
    activation: str | None = None,
    *,
    order: int = 1,
    wrt: str | None = None,
    at: Any = (),
    expand: bool = False,
    check: str | None = None,
    answer: str | None = None,
    param: Mapping[str, float | str] | None = None,
    digits: int = 4,
) -> Report:
    """Return the report of `actcli derive`: the steps, each checked, forms, landmarks; or of --check and --answer.

    `at` are numbers to work the derivation out with, exact when given as text or Fraction. Raises UsageError like the
    command; what the command answers by exit status 1 is in the report's `failed`.
    """
    from actcli.activations.registry import DEFAULT
    from actcli.activations.words import exact_number
    from actcli.analyses.derive.request import Request, answered

    _check_types(activation=(activation, str), wrt=(wrt, str), check=(check, str), answer=(answer, str))
    _check_types(order=(order, int), digits=(digits, int), expand=(expand, bool), param=(param, Mapping))
    given = {name: exact_number(value, name) for name, value in (param or {}).items()}
    points = [exact_number(x, "at") for x in ([at] if isinstance(at, str | int | float) else at)]
    return answered(Request(activation, given, order, wrt, points, expand, check, answer, digits), DEFAULT)


def _check_types(**arguments: tuple[object, type]) -> None:
    for name, (value, wanted) in arguments.items():
        if value is not None and (not isinstance(value, wanted) or isinstance(value, bool) != (wanted is bool)):
            raise UsageError(f"{name} must be {_NOUNS[wanted]}, not {value!r}")


_NOUNS: dict[type, str] = {
    str: "text", int: "a whole number", Real: "a number", bool: "True or False", Mapping: "a mapping of names",
}  # fmt: skip


def _check_given(**arguments: tuple[object, type]) -> None:
    """Check types where None stands for nothing."""
    for name, (value, wanted) in arguments.items():
        if value is None:
            raise UsageError(f"{name} must be {_NOUNS[wanted]}, not None")
    _check_types(**arguments)


def emit(activation: str, language: str, *, order: int = 1, param: Mapping[str, float | str] | None = None) -> str:
    """Return what `actcli derive --emit` prints: code for an activation and its derivatives up to `order`.

    `language` is python, numpy, torch, jax, c, cuda or latex. Raises UsageError.
    """
    from actcli.activations.registry import DEFAULT
    from actcli.activations.words import exact_number
    from actcli.analyses.emit import emit

    _check_types(activation=(activation, str), language=(language, str), order=(order, int), param=(param, Mapping))
    given = {name: exact_number(value, name) for name, value in (param or {}).items()}
    return emit(DEFAULT.get(activation, given), language, order)


def list(*, framework: str = "", use: str = "") -> Report:
    """Return the report of `actcli list`: the records that a framework has, or that serve a use."""
    from actcli.analyses.catalogue import list_records

    return list_records(framework, use)


def stability(
    activation: str | AnyFunction | Sequence[str | AnyFunction],
    *,
    impl: str | Sequence[str] = ("actcli", "textbook"),
    impl_gradient: str = "",
    array: str = "",
    order: int | str | Sequence[int] | None = None,
    dtype: str | Sequence[str] = (),
    device: str = "cpu",
    points: str | None = None,
    range: str | tuple[float, float] | None = None,
    samples: int | None = None,
    seed: int = 0,
    by: str | None = None,
    subnormals: str = "keep",
    max_ulp: float | None = None,
    max_rel: float | None = None,
    max_abs: float | None = None,
    worst: int | None = None,
    workers: int | None = None,
    checkpoint: str | None = None,
    timeout: float = 60.0,
    inputs: str = "",
    got: str = "",
    param: Mapping[str, float | str] | None = None,
    table: str | None = None,
) -> Report:
    """Return the report of `actcli stability`: how near implementations come to the exact value, and where they break.

    The arguments are the command's options. The tables are `audit`, `extremes`, `histogram` and `worst`; with
    `table="extremes"` the audit is made only when its table is asked for. `failed` of the report says which of the
    bounds didn't hold. Raises UsageError and MissingError like the command.
    """
    from actcli.activations.registry import Catalogue
    from actcli.activations.words import exact_number
    from actcli.analyses.stability import Who, stability, stability_of_file
    from actcli.analyses.stability.losses import LOSSES, with_targets
    from actcli.analyses.stability.request import request
    from actcli.core.device import get_device
    from actcli.core.numbers import split_names

    wanted = request(
        order=order if order is not None else ("0,1" if impl_gradient else "0"),
        dtype=dtype,
        points=points,
        range=range,
        samples=samples,
        seed=seed,
        by=by,
        subnormals=subnormals,
        max_ulp=max_ulp,
        max_rel=max_rel,
        max_abs=max_abs,
        worst=worst,
        workers=workers,
        timeout=timeout,
        checkpoint=checkpoint,
    )
    catalogue = Catalogue(LOSSES)
    given = {name: exact_number(value, name) for name, value in (param or {}).items()}
    functions = with_targets(_functions(activation, given, catalogue), given, catalogue)
    if bool(inputs) != bool(got):
        raise UsageError("inputs and got go together: the numbers, and what was computed from them")
    if inputs:
        if len(functions) != 1:
            raise UsageError("answers in a file are those of one activation")
        expected = wanted.formats[0] if dtype else None
        return stability_of_file(functions[0], expected, inputs, got, wanted, table=table)
    names = split_names(impl) if isinstance(impl, str) else impl
    return stability(functions, Who(names, get_device(device), impl_gradient, array), wanted, table=table)


def gradflow(
    activation: str | AnyFunction | Sequence[str | AnyFunction],
    *,
    depth: int = 20,
    width: int = 256,
    trials: int = 10,
    batch: int = 64,
    init: str | Sequence[str] | None = None,
    sigma_w: float | None = None,
    sigma_b: float | None = None,
    arch: str = "mlp",
    norm: str = "none",
    samples: int = 1000,
    preactivations: str | tuple[float, float] = (-2.0, 2.0),
    seed: int = 42,
    suggest_init: bool = False,
    phase_diagram: bool = False,
    fail_if: str | None = None,
    threshold: float = 1e-3,
    q: float = 1.0,
    data: Any = None,
    neuron: str | None = None,
    clip: float | None = None,
    forget_bias: float | None = None,
    blocked: float | None = None,
    device: str = "cpu",
    param: Mapping[str, float | str] | None = None,
    table: str | None = None,
) -> Report:
    """Return the report of `actcli gradflow`: what happens to signal and gradient through depth.

    The arguments are the command's options; `activation` may be functions, too, `data` a path or an array of examples,
    one a row. The tables are `summary`, `depth`, `layers`, `theory` and more; with `table="theory"` no net is run
    before another table is asked for. `failed` of the report says that `fail_if` came true. Raises UsageError and
    MissingError like the command.
    """
    from actcli.activations.registry import DEFAULT
    from actcli.activations.words import exact_number
    from actcli.analyses.gradflow import gradflow
    from actcli.analyses.gradflow.cases import distinct
    from actcli.analyses.gradflow.request import request
    from actcli.core.device import get_device

    _check_types(table=(table, str), param=(param, Mapping))
    wanted = request(
        depth=depth,
        width=width,
        trials=trials,
        batch=batch,
        init=init,
        sigma_w=sigma_w,
        sigma_b=sigma_b,
        arch=arch,
        norm=norm,
        samples=samples,
        preactivations=preactivations,
        seed=seed,
        suggest_init=suggest_init,
        phase_diagram=phase_diagram,
        fail_if=fail_if,
        threshold=threshold,
        q=q,
        data=data,
        neuron=neuron,
        clip=clip,
        forget_bias=forget_bias,
        blocked=blocked,
        device=get_device(str(device)),
    )
    given = {name: exact_number(value, name) for name, value in (param or {}).items()}
    return gradflow(distinct(_functions(activation, given, DEFAULT)), wanted, table=table)


def bench(
    activation: str | AnyFunction | Sequence[str | AnyFunction] | None = None,
    *,
    impl: str | Sequence[str] = ("actcli", "textbook"),
    impl_gradient: str = "",
    array: str = "",
    size: float | str | Sequence[float | str] | np.ndarray[Any, Any] = (),
    dtype: str | DType | Sequence[str | DType] = "float32",
    order: int | str | Sequence[int | str] | None = None,
    threads: int | str | Sequence[int | str] | None = None,
    distribution: str | Sequence[str] = "normal",
    cold: bool = True,
    prealloc: bool = True,
    budget: float = 10.0,
    workload: str = "elementwise",
    memory: bool = False,
    raw: bool = False,
    compare: str | PathLike[str] | None = None,
    fail_above: float | None = None,
    force: bool = False,
    seed: int = 0,
    device: str = "cpu",
    param: Mapping[str, float | str] | None = None,
    table: str | None = None,
) -> Report:
    """Return the report of `actcli bench`: how fast activations are computed, the accuracy beside every timing.

    The arguments are the command's options. The tables are `timings`, `relative` where there are several activations,
    `comparison` with `compare`, `environment`, `rounds`, and `raw`. `failed` of the report says which rows are slower
    by more than `fail_above` percent. Raises UsageError and MissingError like the command.
    """
    from actcli.activations.registry import DEFAULT
    from actcli.activations.words import exact_number
    from actcli.analyses.bench import bench
    from actcli.analyses.bench.request import ELEMENTWISE, Who, names, request
    from actcli.analyses.bench.subjects import distinct, subjects
    from actcli.core.device import get_device

    before = fspath(compare) if isinstance(compare, PathLike) else compare
    _check_given(cold=(cold, bool), prealloc=(prealloc, bool), memory=(memory, bool), raw=(raw, bool))
    _check_given(force=(force, bool), seed=(seed, int), budget=(budget, Real), workload=(workload, str))
    _check_given(device=(device, str), array=(array, str), impl_gradient=(impl_gradient, str))
    _check_types(compare=(before, str), fail_above=(fail_above, Real), table=(table, str), param=(param, Mapping))
    wanted = request(
        order=order,
        dtype=dtype,
        size=size,
        threads=threads,
        distribution=distribution,
        workload=workload,
        cold=cold,
        prealloc=prealloc,
        budget=budget,
        memory=memory,
        raw=raw,
        compare=before,
        fail_above=fail_above,
        force=force,
        seed=seed,
    )
    given = {name: exact_number(value, name) for name, value in (param or {}).items()}
    who = Who(names(impl, "--impl"), get_device(device), impl_gradient, array)
    if activation is None or wanted.workload != ELEMENTWISE:
        functions = subjects(None if activation is None else f"{activation}", given, DEFAULT, workload)
    else:
        functions = distinct(_functions(activation, given, DEFAULT))
    return bench(functions, who, wanted, table=table)
