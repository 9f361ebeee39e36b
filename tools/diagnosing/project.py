"""Checks the project: what a deployment checks, and whether all of it works. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from tools.deploying import comparison, preflight
from tools.deploying.defects import Defect
from tools.deploying.found import Found
from tools.deploying.google import Json
from tools.deploying.wanted import Wanted
from tools.diagnosing.check import Unseen
from tools.diagnosing.seen import Seen
from tools.monitoring import monitoring_in

# How late a job may be: a run may take nine minutes.
_LATE_MAX: Final = timedelta(minutes=15)
_MODES: Final = ("OPTIMISTIC", "PESSIMISTIC")


def apis(wanted: Wanted, seen: Seen, _now: datetime) -> Iterator[Defect]:
    for api in seen.off:
        yield Defect(f"{api} is off", f"gcloud services enable {api} --project={wanted.project}")


def settings(wanted: Wanted, _seen: Seen, _now: datetime) -> Iterator[Defect]:
    yield from preflight.of_settings(wanted)


def settings_in_use(wanted: Wanted, found: Found, _now: datetime) -> Iterator[Defect]:
    running = (found.functions.get((function.region, function.name)) for function in wanted.functions)
    used = [
        there["serviceConfig"].get("environmentVariables", {})
        for there in running
        if there and there["state"] == "ACTIVE"
    ]
    others = sorted(
        name for name, value in wanted.settings.items() if any(each.get(name, "") != value for each in used)
    )
    if others:
        yield Defect(f"The functions run with another {', '.join(others)} than the settings files say", _deploy(wanted))


def rights(wanted: Wanted, found: Found, _now: datetime) -> Iterator[Defect]:
    yield from preflight.of_accounts(wanted, found)


def database(wanted: Wanted, found: Found, _now: datetime) -> Iterator[Defect]:
    """https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases."""
    yield from preflight.of_database(wanted, found)
    there = found.database or {}
    if (mode := there.get("concurrencyMode", "PESSIMISTIC")) not in _MODES:
        yield Defect(f"Its concurrencyMode is {mode}", "set it to PESSIMISTIC by projects.databases.patch")
    # Enterprise edition is, unless configured otherwise, since it serves MongoDB's API.
    if there.get("firestoreDataAccessMode") == "DATA_ACCESS_MODE_DISABLED":
        yield Defect(
            "It does not allow Firestore's API", "enable its firestoreDataAccessMode by projects.databases.patch"
        )


def protection(wanted: Wanted, found: Found, _now: datetime) -> Iterator[Defect]:
    if found.database is not None:
        yield from preflight.of_protection(wanted, found)


def indexes(wanted: Wanted, found: Found, _now: datetime) -> Iterator[Defect]:
    for name in comparison.other_indexing(wanted, found):
        yield Defect(f"{name} is not as in the file", _deploy(wanted))
    for name in found.being_built:
        yield Defect(f"{name} is not ready; queries that need it fail", "wait until it is built")


def times_to_live(wanted: Wanted, found: Found, _now: datetime) -> Iterator[Defect]:
    for name, state in found.times_to_live.items():
        if state != "ACTIVE":
            yield Defect(f"{name} is {state}, so nothing is deleted", f"wait, or {_deploy(wanted)}")


def rules(wanted: Wanted, found: Found, _now: datetime) -> Iterator[Defect]:
    if found.rules != wanted.rules:
        yield Defect("The rules are not as in the file" if found.rules else "There are no rules", _deploy(wanted))


def secrets(wanted: Wanted, found: Found, _now: datetime) -> Iterator[Defect]:
    yield from preflight.of_secrets(wanted, found)
    for function in wanted.functions:
        there = found.functions.get((function.region, function.name), {})
        for bound in there.get("serviceConfig", {}).get("secretEnvironmentVariables", ()):
            latest = found.secrets.get(bound["secret"])
            if latest and bound["version"] not in (latest, "latest"):
                yield Defect(
                    f"{function.name} has version {bound['version']} of {bound['secret']}, but {latest} is the latest",
                    _deploy(wanted),
                )


def secret_value(_wanted: Wanted, seen: Seen, _now: datetime) -> Iterator[Defect | Unseen]:
    if isinstance(seen.secrets, Defect | Unseen):
        yield seen.secrets


def functions(wanted: Wanted, found: Found, _now: datetime) -> Iterator[Defect]:
    yield from preflight.of_generation(wanted, found)
    for gap in comparison.gaps(wanted, found):
        yield Defect(f"Missing: {gap.what}", gap.by_hand or _deploy(wanted))


def schedules(wanted: Wanted, found: Found, now: datetime) -> Iterator[Defect | Unseen]:
    for function in wanted.functions:
        job = found.jobs.get(function.job)
        if function.every is None or job is None:
            # If there should be one, the check of functions reports it.
            continue
        place = f"{function.job} --location={function.region} --project={wanted.project}"
        last = job.get("lastAttemptTime")
        since = last or job.get("userUpdateTime")
        if job.get("state") != "ENABLED":
            yield Defect(f"The job of {function.name} is {job.get('state')}", f"gcloud scheduler jobs resume {place}")
        elif since is None or now - datetime.fromisoformat(since) > function.every + _LATE_MAX:
            called = f"was last called at {last}" if last else "was never called"
            yield Defect(f"{function.name} {called}", f"gcloud scheduler jobs run {place}")
        elif last is None:
            minutes = function.every.total_seconds() / 60
            yield Unseen(f"{function.name} has not been called yet", f"run this again in {minutes:.0f} minutes")
        elif code := job.get("status", {}).get("code", 0):
            logs = f"gcloud functions logs read {function.name} --gen2 --region={function.region}"
            yield Defect(f"The last run of {function.name} failed with {code}", f"{logs} --project={wanted.project}")


def alert_policies(wanted: Wanted, seen: Seen, _now: datetime) -> Iterator[Defect | Unseen]:
    if isinstance(seen.policies, Unseen):
        yield seen.policies
        return
    there = {str(policy.get("displayName")): policy for policy in seen.policies}
    used = {name: policy for name, policy in there.items() if policy.get("enabled", True)}
    ours = {policy["displayName"] for policy in monitoring_in().policies}
    if not used:
        yield Defect("No alert policy is enabled, so nobody is alerted", "see docs/runbook.md (Watching)")
    elif not ours & used.keys():
        yield Unseen("The policies here are not those of monitoring/", "see docs/runbook.md (Watching)")
    else:
        remedy = f"make monitoring PROJECT={wanted.project} CHANNELS=… APPLY=1"
        if absent := sorted(ours - there.keys()):
            yield Defect(f"Missing alert policies: {', '.join(absent)}", remedy)
        if silent := sorted(name for name in ours & used.keys() if not _reaches_somebody(used[name], seen.channels)):
            yield Defect(f"These alert nobody: {', '.join(silent)}", remedy)


def _reaches_somebody(policy: Json, channels: Sequence[Json] | Unseen) -> bool:
    """Whether one of its channels is on, as far as that is known.

    If none of the project's is, the check of channels reports it.
    """
    # Each is named by the project's id or by its number.
    called = {_last(name) for name in policy.get("notificationChannels", ())}
    known = () if isinstance(channels, Unseen) else channels
    on = {_last(channel["name"]) for channel in known if channel.get("enabled", True)}
    return bool(called & on if on else called)


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def alert_channels(_wanted: Wanted, seen: Seen, _now: datetime) -> Iterator[Defect | Unseen]:
    """https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.notificationChannels."""
    if isinstance(seen.channels, Unseen):
        yield seen.channels
        return
    used = [channel for channel in seen.channels if channel.get("enabled", True)]
    if not used:
        yield Defect("No notification channel is enabled, so alerts reach nobody", "see docs/runbook.md (Watching)")
    for channel in used:
        if channel.get("verificationStatus") == "UNVERIFIED":
            named = channel.get("displayName") or channel["name"]
            yield Defect(f"Not verified, so alerts may not arrive: {named}", "verify it in the Google Cloud console")


def _deploy(wanted: Wanted) -> str:
    return f"make deploy PROJECT={wanted.project}"
