"""The three questions of `actcli derive`: derive it, does this hold, is this right. One at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from actcli.errors import UsageError

if TYPE_CHECKING:
    from actcli.activations.registry import AnyFunction, Catalogue
    from actcli.report import Report


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, as typed: an activation (or none, for an identity), and the options that go with the question."""

    act: str | None
    given: Mapping[str, Fraction] = field(default_factory=dict)
    order: int = 1
    wrt: str | None = None
    at: Sequence[Fraction] = ()
    expand: bool = False
    check: str | None = None
    answer: str | None = None
    digits: int = 4

    def __post_init__(self) -> None:
        """Raise UsageError for options that don't go together."""
        if self.check is not None and self.answer is not None:
            raise UsageError("--check and --answer are different questions; ask one at a time")
        if self.act is None and self.check is None:
            raise UsageError("name an activation to derive, such as `actcli derive sigmoid`, or give --check")
        if self.check is not None:
            self.refuse(
                "--check", {"--at": self.at, "--expand": self.expand, "--wrt": self.wrt, "--order": self.order != 1}
            )
        if self.answer is not None:
            self.refuse("--answer", {"--at": self.at, "--expand": self.expand})

    @staticmethod
    def refuse(question: str, options: Mapping[str, object]) -> None:
        """Raise UsageError for the first option that was given."""
        for name, value in options.items():
            if value:
                raise UsageError(f"{name} doesn't go with {question}")


def answered(
    request: Request, catalogue: Catalogue, progress: Callable[[int, int], None] = lambda order, lines: None
) -> Report:
    """Return the report of a request. Raises UsageError for what can't be read or derived.

    `progress` is told the order and the number of lines of a derivation so far.
    """
    if request.check is not None:
        from actcli.analyses.derive.identities.check import check

        # Names that aren't parameters of the activation belong to the equation.
        function = None if request.act is None else catalogue.resolve(request.act, request.given)[0]
        return check(request.check, catalogue, request.given, function)
    function = one_function(str(request.act), request.given, catalogue)
    if request.answer is not None:
        from actcli.analyses.derive.answers.mark import mark

        return mark(function, request.answer, request.order, request.wrt, catalogue)
    from actcli.analyses.derive.report import derive

    return derive(
        function,
        order=request.order,
        wrt=request.wrt,
        at=request.at,
        expand=request.expand,
        digits=request.digits,
        progress=progress,
    )


def one_function(act: str, given: Mapping[str, Fraction], catalogue: Catalogue) -> AnyFunction:
    """Return the function that one activation argument means. Raises UsageError for a list, or for code."""
    if ":" in act:
        from actcli.implementations.user import is_user_code

        if is_user_code(act, catalogue):
            raise UsageError(f"{act}: derive needs a name or a formula; code of your own can only be evaluated")
    functions = catalogue.get_all(act, given)
    if len(functions) > 1:
        raise UsageError(f"derive takes one activation at a time, not {len(functions)}")
    return functions[0]
