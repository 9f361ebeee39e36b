"""Nothing imports main.py when firebase deploys, so this checks what functions.yaml says about it."""

import inspect
import math
import random
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import pytest
import yaml
from functions_framework import _function_registry

import main
from database.groups import COMMITS_MAX
from database.queries import BATCH_DOCUMENTS_MAX, BATCH_EFFECTS_MAX, QUERY_SECONDS_MAX
from effects.outside import PERFORM_SECONDS_MAX
from effects.schedule import LEASE
from receiving.watchdog import PATIENT_MAX
from reconciliation import job, with_stripe
from settlement import folding
from settlement.settle import Patience
from tools.deploying import rights
from tools.toolchain import ROOT
from triggers.sweep import RUN_SECONDS_MAX, THREADS
from webhooks.canary import ANSWER_SECONDS_MAX

ENDPOINTS: Mapping[str, Any] = yaml.safe_load((ROOT / "functions.yaml").read_text())["endpoints"]
SETTINGS = dict(
    line.split("=", 1) for line in (ROOT / ".env").read_text().splitlines() if "=" in line and line[0] != "#"
)

KINDS: Final = {
    "stripe_webhook": "webhook",
    "create_checkout": "checkout",
    "perform_effect": "effects",
    "release_expired_reservations": "effects",
    "fold_takings": "effects",
    "reconcile_with_stripe": "reconcile",
    "send_canary": "canary",
}
"""The account of an entry point; all others run as the triggers'."""


def secrets_of(name: str) -> set[str]:
    return {secret["key"] for secret in ENDPOINTS[name].get("secretEnvironmentVariables", ())}


each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
each_event_endpoint = pytest.mark.parametrize(
    "trigger", [endpoint["eventTrigger"] for endpoint in ENDPOINTS.values() if "eventTrigger" in endpoint]
)


def test_every_function_of_main_is_deployed_once() -> None:
    assert sorted(endpoint["entryPoint"] for endpoint in ENDPOINTS.values()) == sorted(_function_registry.REGISTRY_MAP)


@each_endpoint
def test_an_entry_point_takes_what_its_trigger_sends(endpoint: Mapping[str, Any]) -> None:
    name = endpoint["entryPoint"]
    assert len(inspect.signature(getattr(main, name)).parameters) == 1
    kind = "cloudevent" if "eventTrigger" in endpoint else "http"
    assert _function_registry.REGISTRY_MAP[name] == kind


@each_endpoint
def test_the_server_has_a_thread_for_every_concurrent_request(endpoint: Mapping[str, Any]) -> None:
    assert endpoint["concurrency"] <= int(SETTINGS["THREADS"])
    assert endpoint["cpu"] >= 1, "one instance takes several requests at a time from one cpu on only"


def test_no_more_threads_are_made_than_some_function_needs() -> None:
    assert int(SETTINGS["THREADS"]) == max(endpoint["concurrency"] for endpoint in ENDPOINTS.values())


def test_half_of_what_comes_from_outside_waits_patiently_for_bodies() -> None:
    public = [endpoint["concurrency"] for endpoint in ENDPOINTS.values() if "httpsTrigger" in endpoint]
    assert {PATIENT_MAX} == {concurrency // 2 for concurrency in public}


def test_few_instances_hold_units_each_as_many_at_a_time_as_one_commit_can() -> None:
    holding = ENDPOINTS["reserveInventoryOnOrderCreate"]
    assert holding["concurrency"] == COMMITS_MAX
    assert 2 <= holding["maxInstances"] <= 4


@each_endpoint
def test_no_function_scales_without_limit(endpoint: Mapping[str, Any]) -> None:
    assert 0 < endpoint["maxInstances"] <= 100


@each_endpoint
def test_a_function_is_where_the_project_wants_it_and_runs_as_an_account_of_its_kind(
    endpoint: Mapping[str, Any],
) -> None:
    assert endpoint["region"] == ["{{ params.REGION }}"]
    kind = KINDS.get(endpoint["entryPoint"], "triggers")
    assert endpoint["serviceAccount"] == f"settle-{kind}@{{{{ params.PROJECT_ID }}}}.iam.gserviceaccount.com"


@each_event_endpoint
def test_a_firestore_trigger_names_its_database_and_is_delivered_again_after_a_failure(
    trigger: Mapping[str, Any],
) -> None:
    assert set(trigger["eventFilters"]) == {"database", "namespace"}
    assert trigger["eventFilterPathPatterns"]["document"]
    assert trigger["retry"] is True


def test_the_sweep_runs_every_five_minutes_and_ends_its_last_batch_within_its_time() -> None:
    sweep = ENDPOINTS["releaseExpiredReservations"]
    assert sweep["scheduleTrigger"]["schedule"] == "every 5 minutes"
    patience = Patience(time.monotonic, time.sleep, random.random)
    # A batch of stranded orders that all use up their patience, then the query for their parked events.
    last_batch_seconds = math.ceil(BATCH_DOCUMENTS_MAX / THREADS) * (patience.total_seconds + QUERY_SECONDS_MAX)
    # Or a batch of effects: one that is given up takes four database calls and one call outside.
    effect_seconds = 4 * patience.total_seconds + PERFORM_SECONDS_MAX
    last_effects_seconds = math.ceil(BATCH_EFFECTS_MAX / THREADS) * effect_seconds
    # Then one more query shows that nothing is left.
    last_seconds = max(last_batch_seconds, last_effects_seconds) + QUERY_SECONDS_MAX
    assert RUN_SECONDS_MAX + last_seconds <= sweep["timeoutSeconds"]
    assert effect_seconds <= ENDPOINTS["performEffect"]["timeoutSeconds"]


def test_what_was_sold_of_hot_products_is_folded_every_minute_by_one_worker_that_ends_within_its_time() -> None:
    fold = ENDPOINTS["foldTakings"]
    assert fold["scheduleTrigger"]["schedule"] == "every 1 minutes"
    assert (fold["maxInstances"], secrets_of("foldTakings")) == (1, set())
    # The last page is listed, read and committed in it.
    assert fold["timeoutSeconds"] - QUERY_SECONDS_MAX >= folding.RUN_SECONDS_MAX
    assert timedelta(minutes=1).total_seconds() > folding.RUN_SECONDS_MAX


def test_a_lease_lasts_longer_than_its_holder_may_work() -> None:
    assert timedelta(seconds=ENDPOINTS["performEffect"]["timeoutSeconds"]) < LEASE


def test_only_stripe_and_customers_may_call_from_outside() -> None:
    public = [name for name, endpoint in ENDPOINTS.items() if "httpsTrigger" in endpoint]
    assert public == ["stripeWebhook", "createCheckout"]


def test_customers_call_a_function_that_can_ask_stripe_and_verifies_nothing_of_stripes() -> None:
    checkout = ENDPOINTS["createCheckout"]
    assert checkout["httpsTrigger"] == {"invoker": ["public"]}
    assert checkout["secretEnvironmentVariables"] == [{"key": "STRIPE_API_KEY"}]


def test_the_webhook_is_public_and_has_its_secret() -> None:
    assert ENDPOINTS["stripeWebhook"]["httpsTrigger"] == {"invoker": ["public"]}
    assert secrets_of("stripeWebhook") == {"STRIPE_WEBHOOK_SECRET", "STRIPE_API_KEY"}


def test_the_sweep_may_do_what_effects_take() -> None:
    secrets = {"STRIPE_API_KEY", "MAIL_SECRET", "SMS_AUTH_TOKEN", "CHAT_WEBHOOK_URL"}
    assert secrets_of("releaseExpiredReservations") == secrets_of("performEffect") == secrets


def test_the_canary_signs_with_the_webhooks_secret_and_ends_within_its_time() -> None:
    canary, webhook = ENDPOINTS["sendCanary"], ENDPOINTS["stripeWebhook"]
    assert secrets_of("sendCanary") == {"STRIPE_WEBHOOK_SECRET"}
    assert webhook["timeoutSeconds"] <= ANSWER_SECONDS_MAX < canary["timeoutSeconds"]


def test_reconciliation_runs_every_hour_asks_stripe_and_looks_back_further_than_its_last_run() -> None:
    reconciliation = ENDPOINTS["reconcileWithStripe"]
    assert reconciliation["scheduleTrigger"]["schedule"] == "every 60 minutes"
    assert secrets_of("reconcileWithStripe") == {"STRIPE_API_KEY"}
    assert timedelta(hours=1) < with_stripe.OVERLAP
    assert reconciliation["timeoutSeconds"] > job.RUN_SECONDS_MAX


def test_every_account_has_its_roles_in_the_table_of_them() -> None:
    named = {endpoint["serviceAccount"].partition("@")[0] for endpoint in ENDPOINTS.values()}
    assert named <= rights.ROLES.keys()


def test_the_settings_file_holds_no_secret() -> None:
    secrets = set().union(*map(secrets_of, ENDPOINTS))
    assert not [name for name in SETTINGS if name in secrets or "SECRET" in name or "KEY" in name]
