"""Holds the rights and writes the audit around a use case: once, for commands, API and pages."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from csire_bridge.domain.people.acts import PERMISSION_OF, Act
from csire_bridge.domain.people.audit import AuditEntry
from csire_bridge.domain.people.masking import as_json
from csire_bridge.domain.people.ports import WithAudit

if TYPE_CHECKING:
    from datetime import datetime

    from csire_bridge.domain.people.actor import Actor

__all__ = ["act_of_use_case", "audited", "note", "require"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_NOT_TOLD = ("tx", "act", "law", "changes", "policy", "hasher")
_Before = Callable[[Any, Mapping[str, Any]], object]


def require(actor: Actor, what: Act) -> None:
    """Raise NotAllowed, which says who may, unless ``actor`` has the permission that the act needs."""
    permission = PERMISSION_OF[what]
    if permission is not None:
        actor.require(permission, what)


def note(
    tx: WithAudit,
    actor: Actor,
    what: Act,
    subject: str,
    at: datetime,
    why: str | None = None,
    *,
    before: object = None,
    after: object = None,
) -> None:
    """Write down in this transaction that ``actor`` did ``what``, after checking that it is permitted."""
    require(actor, what)
    entry = AuditEntry.of(actor, what, subject, at, why, before=as_json(before), after=as_json(after))
    tx.audit.add(entry)


def audited(
    what: Act, subject: str | Callable[[Mapping[str, Any]], str], before: _Before | None = None
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Make a function a use case that is permitted to some roles and stands in the audit.

    It has the parameters ``tx``, a transaction, and ``act``, the operator action. ``subject`` is a text with the names
    of its parameters, as in ``"hold {key}"``, or makes it of what was given; ``before`` reads what is there before.
    What it was given and what it returns are kept as ``after``. Raises NotAllowed before anything is done.
    """

    def decorate(use_case: Callable[_P, _R]) -> Callable[_P, _R]:
        signature = inspect.signature(use_case)

        @wraps(use_case)
        def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given: Mapping[str, Any] = bound.arguments
            act = given["act"]
            require(act.who, what)
            was = before(given["tx"], given) if before else None
            result = use_case(*args, **kwargs)
            told = {name: value for name, value in given.items() if name not in _NOT_TOLD and value is not None}
            after = told if result is None else {**told, "result": result}
            about = subject.format(**given) if isinstance(subject, str) else subject(given)
            note(given["tx"], act.who, what, about, act.at, act.why, before=was, after=after or None)
            return result

        run.audited_as = what  # type: ignore[attr-defined]
        return run

    return decorate


def act_of_use_case(use_case: Callable[..., object]) -> Act | None:
    """The act as which a use case stands in the audit; None if it is none."""
    return cast("Act | None", getattr(use_case, "audited_as", None))
