"""The real Firebase tools deploy this folder into a stand-in for a project: what arrives is what we mean.

The first deployment fails half-way and the second completes it; all tests look at these two.
"""

import base64
import io
import json
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from packaging.requirements import Requirement

from tests.support.builders import NOW
from tests.support.deployed import deployed_modules
from tests.support.google_cloud.deploying import DATABASE, LOCATION, PROJECT, REGION, SECRET, UPLOADED_FILES, Deployer
from tests.support.google_cloud.project import NUMBER
from tools.deploying.comparison import gaps
from tools.deploying.found import found_in
from tools.deploying.google import Google
from tools.deploying.rights import READERS
from tools.deploying.wanted import wanted_in
from tools.diagnosing import project
from tools.toolchain import ROOT

DEFAULT_ACCOUNT: Final = f"serviceAccount:{NUMBER}-compute@developer.gserviceaccount.com"
PLACE: Final = f"projects/{PROJECT}/locations/{REGION}"
SCHEDULED: Final = ("releaseExpiredReservations", "foldTakings", "reconcileWithStripe", "sendCanary")
JOB, *OTHER_JOBS = (f"firebase-schedule-{name}-{REGION}" for name in SCHEDULED)
ENDPOINTS: Final[dict[str, Any]] = yaml.safe_load((ROOT / "functions.yaml").read_text())["endpoints"]
ACCOUNTS: Final = {
    name: endpoint["serviceAccount"].replace("{{ params.PROJECT_ID }}", PROJECT) for name, endpoint in ENDPOINTS.items()
}
SECRETS: Final = {
    name: [secret["key"] for secret in endpoint.get("secretEnvironmentVariables", ())]
    for name, endpoint in ENDPOINTS.items()
}


def account(name: str) -> str:
    return f"settle-{name}@{PROJECT}.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def half_failed(deployer: Deployer) -> Deployer:
    """After a deployment in which Google refused the schedule and the webhook's invoker."""
    deployer.google.refused = {f"POST cloudscheduler/{PLACE}/jobs", f"{PLACE}/services/stripewebhook:setIamPolicy"}
    assert not deployer.deploy()
    return deployer


@pytest.fixture(scope="module")
def deployed(half_failed: Deployer) -> Deployer:
    """After a second one, with no refusal."""
    half_failed.google.refused = set()
    assert half_failed.deploy()
    return half_failed


def function(deployed: Deployer, name: str) -> dict[str, Any]:
    return deployed.google.kept[f"cloudfunctions/{PLACE}/functions/{name}"]


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in before | after if before.get(name) != after.get(name)}


def test_a_half_failed_deployment_says_what_is_missing(half_failed: Deployer) -> None:
    schedules = "\n  ".join(f"the schedule of {name}" for name in SCHEDULED)
    assert f"Missing now:\n  who may call stripeWebhook: allUsers\n  {schedules}" in half_failed.said


def test_the_next_one_changes_nothing_but_deploys_what_is_missing_by_name(deployed: Deployer) -> None:
    half_failed, again, by_name = deployed.left
    assert changed(half_failed, again) == set()
    assert deployed.targets[1:] == [
        ("firestore", "functions"),
        sorted(f"functions:{name}" for name in (*SCHEDULED, "stripeWebhook")),
    ]
    assert changed(again, by_name) == {
        *(f"cloudfunctions/{PLACE}/functions/{name}" for name in (*SCHEDULED, "stripeWebhook")),
        *(f"cloudscheduler/{PLACE}/jobs/{job}" for job in (JOB, *OTHER_JOBS)),
        f"run/{PLACE}/services/stripewebhook:policy",
        "uploads",
    }
    assert deployed.said[-1].startswith("Everything is deployed.")


def test_these_functions_are_there_and_no_other(deployed: Deployer) -> None:
    functions = deployed.google.under(f"cloudfunctions/{PLACE}/functions/")
    assert functions.keys() == ENDPOINTS.keys()
    assert len(deployed.google.under("cloudfunctions/")) == len(functions)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_function_is_what_functions_yaml_says(deployed: Deployer, name: str) -> None:
    there = function(deployed, name)
    service = there["serviceConfig"]
    assert service["serviceAccountEmail"] == ACCOUNTS[name]
    assert [bound["secret"] for bound in service.get("secretEnvironmentVariables", ())] == SECRETS[name]
    wanted = ENDPOINTS[name]
    assert (service["availableMemory"], service["availableCpu"]) == (f"{wanted['availableMemoryMb']}Mi", "1")
    assert (service["maxInstanceRequestConcurrency"], service["maxInstanceCount"]) == (
        wanted["concurrency"],
        wanted["maxInstances"],
    )
    assert service["environmentVariables"]["THREADS"] == "64"
    assert service.get("minInstanceCount") == (1 if "minInstances" in ENDPOINTS[name] else None)
    assert service["environmentVariables"]["DATABASE_ID"] == DATABASE
    assert there["buildConfig"]["runtime"] == "python312"


@pytest.mark.parametrize("name", [name for name, endpoint in ENDPOINTS.items() if "eventTrigger" in endpoint])
def test_its_trigger_is_retried_and_listens_to_the_database_where_it_is(deployed: Deployer, name: str) -> None:
    event, wanted = function(deployed, name)["eventTrigger"], ENDPOINTS[name]["eventTrigger"]
    assert event["eventType"] == wanted["eventType"]
    assert {found["attribute"]: found["value"] for found in event["eventFilters"]} == {
        "database": DATABASE,
        "namespace": "(default)",
        **wanted["eventFilterPathPatterns"],
    }
    assert (event["retryPolicy"], event["triggerRegion"]) == ("RETRY_POLICY_RETRY", LOCATION)
    assert event["serviceAccountEmail"] == ACCOUNTS[name]


@pytest.mark.parametrize("name", ENDPOINTS)
def test_these_may_invoke_it_and_nobody_else(deployed: Deployer, name: str) -> None:
    trigger = next(key for key in ENDPOINTS[name] if key.endswith("Trigger"))
    itself = f"serviceAccount:{ACCOUNTS[name]}"
    invokers = {"httpsTrigger": {"allUsers"}, "scheduleTrigger": {itself}, "eventTrigger": set()}
    assert deployed.google.policy(f"run/{PLACE}/services/{name.lower()}") == {
        ("roles/run.invoker", member) for member in invokers[trigger]
    }


def test_these_have_roles_in_the_whole_project_and_nobody_else(deployed: Deployer) -> None:
    assert deployed.google.policy(f"cloudresourcemanager/projects/{PROJECT}") == {
        *(
            (f"roles/{role}", f"serviceAccount:{account(name)}")
            for name, roles in {
                "webhook": ("datastore.user",),
                "checkout": ("datastore.user",),
                "reconcile": ("datastore.user",),
                "triggers": ("datastore.user", "eventarc.eventReceiver", "run.invoker"),
                "effects": (
                    *("datastore.user", "eventarc.eventReceiver", "run.invoker"),
                    "firebasecloudmessaging.admin",
                ),
            }.items()
            for role in roles
        ),
        # The Firebase tools let events reach functions. The second account runs nothing of ours.
        (
            "roles/iam.serviceAccountTokenCreator",
            f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com",
        ),
        ("roles/run.invoker", DEFAULT_ACCOUNT),
        ("roles/eventarc.eventReceiver", DEFAULT_ACCOUNT),
    }


def test_each_secret_may_be_read_by_the_accounts_of_its_functions_and_nobody_else(deployed: Deployer) -> None:
    policies = [name for name in deployed.google.under("secretmanager/") if name.endswith(":policy")]
    secrets = {secret for named in SECRETS.values() for secret in named}
    assert set(policies) == {f"projects/{PROJECT}/secrets/{secret}:policy" for secret in secrets}
    for secret in secrets:
        assert deployed.google.policy(f"secretmanager/projects/{PROJECT}/secrets/{secret}") == {
            ("roles/secretmanager.secretAccessor", f"serviceAccount:{ACCOUNTS[name]}")
            for name, named in SECRETS.items()
            if secret in named
        }


def test_a_secret_that_was_not_there_says_that_it_is_not_set(deployed: Deployer) -> None:
    value = deployed.google.kept[f"secretmanager/projects/{PROJECT}/secrets/{SECRET}/versions/1:access"]
    assert base64.b64decode(value["payload"]["data"]) == b"unset"
    assert f"\n  secret {SECRET}: new, and unset\n" in "\n".join(deployed.said)


def test_the_sweep_is_called_every_five_minutes_by_its_own_account(deployed: Deployer) -> None:
    jobs = deployed.google.under(f"cloudscheduler/{PLACE}/jobs/")
    assert {job["name"] for job in jobs.values()} == {f"{PLACE}/jobs/{job}" for job in (JOB, *OTHER_JOBS)}
    job = deployed.google.kept[f"cloudscheduler/{PLACE}/jobs/{JOB}"]
    assert (job["schedule"], job["timeZone"], job["attemptDeadline"]) == ("every 5 minutes", "Etc/UTC", "540s")
    assert job["httpTarget"]["oidcToken"] == {"serviceAccountEmail": account("effects")}
    assert job["httpTarget"]["uri"] == function(deployed, "releaseExpiredReservations")["url"]


def test_the_rules_of_this_folder_are_the_released_ones(deployed: Deployer) -> None:
    release = deployed.google.kept[f"firebaserules/projects/{PROJECT}/releases/cloud.firestore/{DATABASE}"]
    (file,) = deployed.google.kept[f"firebaserules/{release['rulesetName']}"]["source"]["files"]
    assert file["content"] == (ROOT / "firestore.rules").read_text()


def test_the_indexes_and_times_to_live_of_this_folder_are_there(deployed: Deployer) -> None:
    wanted = wanted_in(deployed.folder, PROJECT).indexing
    there = deployed.google.under(f"firestore/projects/{PROJECT}/databases/{DATABASE}/collectionGroups/")
    assert len(there) == len(wanted)
    lives = {name for name, how in there.items() if "ttlConfig" in how}
    collections = ("webhookEvents", "messages", "cancelRequests", "operatorRequests", "effects")
    assert lives == {f"{collection}/fields/expireAt" for collection in collections}


def test_the_doctor_finds_nothing_wrong_with_what_is_left_behind(deployed: Deployer) -> None:
    wanted = wanted_in(deployed.folder, PROJECT)
    found = found_in(Google(PROJECT), wanted, needed=READERS)
    judges = (project.rights, project.database, project.indexes, project.times_to_live, project.rules)
    for judge in (*judges, project.settings_in_use, project.secrets, project.functions):
        assert list(judge(wanted, found, NOW)) == []


@pytest.fixture(scope="module")
def unpacked(deployed: Deployer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The uploaded source, as Google unpacks it."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(io.BytesIO(deployed.google.uploads[-1])) as archive:
        archive.extractall(folder)
    return folder


def test_the_upload_holds_only_what_runs(unpacked: Path) -> None:
    modules = {str(module.relative_to(ROOT)) for module in deployed_modules()}
    uploaded = {str(file.relative_to(unpacked)) for file in unpacked.rglob("*") if file.is_file()}
    assert uploaded == {*UPLOADED_FILES, *modules}


@pytest.fixture(scope="module")
def requirements(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Only what requirements.txt names, without dependencies or the rest of our environment."""
    folder = tmp_path_factory.mktemp("requirements")
    lines = re.findall(r"^[\w-]+==[^\\\n]+", (unpacked / "requirements.txt").read_text(), re.MULTILINE)
    for required in map(Requirement, lines):
        if required.marker and not required.marker.evaluate():
            continue
        distribution = metadata.distribution(required.name)
        assert distribution.version in required.specifier
        for file in distribution.files or ():
            if ".." not in file.parts:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).symlink_to(Path(str(file.locate())))
    return folder


def test_every_entry_point_starts_from_the_upload_with_its_requirements_alone_and_serves(
    deployed: Deployer, unpacked: Path, requirements: Path
) -> None:
    environments = [function(deployed, name)["serviceConfig"]["environmentVariables"] for name in ENDPOINTS]
    served = subprocess.run(
        [
            *(sys.executable, "-IS", Path(__file__).with_name("serve.py"), unpacked, requirements),
            *(f"{given['FUNCTION_TARGET']}:{given.get('FUNCTION_SIGNATURE_TYPE', 'http')}" for given in environments),
        ],
        # It is never called, but a client has to be made.
        env={**environments[0], "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answers = served.stdout.splitlines()[-1]
    is_event = {endpoint["entryPoint"]: "eventTrigger" in endpoint for endpoint in ENDPOINTS.values()}
    refusal = "only POST is served here"
    # Callable functions answer in the form that Firebase's libraries read.
    refusals = {"create_checkout": {"status": "INVALID_ARGUMENT", "message": refusal}}
    assert json.loads(answers) == {
        target: [200, "OK"] if event else [405, json.dumps({"error": refusals.get(target, refusal)})]
        for target, event in is_event.items()
    }


def test_what_a_deployment_does_not_mend_is_reported_with_the_command_that_does(deployed: Deployer) -> None:
    google, wanted = deployed.google, wanted_in(deployed.folder, PROJECT)
    google.kept[f"run/{PLACE}/services/cancelorderonrequest:policy"] = {
        "bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]
    }
    google.kept[f"cloudscheduler/{PLACE}/jobs/{JOB}"]["httpTarget"]["oidcToken"] = {"serviceAccountEmail": "other"}
    function(deployed, "stripeWebhook")["state"] = "FAILED"
    assert [(gap.what.partition(",")[0], gap.mended_by) for gap in gaps(wanted, found_in(Google(PROJECT), wanted))] == [
        ("the function stripeWebhook", "stripeWebhook"),
        ("private access to cancelOrderOnRequest", None),
        ("the account of the schedule of releaseExpiredReservations", None),
    ]
