"""Long jobs: a map over chunks on a pool of workers, merged into one small summary.

A job is a callable that turns a chunk into a summary; summaries merge in any order to the same result. A checkpoint
file lets a killed run go on where it was, and gives what an undisturbed run gives.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

from actcli.core.apply import usable_cores
from actcli.core.formats import Format
from actcli.errors import UsageError

CHECKPOINT_EVERY = 5.0
"""Seconds between two writes of a checkpoint."""

PENDING_PER_WORKER = 2
"""Chunks handed out ahead, so that no worker waits and a cancelled run stops soon."""


class Mergeable(Protocol):
    """What a job returns. `merge` is associative and commutative; JSON holds the rest exactly."""

    def merge(self, other: Self) -> Self:
        """Return the summary of both."""

    def to_json(self) -> Any:
        """Return plain data."""

    def from_json(self, data: Any) -> Self:
        """Return the summary that plain data describe."""


S = TypeVar("S", bound=Mergeable)
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Chunk:
    """The encodings from `first` up to `stop`, excluded."""

    first: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.first


def chunks(format: Format, size: int = 1 << 20, first: int = 0, stop: int | None = None) -> list[Chunk]:
    """Cut the encodings of a format, or those from `first` up to `stop`, at the multiples of `size`."""
    stop = 1 << format.bits if stop is None else stop
    if first >= stop:
        return []
    return [Chunk(max(start, first), min(start + size, stop)) for start in range(first // size * size, stop, size)]


Progress = Callable[[int, int], None]
"""`(done, total)`: how many chunks are done, out of how many."""


def sweep(
    job: Callable[[C], S],
    parts: Sequence[C],
    empty: S,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    checkpoint: str | Path | None = None,
    fingerprint: str = "",
) -> S:
    """Return the merged summaries of all parts; `empty` is that of none.

    Runs on `workers` processes (default: the cores this process may use; 1 runs here), or on an executor that was
    handed in. Job and parts have to be picklable unless one worker does it all. `fingerprint` says
    in words what the job computes: a checkpoint of another job is refused. Raises UsageError for that, and whatever the
    job raises. Ctrl-C and errors drop what is pending and keep the checkpoint.
    """
    state = _State.load(empty, parts, fingerprint, Path(checkpoint) if checkpoint else None)
    state.save()  # a place that can't be written to is told now, not after hours
    todo = [k for k in range(len(parts)) if not state.has(k)]
    workers = min(workers or usable_cores(), max(len(todo), 1))
    if progress:
        progress(state.done, len(parts))
    try:
        with _pool(job, executor, workers) as (submit, ahead):
            for k, summary in _completed(submit, parts, todo, ahead):
                state.add(k, summary)
                if progress:
                    progress(state.done, len(parts))
    except BaseException:
        state.save()
        raise
    state.remove()
    return state.now[0]


Submit = Callable[[Any], "Future[Any]"]


def _completed(submit: Submit, parts: Sequence[Any], todo: Sequence[int], ahead: int) -> Iterator[tuple[int, Any]]:
    """Yield summaries as they come, never more than `ahead` parts on their way."""
    waiting = iter(todo)
    pending: dict[Future[Any], int] = {}
    try:
        while True:
            while len(pending) < ahead and (k := next(waiting, None)) is not None:
                pending[submit(parts[k])] = k
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), future.result()
    finally:
        for future in pending:
            future.cancel()


@contextmanager
def _pool(job: Callable[[Any], Any], executor: Executor | None, workers: int) -> Iterator[tuple[Submit, int]]:
    """Hand out a function that submits a part, and how many parts to keep on their way."""
    if executor is not None:
        yield lambda part: executor.submit(job, part), PENDING_PER_WORKER * max(workers, usable_cores())
    elif workers == 1:
        yield lambda part: _done_here(job, part), 1
    else:
        # Spawned, because a forked child inherits locks that threads of NumPy and Arb may hold.
        context = multiprocessing.get_context("spawn")
        before = set(multiprocessing.active_children())
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(job,))
        try:
            yield lambda part: pool.submit(_run, part), PENDING_PER_WORKER * workers
            pool.shutdown()
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in set(multiprocessing.active_children()) - before:
                process.terminate()
            if isinstance(error, BrokenProcessPool):
                raise UsageError("a worker process died; with fewer workers each has more memory") from None
            raise


def _done_here(job: Callable[[Any], Any], part: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(job(part))
    return future


_job: Callable[[Any], Any]
"""A worker's job: sent once, not with every part."""


def _start_worker(job: Callable[[Any], Any]) -> None:
    global _job
    _job = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


def _run(part: Any) -> Any:
    return _job(part)


@dataclass
class _State(Generic[S]):
    """What is done so far, and its checkpoint."""

    empty: S
    key: str
    path: Path | None
    now: tuple[S, int]
    """The summary and the parts in it, as bits; one assignment, so that Ctrl-C can't fall in between."""
    written: float = field(default_factory=time.monotonic)

    @classmethod
    def load(cls, empty: S, parts: Sequence[Any], fingerprint: str, path: Path | None) -> _State[S]:
        key = hashlib.sha256(f"{fingerprint}\n{list(parts)!r}".encode()).hexdigest() if path else ""
        if path is None or not path.exists():
            return cls(empty, key, path, (empty, 0))
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            known, now = data["key"], (empty.from_json(data["summary"]), int(data["done"], 16))
        except (KeyError, TypeError, ValueError, OSError):
            raise UsageError(f"{path} is no checkpoint; delete it or name another file") from None
        if known != key:
            raise UsageError(f"{path} is the checkpoint of another job; delete it or name another file")
        return cls(empty, key, path, now)

    @property
    def done(self) -> int:
        return self.now[1].bit_count()

    def has(self, k: int) -> bool:
        return bool(self.now[1] >> k & 1)

    def add(self, k: int, summary: S) -> None:
        self.now = self.now[0].merge(summary), self.now[1] | 1 << k
        if time.monotonic() - self.written >= CHECKPOINT_EVERY:
            self.save()

    def save(self) -> None:
        """Write to a file beside it and rename, so that there is always a whole one."""
        if self.path is None:
            return
        summary, done = self.now
        data = {"key": self.key, "done": hex(done), "summary": summary.to_json()}
        try:
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name, suffix=".part")
        except OSError as error:
            raise UsageError(f"can't write the checkpoint {self.path}: {error.strerror}") from None
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(data, file)
            os.replace(name, self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self.written = time.monotonic()

    def remove(self) -> None:
        if self.path is not None:
            self.path.unlink(missing_ok=True)
