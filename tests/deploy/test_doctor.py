"""The doctor's findings about a deployed service that works, and about the same one with one fault."""

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from requests import sessions
from requests.adapters import HTTPAdapter

from stripe_api.api import API_VERSION
from tests.support.broken_service import (
    BROKEN,
    FIRST,
    HOURLY_JOB,
    IN_PROJECT,
    JOB,
    LISTS,
    SECOND,
    Change,
    endpoint,
    has_effect,
    kept,
    key_is_answered,
    never_called,
    of_the_accounts_version,
    policies,
    verifies_with,
    webhook_verifies_with,
)
from tests.support.deployed_service import API_KEY, IN_FRONT_OF_IT, NOW, SERVICES_KEY, WEBHOOK, DeployedService
from tests.support.google_cloud.deployed import deployed_project, keep_secret
from tests.support.google_cloud.deploying import PROJECT, REGION, Deployer
from tests.support.google_cloud.project import GoogleProject
from tests.support.stripe.versions import API_VERSIONS
from tools.deploying.dotenv import parsed
from tools.deploying.wanted import wanted_in
from tools.diagnosing.checks import CHECKS
from tools.diagnosing.deliveries import OLDEST_VERSION
from tools.doctor import main


@pytest.fixture(scope="module")
def working(deployer: Deployer) -> GoogleProject:
    return deployed_project(wanted_in(deployer.folder, PROJECT), deployer.folder, FIRST, NOW)


@pytest.fixture
def service(deployer: Deployer, working: GoogleProject, monkeypatch: pytest.MonkeyPatch) -> DeployedService:
    google = GoogleProject(PROJECT, kept=copy.deepcopy(working.kept))
    keep_secret(google, SERVICES_KEY, "STRIPE_API_KEY")
    service = DeployedService(google, FIRST)
    monkeypatch.setattr("tools.doctor.time", SimpleNamespace(time=NOW.timestamp))
    monkeypatch.setattr(HTTPAdapter, "send", lambda _, asked, **__: service.send(asked))
    # Looking for proxies again and again took a third of the time.
    monkeypatch.setattr(sessions, "get_environ_proxies", lambda *_, **__: {})
    monkeypatch.setenv("STRIPE_API_KEY", API_KEY)
    return service


Checks = list[dict[str, Any]]
Diagnose = Callable[[], tuple[int, Checks]]


@pytest.fixture
def diagnose(deployer: Deployer, capsys: pytest.CaptureFixture[str]) -> Diagnose:
    """The exit code and the printed JSON, which never has a secret."""

    def diagnosed() -> tuple[int, Checks]:
        code = main(["--project", PROJECT, "--json=1"], deployer.folder)
        said = capsys.readouterr()
        assert not re.search(f"{FIRST}|{SECOND}|{API_KEY}|{SERVICES_KEY}", said.out + said.err)
        return code, json.loads(said.out)

    return diagnosed


def in_state(state: str, checks: Checks) -> list[str]:
    return list(dict.fromkeys(check["check"] for check in checks if check["state"] == state))


def found(diagnose: Diagnose, state: str) -> tuple[int, list[str]]:
    """The exit code, and the checks that end so."""
    code, checks = diagnose()
    return code, in_state(state, checks)


def said_of_what_is_wrong(diagnose: Diagnose, field: str = "found") -> list[str]:
    _, checks = diagnose()
    return [check[field] for check in checks if check["state"] == "wrong"]


def test_a_working_service_is_checked_in_full_without_findings(service: DeployedService, diagnose: Diagnose) -> None:
    before = service.google.copy()
    code, checks = diagnose()
    assert [(check["check"], check["state"]) for check in checks] == [(name, "ok") for name in CHECKS]
    assert code == 0
    assert service.google.copy() == before


@pytest.mark.parametrize(("check", "break_it"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_found_with_a_remedy_and_nothing_else_is_wrong(
    service: DeployedService, diagnose: Diagnose, check: str, break_it: Change
) -> None:
    break_it(service)
    code, checks = diagnose()
    assert (code, in_state("wrong", checks)) == (3, [check])
    assert all(one["remedy"] for one in checks if one["state"] != "ok")


@pytest.fixture
def set_to(deployer: Deployer, service: DeployedService) -> Iterator[Callable[[str], object]]:
    """Adds a line to the project's settings and to the running functions'."""
    file = deployer.folder / f".env.{PROJECT}"
    before = file.read_text()

    def add(line: str) -> None:
        file.write_text(before + line)
        for function in service.google.under("cloudfunctions/").values():
            function["serviceConfig"]["environmentVariables"] |= parsed(line)

    yield add
    file.write_text(before)


@pytest.mark.parametrize(
    ("check", "line"), [("settings", "OPEN_ORDERS_MAX=0"), ("settings", "THREADS=8"), ("mode", "EXPECT_LIVEMODE=true")]
)
def test_a_wrong_setting_is_found(
    service: DeployedService, set_to: Callable[[str], object], diagnose: Diagnose, check: str, line: str
) -> None:
    set_to(line)
    assert found(diagnose, "wrong") == (3, [check])


def test_a_key_of_the_other_mode_is_found_by_the_setting_or_by_the_secrets(
    service: DeployedService, set_to: Callable[[str], object], diagnose: Diagnose
) -> None:
    keep_secret(service.google, SERVICES_KEY.replace("test", "live"), "STRIPE_API_KEY")
    webhook_verifies_with(f"test:{FIRST}")(service)
    assert found(diagnose, "wrong") == (3, ["mode"])
    no_secret = "STRIPE_API_KEY is for live mode, but STRIPE_WEBHOOK_SECRET has no secret for it"
    assert said_of_what_is_wrong(diagnose) == [no_secret]
    set_to("EXPECT_LIVEMODE=false")
    assert found(diagnose, "wrong") == (3, ["mode"])
    assert said_of_what_is_wrong(diagnose) == ["STRIPE_API_KEY is for live mode, but EXPECT_LIVEMODE says test mode"]


@pytest.mark.parametrize("key", ["unset", "unset\n"])
def test_without_a_key_of_its_own_nothing_is_asked_of_stripe_and_nothing_is_wrong(
    service: DeployedService, diagnose: Diagnose, key: str
) -> None:
    keep_secret(service.google, key, "STRIPE_API_KEY")
    key_is_answered(500, *LISTS)(service)
    assert found(diagnose, "ok") == (0, list(CHECKS))


UNKNOWN: Mapping[str, tuple[str, Change]] = {
    "whether the key is right, where Stripe does not answer": ("api key", key_is_answered(500, "/v1/events")),
    "the account's version, where no event shows it": ("api version", endpoint(api_version=None)),
    "whether others watch what monitoring would": ("policies", policies(displayName="Others'")),
}


@pytest.mark.parametrize(("check", "hide"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_is_called_neither_right_nor_wrong(
    service: DeployedService, diagnose: Diagnose, check: str, hide: Change
) -> None:
    hide(service)
    assert found(diagnose, "not checked") == (0, [check])


def test_what_was_given_up_is_counted_by_its_kind(service: DeployedService, diagnose: Diagnose) -> None:
    has_effect("ERROR")(service)
    service.google.effects += [{"kind": {"stringValue": "sms"}, "state": {"stringValue": "ERROR"}}] * 99
    assert said_of_what_is_wrong(diagnose) == ["Given up: 1 mail, 99 sms, and perhaps more"]


def test_a_secret_of_the_other_mode_is_found_without_stripe(
    service: DeployedService, set_to: Callable[[str], object], diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STRIPE_API_KEY")
    set_to("EXPECT_LIVEMODE=true")
    verifies_with(f"test:{FIRST}")(service)
    assert found(diagnose, "wrong") == (3, ["mode"])


def test_a_function_of_the_first_generation_is_to_be_deleted_before_it_is_deployed(
    service: DeployedService, diagnose: Diagnose
) -> None:
    kept(f"cloudfunctions/{IN_PROJECT}/locations/{REGION}/functions/inventoryChanged", environment="GEN_1")(service)
    delete = f"gcloud functions delete inventoryChanged --no-gen2 --region={REGION} --project={PROJECT}"
    assert said_of_what_is_wrong(diagnose, "remedy") == [delete, f"make deploy PROJECT={PROJECT}"]


def test_what_is_on_later_pages_is_there(service: DeployedService, diagnose: Diagnose) -> None:
    service.google.page_max = 1
    assert found(diagnose, "ok") == (0, list(CHECKS))


def test_other_ways_to_be_right(service: DeployedService, set_to: Callable[[str], object], diagnose: Diagnose) -> None:
    webhook_verifies_with(f"test:{FIRST},live:{SECOND}")(service)
    set_to("EXPECT_LIVEMODE=true")
    keep_secret(service.google, SERVICES_KEY.replace("test", "live"), "STRIPE_API_KEY")
    endpoint(url=f"{WEBHOOK}/", livemode=True)(service)
    of_the_accounts_version(API_VERSION)(service)
    service.google.kept[JOB] |= {"status": {}}
    service.google.kept[HOURLY_JOB] |= {"lastAttemptTime": (NOW - timedelta(minutes=70)).isoformat()}
    assert found(diagnose, "ok") == (0, list(CHECKS))


def test_what_is_in_front_of_the_webhook_is_its_address_where_the_canary_goes_there(
    service: DeployedService, set_to: Callable[[str], object], diagnose: Diagnose
) -> None:
    set_to(f"CANARY_URL={IN_FRONT_OF_IT}")
    endpoint(url=IN_FRONT_OF_IT)(service)
    assert found(diagnose, "ok") == (0, list(CHECKS))


def test_what_cannot_be_looked_at_is_not_checked_and_not_wrong(
    service: DeployedService, diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STRIPE_API_KEY")
    service.google.refused = {"versions/1:access", "/alertPolicies", "/notificationChannels", "documents:runQuery"}
    never_called(NOW)(service)
    code, checks = diagnose()
    assert (code, in_state("not checked", checks)) == (
        0,
        [
            *("secret value", "api key", "schedules", "effects", "policies", "channels"),
            *("endpoint", "event types", "api version", "mode", "signed post"),
        ],
    )
    assert all(one["remedy"] for one in checks if one["state"] != "ok")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("rk_test_of_somebody_else", "Stripe answers 401"),
        ("rk_…", "STRIPE_API_KEY has a character that no Stripe key has"),
    ],
)
def test_a_key_that_stripe_does_not_take_is_not_repeated(
    service: DeployedService, diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch, key: str, why: str
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", key)
    code, checks = diagnose()
    assert (code, in_state("not checked", checks)) == (0, ["endpoint", "event types", "api version", "mode"])
    assert {check["found"] for check in checks if check["state"] != "ok"} == {why}
    assert key not in json.dumps(checks, ensure_ascii=False)


def test_an_api_that_is_off_hides_what_it_would_say_and_no_more(service: DeployedService, diagnose: Diagnose) -> None:
    kept(f"serviceusage/{IN_PROJECT}/services/cloudscheduler.googleapis.com", state="DISABLED")(service)
    service.google.refused = {JOB}
    code, checks = diagnose()
    assert (code, in_state("wrong", checks)) == (3, ["apis"])
    assert in_state("ok", checks) == ["settings", "policies", "channels"]


def test_where_nothing_is_deployed_that_is_said_once(service: DeployedService, diagnose: Diagnose) -> None:
    for name in service.google.under("cloudfunctions/"):
        del service.google.kept[f"cloudfunctions/{name}"]
    code, checks = diagnose()
    assert (code, in_state("wrong", checks)) == (3, ["functions"])
    assert in_state("not checked", checks)[-2:] == ["forged post", "signed post"]


def test_a_person_without_permission_to_look_is_told_what_is_lacking(
    service: DeployedService, deployer: Deployer, capsys: pytest.CaptureFixture[str]
) -> None:
    service.google.lacking = {"datastore.indexes.list", "cloudfunctions.functions.create"}
    assert main(["--project", PROJECT], deployer.folder) == 1
    assert capsys.readouterr() == ("", f"Whoever is signed in lacks, in {PROJECT}: datastore.indexes.list.\n")


def test_the_table_has_a_line_for_each_check(
    service: DeployedService, deployer: Deployer, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(JOB, state="PAUSED")(service)
    assert main(["--project", PROJECT], deployer.folder) == 3
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(CHECKS)
    assert lines[0] == "ok           apis           the APIs that functions.yaml names are on"
    assert (
        "wrong        schedules      The job of releaseExpiredReservations is PAUSED: gcloud scheduler jobs resume "
        f"firebase-schedule-releaseExpiredReservations-{REGION} --location={REGION} --project={PROJECT}"
    ) in lines


def test_the_versions_that_are_known_are_those_that_are_tested() -> None:
    assert (min(API_VERSIONS), max(API_VERSIONS)) == (OLDEST_VERSION, API_VERSION)
