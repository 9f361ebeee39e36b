"""What the rules permit each client, and nobody, case by case; the cases leave no expression of the rules untried.

The emulator records every value of each expression.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.emulator.rules.cases import PERMITTED, REFUSED
from tests.emulator.rules.emulated_project import EmulatedProject, Json
from tests.emulator.rules.shop import SHOP


@dataclass(frozen=True, slots=True)
class Expression:
    line: int
    text: str
    values: list[Json]
    """Each is `{kind: value}`, or empty if the expression was skipped."""

    @property
    def was_evaluated(self) -> bool:
        return any(value and "undefined" not in value for value in self.values)

    @property
    def truths(self) -> set[bool]:
        return {value["boolValue"] for value in self.values if "boolValue" in value}

    @property
    def errors(self) -> list[Json]:
        """An undefined value without a cause is no error: the document was still to be read."""
        undefined = (value["undefined"] for value in self.values if "undefined" in value)
        return [error for error in undefined if "causeMessage" in error]


@dataclass(frozen=True, slots=True)
class Trial:
    """Every case, each tried in a freshly reset shop."""

    allowed: set[str]
    coverage: Json
    """The emulator's report on a project in which only the cases were tried."""


@pytest.fixture(scope="module")
def trial(new_project: Callable[[], EmulatedProject]) -> Trial:
    project, allowed = new_project(), set()
    for name, attempt in (*PERMITTED.items(), *REFUSED.items()):
        project.reset_to(SHOP)
        if project.allows(attempt):
            allowed.add(name)
    return Trial(allowed, project.rule_coverage())


@pytest.fixture
def source(trial: Trial) -> str:
    source: str = trial.coverage["rules"]["files"][0]["content"]
    return source


@pytest.fixture
def expressions(trial: Trial, source: str) -> list[Expression]:
    """Every expression of the rules, except literals."""
    return [expression for tree in trial.coverage["report"] for expression in _expressions_in(tree, source)]


def test_the_rules_permit_that(trial: Trial) -> None:
    assert PERMITTED.keys() - trial.allowed == set()


def test_the_rules_ensure_that(trial: Trial) -> None:
    assert REFUSED.keys() & trial.allowed == set()


def test_every_expression_was_evaluated(expressions: list[Expression]) -> None:
    assert expressions
    assert [expression for expression in expressions if not expression.was_evaluated] == []


def test_every_condition_was_true_for_one_case_and_false_for_another(expressions: list[Expression]) -> None:
    conditions = [expression for expression in expressions if expression.truths]
    assert conditions
    assert [condition for condition in conditions if condition.truths != {True, False}] == []


def test_only_a_query_for_more_than_one_may_see_is_refused_by_an_error(
    expressions: list[Expression], source: str
) -> None:
    lines = source.splitlines()
    places = {error["sourcePosition"]["line"] for expression in expressions for error in expression.errors}
    assert {lines[place - 1].strip() for place in places} == {
        "allow list: if isOperator() || isUser(resource.data.userId);",
        "allow list: if resource.data.active == true",
        "&& request.query.limit <= 100",
    }


def _expressions_in(tree: Json, source: str) -> Iterator[Expression]:
    position = tree["sourcePosition"]
    text = source[position["currentOffset"] : position["endOffset"] + 1]
    yield Expression(position["line"], text, [counted["value"] for counted in tree.get("values", [])])
    for child in tree.get("children", []):
        yield from _expressions_in(child, source)
