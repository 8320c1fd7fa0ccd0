"""Formulas made at random, as text."""

from __future__ import annotations

from hypothesis import strategies as st

_LEAVES = st.sampled_from(["x", "x", "x", "0.5", "2", "pi", "(1/3)", "1.702", "0", "1"])
_UNARY = st.sampled_from(
    "tanh sin cos sinh cosh erf erfc phi Phi sigmoid gelu silu softplus mish relu abs sign exp expm1".split()
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(_UNARY, inner).map(lambda t: f"{t[0]}({t[1]})"),
        inner.map(lambda t: f"-({t})"),
        st.tuples(inner, st.sampled_from(["2", "3", "-1", "(1/2)", "(-2)"])).map(lambda t: f"({t[0]})**{t[1]}"),
        inner.map(lambda t: f"log1p(({t})**2)"),
        inner.map(lambda t: f"sqrt(1 + ({t})**2)"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"where({t[0]} > {t[1]}, {t[0]}, -({t[1]}))"),
    )


FORMULAS = st.recursive(_LEAVES, _grown, max_leaves=6)
