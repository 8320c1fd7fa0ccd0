"""Activations for tests: by name or formula, and as somebody's own code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actcli.activations.function import Function
from actcli.activations.registry import DEFAULT
from actcli.implementations.user import UserFunction


def function(text: str) -> Function:
    found = DEFAULT.get(text)
    assert isinstance(found, Function)
    return found


def own(code: Callable[[Any], Any]) -> UserFunction:
    return UserFunction("file.py:f", code)
