"""Lines that are written over, by a clock that stands still."""

from __future__ import annotations

import io

from actcli.cli.progress import BAR, EVERY, Countdown
from tests.analyses.bench.measure.fakes import FakeClock


def test_a_countdown_says_how_long_it_takes() -> None:
    stream, clock = io.StringIO(), FakeClock()
    with Countdown(stream, 60, shown=True, clock=clock.now) as line:
        line.update("too early", 0.1, 10)
        assert stream.getvalue() == ""
        clock.spend(EVERY)
        line.update("1,000 float32: round 3", 5, 10)
        half = BAR // 2
        assert stream.getvalue() == f"\r{'━' * half}{'─' * half}  5 s left · 1,000 float32: round 3\x1b[K"
        line.update("too early again", 6, 10)
        clock.spend(EVERY)
        line.update("a text that is too long for so narrow a terminal", 12, 10)
        assert stream.getvalue().split("\r")[2] == f"{'━' * BAR}  0 s left · a text that is too long fo\x1b[K"
    assert stream.getvalue().endswith("\r\x1b[K")


def test_nothing_is_shown_where_nobody_looks() -> None:
    stream, clock = io.StringIO(), FakeClock()
    with Countdown(stream, 60, shown=False, clock=clock.now) as line:
        clock.spend(EVERY)
        line.update("x", 1, 10)
    assert stream.getvalue() == ""
