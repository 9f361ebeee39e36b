"""`make monitoring` against a stand-in for Google's APIs: creates what is missing, once, and changes nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials

from tools.deploying.google import Google, Json
from tools.deploying.wanted import NotDeployable
from tools.monitoring import DASHBOARD_ID, is_contained, main, monitoring_in, run

LOGGING, POLICIES = "logging.googleapis.com/v2/projects/shop/metrics", "monitoring.googleapis.com/v3/"
DASHBOARDS = "monitoring.googleapis.com/v1/projects/shop/dashboards"
CHANNEL = "projects/shop/notificationChannels/1"
WANTED = monitoring_in()
ALL = len(WANTED.metrics) + len(WANTED.policies) + 1


@dataclass
class Project:
    """Like Google's APIs, adds a field of its own to each resource."""

    metrics: dict[str, Json] = field(default_factory=dict)
    policies: dict[str, Json] = field(default_factory=dict)
    dashboards: dict[str, Json] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)

    def change(self, method: str, address: str, body: Mapping[str, Any]) -> None:
        self.changed.append(f"{method} {address.partition('?')[0]}")
        if method == "PUT":
            assert address == f"{LOGGING}/{body['name']}"
            self.metrics[body["name"]] = {**body, "createTime": "now"}
        elif address.startswith(POLICIES):
            self._write_policy(method, address.removeprefix(POLICIES), body)
        else:
            self._write_dashboard(method, address, body)

    def get(self, address: str) -> Json | None:
        path, _, query = address.partition("?")
        if path == LOGGING:
            names = sorted(self.metrics)
            # Two pages.
            here, more = (names[2:], {}) if query.endswith("pageToken=2") else (names[:2], {"nextPageToken": "2"})
            return {"metrics": [self.metrics[name] for name in here], **more}
        if path == f"{POLICIES}projects/shop/alertPolicies":
            return {"alertPolicies": list(self.policies.values())} if self.policies else {}
        return self.dashboards.get(path.removeprefix(f"{DASHBOARDS}/"))

    def _write_policy(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        if method == "POST":
            assert path == "projects/shop/alertPolicies"
            name = f"{path}/{len(self.policies)}"
            self.policies[name] = {**body, "name": name, "enabled": True}
        else:
            name, _, mask = path.partition("?updateMask=")
            self.policies[name] |= {masked: body[masked] for masked in mask.split(",")}

    def _write_dashboard(self, method: str, address: str, body: Mapping[str, Any]) -> None:
        _, _, dashboard_id = body["name"].partition("projects/shop/dashboards/")
        if method == "PATCH":
            assert address == f"{DASHBOARDS}/{dashboard_id}"
            assert body["etag"] == self.dashboards[dashboard_id]["etag"]
        else:
            assert address == DASHBOARDS
        self.dashboards[dashboard_id] = {**body, "etag": f"etag-{len(self.changed)}"}

    def policy(self, display_name: str) -> Json:
        (policy,) = (policy for policy in self.policies.values() if policy["displayName"] == display_name)
        return policy


def applied(project: Project, *channels: str) -> list[str]:
    return list(run(project, "shop", channels, is_applied=True))


def test_dry_it_says_what_is_missing_and_changes_nothing() -> None:
    project = Project()
    *changes, last = run(project, "shop", (), is_applied=False)
    assert (len(changes), last, project.changed) == (ALL, "Nothing was changed: add APPLY=1 to do it", [])
    assert all(change.startswith("create ") for change in changes)


def test_all_is_made_once_and_the_metrics_before_what_is_about_them() -> None:
    project = Project()
    assert len(applied(project, CHANNEL)) == ALL
    assert [change.partition(" ")[0] for change in project.changed] == [
        *(["PUT"] * len(WANTED.metrics)),
        *(["POST"] * (len(WANTED.policies) + 1)),
    ]
    assert all(policy["notificationChannels"] == [CHANNEL] for policy in project.policies.values())
    assert applied(project) == ["shop is monitored as monitoring/ says: there is nothing to change"]
    assert len(project.changed) == ALL


def test_what_somebody_has_changed_is_put_right_and_nothing_else_is_touched() -> None:
    project = Project(metrics={"theirs": {"name": "theirs"}}, policies={"x": {"displayName": "theirs", "name": "x"}})
    applied(project)
    project.changed.clear()
    project.metrics["settle_5xx"]["filter"] = "severity=DEBUG"
    project.policy("Settle: the canary stops").update(severity="WARNING", enabled=False)
    project.dashboards[DASHBOARD_ID]["displayName"] = "Mine"
    assert applied(project) == [
        "change metric settle_5xx",
        "change policy Settle: the canary stops, which notifies nobody: add CHANNELS=…",
        "change dashboard Settle once",
    ]
    assert len(project.changed) == 3
    assert project.policy("Settle: the canary stops")["severity"] == "CRITICAL"
    assert project.policy("Settle: the canary stops")["enabled"] is False
    assert project.metrics["theirs"] == {"name": "theirs"}
    assert project.policies["x"] == {"displayName": "theirs", "name": "x"}


def test_channels_are_added_and_none_is_taken_away() -> None:
    project = Project()
    applied(project, "theirs")
    applied(project, CHANNEL)
    assert all(policy["notificationChannels"] == ["theirs", CHANNEL] for policy in project.policies.values())


class RefusingProject(Project):
    def change(self, method: str, address: str, body: Mapping[str, Any]) -> None:
        if method == "POST":
            raise NotDeployable("cannot find metric")
        super().change(method, address, body)


def test_what_is_refused_is_named_and_done_the_next_time() -> None:
    refusing = RefusingProject()
    with pytest.raises(NotDeployable, match=r"^create policy .*: cannot find metric\nA metric"):
        applied(refusing, CHANNEL)
    assert len(refusing.changed) == len(WANTED.metrics)
    assert len(applied(Project(metrics=refusing.metrics), CHANNEL)) == len(WANTED.policies) + 1


@pytest.mark.parametrize(
    ("wanted", "found", "is_there"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 0, "b": [], "c": ""}, {}, True),
        ({"a": 1}, {}, False),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, False),
        ({"a": {"b": 1}}, None, False),
        ([{"a": 1}], [{"a": 1, "name": "x"}], True),
        ([1], [1, 2], False),
        ([2], [1], False),
        (0, 1, False),
    ],
)
def test_what_google_adds_or_leaves_out_is_no_difference(wanted: object, found: object, *, is_there: bool) -> None:
    assert is_contained(wanted, found) is is_there


@pytest.mark.parametrize("status", [403, 404, 500])
def test_what_google_has_not_done_is_not_taken_for_done(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    answer = requests.Response()
    answer.status_code = status
    monkeypatch.setattr("google.auth.default", lambda **_: (AnonymousCredentials(), None))
    monkeypatch.setattr("tools.deploying.google.AuthorizedSession.request", lambda *_, **__: answer)
    with pytest.raises(NotDeployable, match=f"^{LOGGING}/settle_5xx answers {status}: "):
        Google("shop").change("PUT", f"{LOGGING}/settle_5xx", {})


def test_without_anybody_signed_in_it_says_how_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nobody(_project: str) -> None:
        raise NotDeployable("Nobody is signed in: gcloud auth application-default login")

    monkeypatch.setattr("tools.monitoring.Google", nobody)
    assert main(["--project=shop"]) == 1
    assert "Nobody is signed in: gcloud auth application-default login" in capsys.readouterr().err
