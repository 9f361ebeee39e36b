"""Set up monitoring in a project: create or change what monitoring/ describes: metrics, alert policies, a dashboard.

    make monitoring PROJECT=... [CHANNELS=...] [APPLY=1]

Without APPLY it prints what would change. It recognizes what exists by name, so repeating it is harmless. Everything
else in the project stays, including a policy's channels.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tools.deploying.google import Apis, Google, Json, listed
from tools.deploying.wanted import NotDeployable
from tools.options import real_project, switch
from tools.toolchain import ROOT

DASHBOARD_ID: Final = "settle-once"
_LOGGING: Final = "logging.googleapis.com/v2"
_POLICIES: Final = "monitoring.googleapis.com/v3"
_DASHBOARDS: Final = "monitoring.googleapis.com/v1"


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What monitors the service, in the form of Google's APIs."""

    metrics: Sequence[Json]
    policies: Sequence[Json]
    dashboard: Json


@dataclass(frozen=True, slots=True)
class Change:
    """One request towards the wanted state."""

    what: str
    method: str
    address: str
    body: Json


def monitoring_in() -> Monitoring:
    folder = ROOT / "monitoring"
    metrics, policies = (
        [json.loads(path.read_text()) for path in sorted((folder / kind).glob("*.json"))]
        for kind in ("metrics", "policies")
    )
    return Monitoring(metrics, policies, json.loads((folder / "dashboard.json").read_text()))


def changes(google: Apis, project: str, wanted: Monitoring, channels: Sequence[str]) -> list[Change]:
    """What has to be done, metrics first: a policy needs its metric to exist."""
    return [
        *_metric_changes(google, f"{_LOGGING}/projects/{project}/metrics", wanted.metrics),
        *_policy_changes(google, f"{_POLICIES}/projects/{project}/alertPolicies", wanted.policies, channels),
        *_dashboard_changes(google, f"projects/{project}/dashboards", wanted.dashboard),
    ]


def is_contained(wanted: object, found: object) -> bool:
    """Whether all that is wanted is found: Google adds fields, and leaves out defaults."""
    if isinstance(wanted, Mapping):
        fields = found if isinstance(found, Mapping) else {}
        return all(is_contained(value, fields.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(is_contained, wanted, found))
    return wanted == found or (not wanted and found is None)


def _metric_changes(google: Apis, address: str, wanted: Sequence[Json]) -> Iterator[Change]:
    found = {metric["name"]: metric for metric in listed(google, address)}
    for metric in wanted:
        name = metric["name"]
        if not is_contained(metric, found.get(name)):
            verb = "change" if name in found else "create"
            yield Change(f"{verb} metric {name}", "PUT", f"{address}/{name}", metric)


def _policy_changes(google: Apis, address: str, wanted: Sequence[Json], channels: Sequence[str]) -> Iterator[Change]:
    found = {policy["displayName"]: policy for policy in listed(google, address)}
    for policy in wanted:
        name = policy["displayName"]
        there = found.get(name, {})
        notified = list(dict.fromkeys([*there.get("notificationChannels", ()), *channels]))
        body = {**policy, "notificationChannels": notified}
        if is_contained(body, there):
            continue
        what = f"policy {name}{'' if notified else ', which notifies nobody: add CHANNELS=…'}"
        if not there:
            yield Change(f"create {what}", "POST", address, body)
        else:
            # Fields not in the mask stay, such as whether somebody has switched the policy off.
            yield Change(f"change {what}", "PATCH", f"{_POLICIES}/{there['name']}?updateMask={','.join(body)}", body)


def _dashboard_changes(google: Apis, folder: str, wanted: Json) -> Iterator[Change]:
    name, title = f"{folder}/{DASHBOARD_ID}", wanted["displayName"]
    found = google.get(f"{_DASHBOARDS}/{name}")
    if found is None:
        yield Change(f"create dashboard {title}", "POST", f"{_DASHBOARDS}/{folder}", {"name": name, **wanted})
    elif not is_contained(wanted, found):
        # The etag keeps later changes from being overwritten.
        body = {"name": name, "etag": found.get("etag", ""), **wanted}
        yield Change(f"change dashboard {title}", "PATCH", f"{_DASHBOARDS}/{name}", body)


def run(google: Apis, project: str, channels: Sequence[str], *, is_applied: bool) -> Iterator[str]:
    """Yields a line per change, after making it or instead. Raises NotDeployable."""
    due = changes(google, project, monitoring_in(), channels)
    for change in due:
        if is_applied:
            _carry_out(google, change)
        yield change.what
    if not due:
        yield f"{project} is monitored as monitoring/ says: there is nothing to change"
    elif not is_applied:
        yield "Nothing was changed: add APPLY=1 to do it"


def _carry_out(google: Apis, change: Change) -> None:
    try:
        google.change(change.method, change.address, change.body)
    except NotDeployable as refusal:
        again = "A metric that was just created may not be known for ten minutes: then run it again."
        raise NotDeployable(f"{change.what}: {refusal}\n{again}") from None


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(usage="make monitoring PROJECT=... [CHANNELS=...] [APPLY=1]")
    parser.add_argument("--project", type=real_project, required=True)
    parser.add_argument("--channels", default="", help="ids of notification channels, separated by commas")
    parser.add_argument("--apply", type=switch, default=False, help="do it")
    said = parser.parse_args(words)
    channels = [channel.strip() for channel in said.channels.split(",") if channel.strip()]
    try:
        for line in run(Google(said.project), said.project, channels, is_applied=said.apply):
            print(line, flush=True)
    except NotDeployable as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
