"""The tree of errors: what the module draws is what the classes are."""

from __future__ import annotations

import re

import pytest

from csire_bridge.domain import errors
from csire_bridge.domain.errors import (
    BridgeError,
    HeadEndRefused,
    NotValid,
    PartnerFault,
    PartnerRefused,
    Problem,
    ProblemCode,
)

LINE = re.compile(r"^ {4}(?P<bars>(?:│ {3}| {4})*(?:[├└]── )?)(?P<name>[A-Z]\w+)(?:\s{2,}(?P<what>\S.*))?$")
PROBLEM = Problem(ProblemCode.VALUE, "value 'x' is wrong", "send y", line=7, path="/A/B")


def drawn_tree() -> dict[str, str | None]:
    """Parent of each class by name, as the docstring draws it."""
    parents: dict[str, str | None] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = LINE.match(line)
        if found:
            depth = len(found["bars"]) // 4
            del above[depth:]
            parents[found["name"]] = above[-1] if above else None
            above.append(found["name"])
    return parents


def real_tree(root: type[BridgeError]) -> dict[str, str | None]:
    tree: dict[str, str | None] = {}
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            tree[child.__name__] = root.__name__
            tree |= real_tree(child)
    return tree


def test_given_the_drawing_when_compared_with_the_classes_then_they_are_the_same_tree() -> None:
    assert drawn_tree() == {"BridgeError": None} | real_tree(BridgeError)
    assert len(drawn_tree()) > 10


def test_given_the_module_when_its_public_names_are_listed_then_all_of_them_are_in_all() -> None:
    own = {
        n
        for n, v in vars(errors).items()
        if not n.startswith("_") and getattr(v, "__module__", "") == "csire_bridge.domain.errors"
    }
    assert own == set(errors.__all__)
    assert len(errors.__all__) == len(set(errors.__all__))


def test_given_each_class_when_read_then_it_says_what_it_means() -> None:
    for name in errors.__all__:
        assert getattr(errors, name).__doc__, name


def test_given_problem_codes_when_read_then_each_names_its_step_and_none_is_there_twice() -> None:
    assert {code.value.split(".")[0] for code in ProblemCode} == {"parser", "trust", "schema", "rule", "bridge"}
    assert len(ProblemCode.__members__) == len(set(ProblemCode))


def test_given_a_problem_when_shown_then_code_text_place_and_remedy_are_there() -> None:
    assert str(PROBLEM) == "schema.value: value 'x' is wrong [line 7 /A/B] -> send y"
    assert str(Problem(ProblemCode.EMPTY, "nothing", "send it")) == "parser.empty: nothing -> send it"


def test_given_a_fault_with_two_problems_when_filed_then_the_first_gives_the_code_and_both_are_told() -> None:
    other = Problem(ProblemCode.MISSING, "no z", "add z")
    fault = NotValid([PROBLEM, other])
    assert fault.code is ProblemCode.VALUE
    assert fault.problems == (PROBLEM, other)
    assert str(PROBLEM) in str(fault)
    assert str(other) in str(fault)


def test_given_a_fault_without_a_problem_when_made_then_it_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one problem"):
        PartnerFault([])


def test_given_an_error_when_shown_then_its_remedy_follows_if_it_has_one() -> None:
    assert str(BridgeError("the disk is full", "free some space")) == "the disk is full -> free some space"
    assert str(BridgeError("the disk is full")) == "the disk is full"


@pytest.mark.parametrize("kind", [HeadEndRefused, PartnerRefused])
def test_given_a_refusal_when_caught_then_the_partners_own_code_is_kept(
    kind: type[HeadEndRefused] | type[PartnerRefused],
) -> None:
    refusal = kind("E42", "no such meter", "look at the registry")
    assert (refusal.code, refusal.text, refusal.remedy) == ("E42", "no such meter", "look at the registry")
