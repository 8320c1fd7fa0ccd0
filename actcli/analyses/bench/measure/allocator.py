"""The memory allocator in one state, so that a row doesn't depend on those before it."""

from __future__ import annotations

import ctypes

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1
"""The parameters of mallopt(3)."""
LARGEST = 32 << 20
"""Bytes from which glibc always asks the system for fresh pages: DEFAULT_MMAP_THRESHOLD_MAX."""


def settle() -> bool:
    """Set glibc's thresholds to where they end up in a long-running program; tell whether that could be done.

    They start low and rise whenever a large block is freed. Until then the temporaries of a NumPy formula are fresh
    pages at each call, which takes several times as long as the arithmetic: mallopt(3), M_MMAP_THRESHOLD. Other
    allocators are left alone.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(MMAP_THRESHOLD, LARGEST)) and bool(mallopt(TRIM_THRESHOLD, 2 * LARGEST))
