"""A user's own code, found by the name it's given: `module:function` or `file.py:function`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

from actcli.errors import MissingError, UsageError


def find_code(text: str) -> Callable[..., Any]:
    """Import the code that `module:function` or `file.py:function` names; of a class, make an instance.

    The name may have dots, as in `torch:nn.ReLU`. Raises UsageError for what isn't there, can't be imported or can't be
    called, MissingError for a library it needs.
    """
    place, _, name = text.rpartition(":")
    module = _import(place, text)
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
        if found is None:
            raise UsageError(f"{text}: there is no {part!r} in {place}")
    if isinstance(found, type):
        try:
            found = found()
        except TypeError as error:
            raise UsageError(f"{text}: can't make a {name} without arguments: {error}") from None
        except (Exception, SystemExit) as error:
            raise UsageError(f"{text}: making a {name} raised {in_words(error)}") from None
    if not callable(found):
        raise UsageError(f"{text}: {name} is not a function")
    code: Callable[..., Any] = found
    return code


def _import(place: str, text: str) -> Any:
    import importlib
    import importlib.util
    from pathlib import Path

    try:
        if not place.endswith(".py"):
            if "" not in sys.path:
                sys.path.insert(0, "")  # the current directory, as `python -m` does
            with redirect_stdout(sys.stderr):
                return importlib.import_module(place)
        path = Path(place).expanduser()
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None or not path.is_file():
            raise UsageError(f"{text}: there is no file {place}")
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(path.stem, module)
        with redirect_stdout(sys.stderr):
            spec.loader.exec_module(module)
    except UsageError:
        raise
    except ModuleNotFoundError as error:
        if error.name is None or place.partition(".")[0] == error.name:
            raise UsageError(f"{text}: there is no module {place!r}") from None
        raise MissingError(f"{text} needs {error.name}, which is not installed: pip install {error.name}") from None
    except (Exception, SystemExit) as error:
        raise UsageError(f"{text}: importing it failed: {in_words(error)}") from None
    return module


def in_words(error: BaseException) -> str:
    """Return the kind of an exception and the first line of its message."""
    return f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0]}"
