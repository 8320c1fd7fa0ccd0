"""`make bench`: everything, one after the other; or the parts named as arguments."""

from __future__ import annotations

import sys

from benchmarks import accuracy, audit, csv_filter, honesty, kernels, start_up

PARTS = {
    "start_up": start_up.main,
    "kernels": kernels.main,
    "csv_filter": csv_filter.main,
    "accuracy": accuracy.main,
    "audit": audit.main,
    "honesty": honesty.main,
}

for part in sys.argv[1:] or PARTS:
    print(f"\n{part}")
    PARTS[part]()
