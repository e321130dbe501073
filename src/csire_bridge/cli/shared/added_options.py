"""Options that many commands have are said once and added to a command's own; typer reads them from its signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

__all__ = ["with_options"]

_DEFAULTS: Mapping[str, Any] = {"json_wanted": False}


def with_options(
    command: Callable[..., None],
    made: Callable[[Mapping[str, Any], Mapping[str, Any]], object],
    first: Mapping[str, Any],
    last: Mapping[str, Any],
) -> Callable[..., None]:
    """The command for typer: the options ``first`` and ``last`` become one object, its first argument.

    ``made`` makes it of the values of these, and of those of the command's own options.

    In the help they stand behind the command's own options, but for its keyword-only ones, which come between them.
    """

    @wraps(command)
    def run(**given: Any) -> None:
        common = {name: given.pop(name) for name in (*first, *last)}
        command(made(common, given), **given)

    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    before = [one for one in own if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    behind = [one for one in own if one.kind is inspect.Parameter.KEYWORD_ONLY]
    parameters = [*before, *_options(first), *behind, *_options(last)]
    keyword_only = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    told = cast(Any, run)
    told.__signature__ = inspect.Signature(keyword_only)
    told.__annotations__ = {one.name: one.annotation for one in keyword_only}
    return run


def _options(named: Mapping[str, Any]) -> list[inspect.Parameter]:
    kind = inspect.Parameter.KEYWORD_ONLY
    return [
        inspect.Parameter(name, kind, default=_DEFAULTS.get(name), annotation=annotation)
        for name, annotation in named.items()
    ]
