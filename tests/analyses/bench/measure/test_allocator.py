from __future__ import annotations

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import numpy as np
from actcli.analyses.bench.measure.allocator import settle

if not settle():
    sys.exit(77)
small, large = np.ones(100_000, "f4"), np.ones(1_000_000, "f4")

def formula(x):
    return 1 / (1 + np.exp(-x))

formula(small), formula(large)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    formula(large)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_temporaries_get_the_same_memory_again() -> None:
    """Fresh pages for the temporaries of 4 MB would be a thousand faults a call."""
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("the allocator isn't glibc's")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1000
