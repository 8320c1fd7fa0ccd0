"""Threads of matrix products."""

from __future__ import annotations

from actcli.core.blas import blas_threads, limited


def test_threads_are_limited_and_given_back() -> None:
    before = blas_threads(None)
    with limited(1):
        assert blas_threads(None) in (1, before)  # a BLAS that can't be told goes on
    assert blas_threads(None) == before
