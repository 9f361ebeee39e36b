"""Checks before any change: if something is missing, they print what helps and change nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.support.google_cloud.deploying import DATABASE, PROJECT, REGION, SECRET, Deployer
from tools.deploying.wanted import NotDeployable, wanted_in

IN_PROJECT: Final = f"projects/{PROJECT}"
WEBHOOK: Final = f"settle-webhook@{PROJECT}.iam.gserviceaccount.com"


@pytest.fixture(autouse=True)
def nothing_is_begun(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The Firebase tools are not even started, and nothing changes."""
    monkeypatch.setattr(deployer.google, "kept", dict(deployer.google.kept))
    monkeypatch.setattr(deployer, "said", [])
    before = settings_file(deployer).read_text()
    yield
    assert deployer.targets == []
    settings_file(deployer).write_text(before)


def settings_file(deployer: Deployer) -> Path:
    return deployer.folder / f".env.{PROJECT}"


def refusal(deployer: Deployer) -> str:
    before = deployer.google.copy()
    with pytest.raises(NotDeployable) as refused:
        deployer.deploy()
    assert deployer.google.copy() == before
    return str(refused.value)


@pytest.mark.parametrize(
    ("gone", "helps"),
    [
        (f"firestore/{IN_PROJECT}/databases/{DATABASE}", "gcloud firestore databases create --database='sales'"),
        (
            f"iam/{IN_PROJECT}/serviceAccounts/{WEBHOOK}",
            f"gcloud iam service-accounts create settle-webhook --project={PROJECT}",
        ),
    ],
)
def test_what_is_missing_is_refused_with_the_command_that_helps(deployer: Deployer, gone: str, helps: str) -> None:
    del deployer.google.kept[gone]
    assert helps in refusal(deployer)


def test_a_secret_without_a_value_is_not_created_again(deployer: Deployer) -> None:
    secret = f"{IN_PROJECT}/secrets/{SECRET}"
    deployer.google.kept |= {
        f"secretmanager/{secret}": {"name": secret},
        f"secretmanager/{secret}/versions/latest": {"name": f"{secret}/versions/2", "state": "DISABLED"},
    }
    assert refusal(deployer) == (
        f"{SECRET} has no value yet: firebase functions:secrets:set {SECRET} --project {PROJECT}"
    )


def test_a_deployer_who_may_not_create_secrets_is_told_how_to(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployer.google, "refused", {f"POST secretmanager/{IN_PROJECT}/secrets"})
    said, *commands = refusal(deployer).splitlines()
    assert said == "Whoever is signed in may not create secrets:"
    assert commands == [
        f"printf unset | gcloud secrets create {name} --data-file=- --project={PROJECT}"
        for name in sorted(wanted_in(deployer.folder, PROJECT).secrets)
    ]


def test_a_schedule_that_would_go_on_calling_as_another_account_is_to_be_deleted_first(deployer: Deployer) -> None:
    place = f"{IN_PROJECT}/locations/{REGION}"
    name, job = f"{place}/functions/sendCanary", f"{place}/jobs/firebase-schedule-sendCanary-{REGION}"
    deployer.google.kept |= {
        f"cloudfunctions/{name}": {
            "name": name,
            "labels": {"deployment-tool": "cli-firebase"},
            "serviceConfig": {"serviceAccountEmail": "former@example.com"},
        },
        f"cloudscheduler/{job}": {"httpTarget": {"oidcToken": {"serviceAccountEmail": "former@example.com"}}},
    }
    assert refusal(deployer) == (
        "The schedule of sendCanary calls it as former@example.com, but it will no longer run as that account: gcloud "
        f"scheduler jobs delete firebase-schedule-sendCanary-{REGION} --location={REGION} --project={PROJECT}, "
        "and deploy: that creates it again"
    )


@pytest.fixture
def one_more(deployer: Deployer) -> Iterator[None]:
    """A function in functions.yaml whose account does not exist yet, with a secret that nothing has."""
    email = f"settle-checkout@{PROJECT}.iam.gserviceaccount.com"
    del deployer.google.kept[f"iam/{IN_PROJECT}/serviceAccounts/{email}"]
    policy = f"cloudresourcemanager/{IN_PROJECT}:policy"
    bindings = deployer.google.kept[policy]["bindings"]
    deployer.google.kept[policy] = {"bindings": [each for each in bindings if not each["members"][0].endswith(email)]}
    file = deployer.folder / "functions.yaml"
    before = file.read_text()
    manifest = yaml.safe_load(before)
    one = {**manifest["endpoints"]["cancelOrderOnRequest"], "secretEnvironmentVariables": [{"key": "PIGEON_SECRET"}]}
    account = one["serviceAccount"].replace("settle-triggers", "settle-checkout")
    manifest["endpoints"]["sendPigeon"] = {**one, "serviceAccount": account}
    file.write_text(yaml.safe_dump(manifest))
    yield
    file.write_text(before)


@pytest.mark.usefixtures("one_more")
def test_what_a_new_function_takes_is_read_from_functions_yaml(deployer: Deployer) -> None:
    roles = ("datastore.user", "eventarc.eventReceiver", "run.invoker")
    assert [line.partition(":")[0] for line in refusal(deployer).splitlines()] == [
        "There is no account settle-checkout",
        *(f"settle-checkout lacks roles/{role}" for role in roles),
    ]
    settings_file(deployer).write_text("PIGEON_SECRET=coo")
    assert "PIGEON_SECRET is in a settings file: it belongs only in Secret Manager." in refusal(deployer)


def test_a_schedule_whose_delay_cannot_be_computed_is_refused(deployer: Deployer) -> None:
    file = deployer.folder / "functions.yaml"
    before = file.read_text()
    file.write_text(before.replace("every 60 minutes", "0 * * * *"))
    try:
        with pytest.raises(NotDeployable, match=r"the schedule '0 \* \* \* \*': write it as in every 5 minutes"):
            wanted_in(deployer.folder, PROJECT)
    finally:
        file.write_text(before)


def test_a_role_is_missing_before_its_events_are(deployer: Deployer) -> None:
    deployer.google.kept[f"cloudresourcemanager/{IN_PROJECT}:policy"] = {"bindings": []}
    assert [line.partition(":")[0] for line in refusal(deployer).splitlines()] == [
        "settle-webhook lacks roles/datastore.user",
        "settle-checkout lacks roles/datastore.user",
        "settle-triggers lacks roles/datastore.user",
        "settle-triggers lacks roles/eventarc.eventReceiver",
        "settle-triggers lacks roles/run.invoker",
        "settle-effects lacks roles/datastore.user",
        "settle-effects lacks roles/eventarc.eventReceiver",
        "settle-effects lacks roles/firebasecloudmessaging.admin",
        "settle-effects lacks roles/run.invoker",
        "settle-reconcile lacks roles/datastore.user",
    ]


def test_a_deployer_without_all_permissions_deploys_nothing(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployer.google, "lacking", {"cloudscheduler.jobs.create"})
    assert refusal(deployer) == f"Whoever is signed in lacks, in {PROJECT}: cloudscheduler.jobs.create."


@pytest.mark.parametrize("labels", [{}, {"deployment-tool": "cli-firebase"}])
def test_a_first_generation_function_is_refused_whoever_deployed_it(deployer: Deployer, labels: dict[str, str]) -> None:
    name = f"{IN_PROJECT}/locations/{REGION}/functions/stripeWebhook"
    deployer.google.kept[f"cloudfunctions/{name}"] = {"name": name, "environment": "GEN_1", "labels": labels}
    assert refusal(deployer) == (
        f"In {REGION}, stripeWebhook is of the first generation, and cannot be updated: "
        f"gcloud functions delete stripeWebhook --no-gen2 --region={REGION} --project={PROJECT}"
    )


def test_what_google_does_not_list_is_not_taken_for_gone(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployer.google, "unreachable", [REGION, "us-central1"])
    assert refusal(deployer).endswith(f"/functions does not list what is in {REGION}, us-central1: try again later.")


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("DATABASE_ID=other", 'DATABASE_ID is other: "database" under "firestore" in firebase.json must say so, too.'),
        ("THREADS=8", "THREADS is 8, but stripeWebhook takes 16 requests at a time."),
        ("THREADS=16", "THREADS is 16, but reserveInventoryOnOrderCreate takes 64 requests at a time."),
        ("OPEN_ORDERS_MAX=0", "OPEN_ORDERS_MAX must be a whole number from 1 to 10000, not '0'."),
        ("STRIPE_WEBHOOK_SECRET=x", "STRIPE_WEBHOOK_SECRET is in a settings file: it belongs only in Secret Manager."),
        (
            "ORDER_URL=https://shop.example/#/{orderId}",
            "What follows the # is not part of ORDER_URL: put the value in double quotes.",
        ),
        ("EXPECT_LIVE_MODE=true", "EXPECT_LIVE_MODE is not a setting: .env lists them all."),
        ("REGION=", "REGION is not set, or cannot be used: .env has its default."),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_name(deployer: Deployer, line: str, refused: str) -> None:
    settings_file(deployer).write_text(settings_file(deployer).read_text() + line)
    assert refused in refusal(deployer).splitlines()


def test_a_dry_run_shows_what_is_new_and_what_would_be_better(deployer: Deployer) -> None:
    settings_file(deployer).write_text(settings_file(deployer).read_text() + "REGION=us-central1")
    before = deployer.google.copy()
    assert deployer.deploy(is_dry=True)
    better, new, end = deployer.said
    assert "\n  Functions are in us-central1, but the database is in eur3: REGION=europe-west1 is nearer.\n" in better
    assert "\n  function stripeWebhook in us-central1: new\n" in new
    assert "\n  security rules: new" in new
    assert end == "Nothing was changed."
    assert deployer.google.copy() == before


def test_that_a_project_has_no_settings_of_its_own_is_worth_knowing(deployer: Deployer) -> None:
    before = settings_file(deployer).read_text()
    default = deployer.folder / ".env"
    of_all = default.read_text()
    settings_file(deployer).unlink()
    default.write_text(f"{of_all}\n{before}")
    deployer.deploy(is_dry=True)
    default.write_text(of_all)
    settings_file(deployer).write_text(before)
    assert f"\n  There is no .env.{PROJECT}: every setting is as in .env.\n" in deployer.said[0]


def test_that_what_lies_about_is_uploaded_is_worth_knowing(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.deploying.wanted.strays_in", lambda _: ("calendar.py", "orders/scratch.py"))
    assert deployer.deploy(is_dry=True)
    said = "\n  Not in git, but uploaded: calendar.py, orders/scratch.py: commit each, or move it away.\n"
    assert said in deployer.said[0]


@pytest.mark.parametrize("labels", [{}, {"deployment-tool": "cli-firebase"}])
def test_what_somebody_else_has_deployed_is_not_replaced_without_a_yes(
    deployer: Deployer, labels: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployer, "asked", [])
    functions = f"{IN_PROJECT}/locations/{REGION}/functions"
    for name, entry_point in ("createCheckout", "createCheckout"), ("stripeWebhook", "stripe_webhook"):
        there = {"name": f"{functions}/{name}", "labels": labels, "buildConfig": {"entryPoint": entry_point}}
        deployer.google.kept[f"cloudfunctions/{functions}/{name}"] = {**there, "serviceConfig": {}, "state": "ACTIVE"}
    rules = f"{IN_PROJECT}/rulesets/1"
    release = {"name": f"{IN_PROJECT}/releases/cloud.firestore/{DATABASE}", "rulesetName": rules}
    deployer.google.kept[f"firebaserules/{release['name']}"] = release
    deployer.google.kept[f"firebaserules/{rules}"] = {"source": {"files": [{"content": "theirs"}]}}
    assert refusal(deployer).startswith("Nothing was changed.")
    assert deployer.asked == ["Replace and delete this"]
    assert deployer.said[-1].splitlines() == [
        "REPLACED, though it is not from this folder:",
        f"  function createCheckout in {REGION}",
        *([] if labels else ["  security rules"]),
    ]


@pytest.mark.parametrize("several", ["functions", "firestore"])
def test_a_folder_with_several_codebases_or_databases_is_refused(deployer: Deployer, several: str) -> None:
    file = deployer.folder / "firebase.json"
    before = file.read_text()
    config = json.loads(before)
    file.write_text(json.dumps({**config, several: [config[several]]}))
    assert refusal(deployer) == f'firebase.json has a list under "{several}": this folder deploys its own alone.'
    file.write_text(before)


def test_nothing_is_deleted_without_a_yes_whatever_page_lists_it(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployer.google, "page_max", 1)
    old, index = (
        f"{IN_PROJECT}/locations/{REGION}/functions/thumbnail",
        f"{IN_PROJECT}/databases/{DATABASE}/collectionGroups/orders",
    )
    labels = {"deployment-tool": "cli-firebase"}
    fields = [{"fieldPath": "shipped", "order": "ASCENDING"}, {"fieldPath": "__name__", "order": "ASCENDING"}]
    deployer.google.kept |= {
        f"cloudfunctions/{old}": {"name": old, "labels": labels},
        f"cloudfunctions/{old}s": {"name": f"{old}s", "labels": {**labels, "firebase-functions-codebase": "photos"}},
        f"firestore/{index}/indexes/1": {
            "name": f"{index}/indexes/1",
            "queryScope": "COLLECTION",
            "state": "READY",
            "fields": fields,
        },
        f"firestore/{index}/fields/note": {"name": f"{index}/fields/note", "indexConfig": {}},
    }
    assert refusal(deployer).startswith("Nothing was changed.")
    assert deployer.asked == ["Replace and delete this"]
    assert deployer.said[-1].splitlines() == [
        "DELETED, because it is no longer in this folder:",
        f"  function thumbnail in {REGION}",
        "  index orders (shipped ascending)",
        "  indexing of orders.note",
    ]
