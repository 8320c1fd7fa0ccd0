"""The machine and the software behind a measurement: without them a figure can't be read, nor compared."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from actcli.analyses.bench.measure.machine import caches
from actcli.analyses.bench.words import bytes_text
from actcli.core.device import Device
from actcli.report import Batch, Column, Table
from actcli.version import VERSION

MACHINE = ("cpu", "cores", "device")
"""What must agree before two runs can be compared."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


def environment(device: Device, versions: Mapping[str, str]) -> dict[str, str]:
    """Return what is known of this machine; `versions` are those of the libraries that are measured."""
    info = _first(Path("/proc/cpuinfo"))
    found = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": info.get("model name") or platform.processor() or platform.machine(),
        "cores": str(os.cpu_count() or 1),
        "usable_cores": str(_usable_cores()),
        "clock_mhz": info.get("cpu MHz", ""),
        "governor": _text(_GOVERNOR),
        "virtual_machine": "yes" if " hypervisor" in info.get("flags", "") else "",
        "caches": ", ".join(f"{name} {bytes_text(size)}" for name, size in caches()),
        "memory": _memory(),
        "load_average": _load(),
        "device": device.name,
        **device_facts(device),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "numpy": np.__version__,
        "numpy_simd": _simd(),
        **{name: version for name, version in versions.items() if name != "numpy"},
        **{name: value for name in _THREADS if (value := os.environ.get(name))},
        "actcli": VERSION,
        "git_revision": _revision(),
    }
    return {key: value for key, value in found.items() if value}


def environment_table(found: Mapping[str, str]) -> Table:
    """Return the table `environment`: key, value."""
    columns = (Column("key", "what"), Column("value", "what it is here"))

    def rows(wanted: Sequence[str]) -> Iterator[Batch]:
        yield {"key": [*found], "value": [*found.values()]}

    return Table("environment", columns, rows, title="Environment")


def in_a_line(found: Mapping[str, str]) -> str:
    """Return the most important of it, for people."""
    where = found["cpu"] if found["device"] == "cpu" else f"{found['device']}, {found['cpu']}"
    cores = f"{found['cores']} core{'s' * (found['cores'] != '1')}"
    virtual = ["virtual machine"] if "virtual_machine" in found else []
    load = [f"load {found['load_average'].split()[0]}"] if "load_average" in found else []
    return ", ".join([where, cores, *virtual, f"NumPy {found['numpy']}", *load])


def device_facts(device: Device) -> dict[str, str]:
    """Return what a GPU says of itself: driver, memory, clocks; nothing for a CPU."""
    if device.kind == "cpu":
        return {}
    runtime = device.xp.cuda.runtime
    facts = {
        "driver_cuda": _cuda_version(runtime.driverGetVersion()),
        "runtime_cuda": _cuda_version(runtime.runtimeGetVersion()),
        "gpu_memory": bytes_text(runtime.getDeviceProperties(device.number)["totalGlobalMem"]),
    }
    fields = {"driver": "driver_version", "gpu_clock": "clocks.sm", "gpu_clock_max": "clocks.max.sm",
              "gpu_memory_clock": "clocks.mem", "gpu_power_limit": "power.limit"}  # fmt: skip
    query = ("--query-gpu=" + ",".join(fields.values()), "--format=csv,noheader", f"--id={device.number}")
    answers = _output("nvidia-smi", *query).split(", ")
    return facts | (dict(zip(fields, answers, strict=True)) if len(answers) == len(fields) else {})


def _cuda_version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"


def _first(path: Path) -> dict[str, str]:
    """Return the first paragraph of `name : value` lines."""
    lines = _text(path).partition("\n\n")[0].splitlines()
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:  # no Linux, or no such thing in this machine
        return ""


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> str:
    match = re.search(r"MemTotal:\s+(\d+) kB", _text(Path("/proc/meminfo")))
    return bytes_text(1024 * int(match[1])) if match else ""


def _load() -> str:
    return " ".join(f"{load:.2f}" for load in os.getloadavg()) if hasattr(os, "getloadavg") else ""


def _simd() -> str:
    told: Any = np.show_config(mode="dicts")
    used = told.get("SIMD Extensions", {})
    return " ".join([*used.get("baseline", []), *used.get("found", [])])


def _revision() -> str:
    """Return the revision of the checkout that the user stands in, and whether it has changes."""
    revision = _output("git", "rev-parse", "--short=12", "HEAD")
    return f"{revision} (changed)" if revision and _output("git", "status", "--porcelain", "-uno") else revision


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
