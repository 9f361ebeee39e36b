"""Google's APIs accept what is in monitoring/, to the letter: it parses as their own messages."""

import re
from datetime import timedelta
from typing import Any, Final

import pytest
from google.cloud.logging_v2.types import LogMetric
from google.cloud.monitoring_dashboard_v1.types import Dashboard
from google.cloud.monitoring_v3.types import AlertPolicy
from google.protobuf.json_format import ParseDict

from tools.deploying.google import Json
from tools.monitoring import monitoring_in
from tools.toolchain import ROOT

MONITORING: Final = monitoring_in()
RUNBOOK: Final = (ROOT / "docs/runbook.md").read_text()
CONTENT_CHARACTERS_MAX: Final = 8_192

each_policy = pytest.mark.parametrize("policy", MONITORING.policies, ids=lambda policy: policy["displayName"])


def parsed(resource: Json, kind: Any) -> Any:
    """Google's message of this type. Raises ParseError for an unknown name or value."""
    return ParseDict(resource, kind.pb()())


def thresholds_in(policy: Json) -> list[Any]:
    conditions = parsed(policy, AlertPolicy).conditions
    return [condition.condition_threshold for condition in conditions if condition.HasField("condition_threshold")]


def absences_in(policy: Json) -> list[Any]:
    conditions = parsed(policy, AlertPolicy).conditions
    return [condition.condition_absent for condition in conditions if condition.HasField("condition_absent")]


@pytest.mark.parametrize("metric", MONITORING.metrics, ids=lambda metric: metric["name"])
def test_a_metric_is_one_and_has_a_name_that_fits_into_an_address(metric: Json) -> None:
    message = parsed(metric, LogMetric)
    assert re.fullmatch(r"settle_[a-z0-9_]+", message.name)
    assert set(message.label_extractors) == {label.key for label in message.metric_descriptor.labels}


def test_the_dashboard_is_one() -> None:
    assert parsed(MONITORING.dashboard, Dashboard).grid_layout.widgets


def test_names_are_not_given_twice() -> None:
    for names in (
        [metric["name"] for metric in MONITORING.metrics],
        [policy["displayName"] for policy in MONITORING.policies],
    ):
        assert len(set(names)) == len(names)


def test_the_runbook_says_how_many_conditions_are_charged_for() -> None:
    conditions = sum(len(policy["conditions"]) for policy in MONITORING.policies)
    assert f"there are {conditions}. " in RUNBOOK


@each_policy
def test_a_policy_is_one_and_says_how_grave_it_is(policy: Json) -> None:
    message = parsed(policy, AlertPolicy)
    assert (message.combiner, bool(message.severity)) == (AlertPolicy.ConditionCombinerType.OR, True)
    assert len(thresholds_in(policy)) + len(absences_in(policy)) == len(message.conditions) > 0


@each_policy
def test_a_threshold_asks_only_for_what_can_be_evaluated(policy: Json) -> None:
    for threshold in thresholds_in(policy):
        # A condition can only treat missing data if it has a duration.
        assert bool(threshold.evaluation_missing_data) == bool(threshold.duration.seconds)
        assert threshold.duration.seconds % 60 == 0
        aggregations = [*threshold.aggregations, *threshold.denominator_aggregations]
        assert len({aggregation.alignment_period.seconds for aggregation in aggregations}) == 1


@each_policy
def test_an_alert_about_silence_is_not_closed_by_silence(policy: Json) -> None:
    if absences_in(policy):
        as_long_as_may_be = timedelta(days=7)
        assert parsed(policy, AlertPolicy).alert_strategy.auto_close.ToTimedelta() == as_long_as_may_be
        # All other conditions end when nothing more is counted.
        assert all(threshold.evaluation_missing_data for threshold in thresholds_in(policy))


@each_policy
def test_what_runs_every_five_minutes_is_missed_in_time_and_can_fail_as_often_as_is_asked(policy: Json) -> None:
    every = timedelta(minutes=5)
    for absence in absences_in(policy):
        assert 2 * every < absence.duration.ToTimedelta() <= timedelta(minutes=20)
    for threshold in thresholds_in(policy):
        if "sweeps" in threshold.filter:
            assert threshold.threshold_value < threshold.aggregations[0].alignment_period.ToTimedelta() / every


@each_policy
def test_a_policy_carries_its_section_of_the_runbook(policy: Json) -> None:
    title = policy["displayName"].removeprefix("Settle: ")
    sections = re.findall(
        rf"^### {re.escape(title[0].upper() + title[1:])}\n\n(.*?)\n\n(?=#)", RUNBOOK, re.DOTALL | re.MULTILINE
    )
    assert sections == [policy["documentation"]["content"]]
    assert len(sections[0]) <= CONTENT_CHARACTERS_MAX
    assert "](" not in sections[0], "a link leads nowhere in a message"
