"""A project into which this folder was deployed without fault, made by hand to save time.

That the Firebase tools leave the same, as far as anything looks, is shown by the tests that deploy.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from service.environment import UNSET
from tests.support.google_cloud.deploying import DATABASE, PROJECT, SECRET, prepared_project
from tests.support.google_cloud.project import GoogleProject, Json
from tools.deploying.wanted import Function, Wanted
from tools.monitoring import monitoring_in

_IN_PROJECT: Final = f"projects/{PROJECT}"
IN_DATABASE: Final = f"firestore/{_IN_PROJECT}/databases/{DATABASE}"


def deployed_project(wanted: Wanted, folder: Path, secret: str, now: datetime) -> GoogleProject:
    google = prepared_project(wanted)
    google.kept[IN_DATABASE] |= {
        "concurrencyMode": "PESSIMISTIC",
        "deleteProtectionState": "DELETE_PROTECTION_ENABLED",
        "pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_ENABLED",
    }
    for name in wanted.secrets:
        keep_secret(google, secret if name == SECRET else UNSET, name)
    for function in wanted.functions:
        _deploy(google, function, wanted.settings, now)
    _index(google, json.loads((folder / "firestore.indexes.json").read_text()))
    ruleset = f"{_IN_PROJECT}/rulesets/1"
    release = f"{_IN_PROJECT}/releases/cloud.firestore/{DATABASE}"
    google.kept[f"firebaserules/{ruleset}"] = {"source": {"files": [{"content": wanted.rules}]}}
    google.kept[f"firebaserules/{release}"] = {"name": release, "rulesetName": ruleset}
    _watch(google)
    return google


def _watch(google: GoogleProject) -> None:
    """Our alert policies, and somebody else's that notifies nobody."""
    channel = f"{_IN_PROJECT}/notificationChannels/1"
    ours = [{**policy, "notificationChannels": [channel]} for policy in monitoring_in().policies]
    policies = {f"alertPolicies/{number}": one for number, one in enumerate([{"displayName": "Others'"}, *ours])}
    for name, one in {**policies, "notificationChannels/1": {"verificationStatus": "VERIFIED"}}.items():
        google.kept[f"monitoring/{_IN_PROJECT}/{name}"] = {"name": f"{_IN_PROJECT}/{name}", "enabled": True, **one}


def keep_secret(google: GoogleProject, text: str, name: str = SECRET) -> None:
    """Make this value the secret's first and latest version."""
    secret = f"{_IN_PROJECT}/secrets/{name}"
    value = {"payload": {"data": base64.b64encode(text.encode()).decode()}}
    google.kept |= {
        f"secretmanager/{secret}": {"name": secret},
        f"secretmanager/{secret}/versions/latest": {"name": f"{secret}/versions/1", "state": "ENABLED"},
        f"secretmanager/{secret}/versions/1:access": value,
    }


def _deploy(google: GoogleProject, function: Function, settings: Mapping[str, str], now: datetime) -> None:
    place = f"{_IN_PROJECT}/locations/{function.region}"
    bound = [{"key": name, "secret": name, "version": "1"} for name in function.secrets]
    service = {
        "serviceAccountEmail": function.account,
        "secretEnvironmentVariables": bound,
        "environmentVariables": dict(settings),
    }
    deployed = {"serviceConfig": service, "labels": {"deployment-tool": "cli-firebase"}}
    _ask(google, "POST", f"cloudfunctions.googleapis.com/v2/{place}/functions", deployed, functionId=function.name)
    google.kept[f"run/{place}/services/{function.name.lower()}:policy"] = {
        "bindings": [{"role": "roles/run.invoker", "members": sorted(function.invokers)}]
    }
    if function.is_scheduled:
        job = {
            "name": f"{place}/jobs/{function.job}",
            "httpTarget": {"oidcToken": {"serviceAccountEmail": function.account}},
            "lastAttemptTime": now.isoformat(),
        }
        _ask(google, "POST", f"cloudscheduler.googleapis.com/v1/{place}/jobs", job)


def _index(google: GoogleProject, configured: Mapping[str, Any]) -> None:
    groups = f"firestore.googleapis.com/v1/{_IN_PROJECT}/databases/{DATABASE}/collectionGroups"
    for index in configured["indexes"]:
        _ask(google, "POST", f"{groups}/{index['collectionGroup']}/indexes", index)
    for field in configured["fieldOverrides"]:
        indexes = [{"fields": [index], "queryScope": index["queryScope"]} for index in field["indexes"]]
        address = f"{groups}/{field['collectionGroup']}/fields/{field['fieldPath']}"
        lives = {"ttlConfig": Json()} if field.get("ttl") else {}
        _ask(google, "PATCH", address, {"indexConfig": {"indexes": indexes}, **lives})


def _ask(google: GoogleProject, method: str, address: str, body: Mapping[str, object], **query: str) -> None:
    google.answer(method, address, query, json.dumps(body).encode())
