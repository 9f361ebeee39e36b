"""Deployed services with one fault each, and the check that has to find it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from tests.support.deployed_service import NOW, DeployedService, an_endpoint
from tests.support.google_cloud.deployed import IN_DATABASE, keep_secret
from tests.support.google_cloud.deploying import DATABASE, PROJECT, REGION, SECRET
from webhooks.translation import HANDLED_TYPES

IN_PROJECT: Final = f"projects/{PROJECT}"
PLACE: Final = f"{IN_PROJECT}/locations/{REGION}"
SECRETS: Final = f"secretmanager/{IN_PROJECT}/secrets/{SECRET}"
JOB: Final = f"cloudscheduler/{PLACE}/jobs/firebase-schedule-releaseExpiredReservations-{REGION}"
HOURLY_JOB: Final = f"cloudscheduler/{PLACE}/jobs/firebase-schedule-reconcileWithStripe-{REGION}"
PLACE_OF_FUNCTIONS: Final = f"cloudfunctions/{PLACE}/functions"
POLICY: Final = f"monitoring/{IN_PROJECT}/alertPolicies/1"
CHANNEL: Final = f"monitoring/{IN_PROJECT}/notificationChannels/1"
TTL: Final = f"{IN_DATABASE}/collectionGroups/messages/fields/expireAt"
FIRST: Final = f"whsec_{'a' * 32}"
LISTS: Final = ("/v1/checkout/sessions", "/v1/payment_intents", "/v1/refunds", "/v1/events")
SECOND: Final = f"whsec_{'b' * 32}"

Change = Callable[[DeployedService], object]


def kept(name: str, /, **fields: Any) -> Change:
    """A resource of the project has other fields."""
    return lambda service: service.google.kept.setdefault(name, {}).update(fields)


def gone(name: str) -> Change:
    return lambda service: service.google.kept.pop(name)


def endpoint(**fields: Any) -> Change:
    """Stripe's endpoint has other fields."""
    return lambda service: service.endpoints[0].update(fields)


def of_the_accounts_version(version: str) -> Change:
    """The endpoint has no API version of its own, so the account's applies."""

    def change(service: DeployedService) -> None:
        service.events = [{"object": "event", "api_version": version}]
        endpoint(api_version=None)(service)

    return change


def policies(**fields: Any) -> Change:
    """All alert policies have other fields."""

    def change(service: DeployedService) -> None:
        for name in service.google.under(f"monitoring/{IN_PROJECT}/alertPolicies/"):
            kept(f"monitoring/{IN_PROJECT}/alertPolicies/{name}", **fields)(service)

    return change


def calls_by_a_channel_that_is_off(service: DeployedService) -> None:
    name = f"{IN_PROJECT}/notificationChannels/2"
    kept(f"monitoring/{name}", name=name, enabled=False)(service)
    kept(POLICY, notificationChannels=[name])(service)


def never_called(since: datetime) -> Change:
    def change(service: DeployedService) -> None:
        del service.google.kept[JOB]["lastAttemptTime"]
        kept(JOB, userUpdateTime=since.isoformat())(service)

    return change


def webhook(**fields: Any) -> Change:
    """The running webhook has other attributes."""

    def change(service: DeployedService) -> None:
        for name, value in fields.items():
            setattr(service, name, value)

    return change


def verifies_with(text: str) -> Change:
    """Secret Manager has this secret; the webhook keeps the one it was started with."""
    return lambda service: keep_secret(service.google, text)


def webhook_verifies_with(text: str) -> Change:
    """The webhook was started with this secret, too."""

    def change(service: DeployedService) -> None:
        service.secret = text
        verifies_with(text)(service)

    return change


def has_key(key: str) -> Change:
    return lambda service: keep_secret(service.google, key, "STRIPE_API_KEY")


def key_is_answered(status: int, *paths: str) -> Change:
    """Stripe's answer to the service's own key."""
    return lambda service: service.key_answers.update(dict.fromkeys(paths, status))


def has_effect(state: str) -> Change:
    return lambda service: service.google.effects.append(
        {"kind": {"stringValue": "mail"}, "state": {"stringValue": state}}
    )


def an_index(service: DeployedService) -> dict[str, Any]:
    return next(one for name, one in service.google.kept.items() if "/collectionGroups/orders/indexes/" in name)


def a_service(service: DeployedService) -> dict[str, Any]:
    config: dict[str, Any] = service.google.kept[f"{PLACE_OF_FUNCTIONS}/stripeWebhook"]["serviceConfig"]
    return config


BROKEN: Final[dict[str, tuple[str, Callable[[DeployedService], object]]]] = {
    "an API is off": ("apis", kept(f"serviceusage/{IN_PROJECT}/services/eventarc.googleapis.com", state="DISABLED")),
    "a setting that was not deployed": (
        "in use",
        lambda service: a_service(service)["environmentVariables"].update(OPEN_ORDERS_MAX="7"),
    ),
    "a setting that is new": ("in use", lambda service: a_service(service)["environmentVariables"].pop("FEW_LEFT")),
    "an account has no role": ("rights", kept(f"cloudresourcemanager/{IN_PROJECT}:policy", bindings=[])),
    "in Datastore mode": ("database", kept(IN_DATABASE, type="DATASTORE_MODE")),
    "locked by groups": ("database", kept(IN_DATABASE, concurrencyMode="OPTIMISTIC_WITH_ENTITY_GROUPS")),
    "for MongoDB alone": ("database", kept(IN_DATABASE, firestoreDataAccessMode="DATA_ACCESS_MODE_DISABLED")),
    "can be deleted": ("protection", kept(IN_DATABASE, deleteProtectionState="DELETE_PROTECTION_DISABLED")),
    "an index is missing": ("indexes", gone(f"{IN_DATABASE}/collectionGroups/products/fields/active")),
    "an index is being built": ("indexes", lambda service: an_index(service).update(state="CREATING")),
    "nothing is deleted yet": ("times to live", kept(TTL, ttlConfig={"state": "CREATING"})),
    "other rules": ("rules", kept(f"firebaserules/{IN_PROJECT}/rulesets/1", source={"files": [{"content": "other"}]})),
    "no rules": ("rules", gone(f"firebaserules/{IN_PROJECT}/releases/cloud.firestore/{DATABASE}")),
    "no value": ("secrets", gone(f"{SECRETS}/versions/latest")),
    "a later value": ("secrets", kept(f"{SECRETS}/versions/latest", name=f"{SECRETS}/versions/2")),
    "a value that can be none": ("secret value", verifies_with(f'"{FIRST}"')),
    "a version that was disabled": ("secret value", gone(f"{SECRETS}/versions/1:access")),
    "still unset": ("secret value", verifies_with("unset")),
    "a key that can be none": ("api key", has_key("pk_test_1")),
    "a key that was disabled": (
        "api key",
        gone(f"secretmanager/{IN_PROJECT}/secrets/STRIPE_API_KEY/versions/1:access"),
    ),
    "a key that Stripe does not take": ("api key", key_is_answered(401, *LISTS)),
    "a key that may do too little": ("api key", key_is_answered(403, "/v1/refunds")),
    "what was given up": ("effects", has_effect("ERROR")),
    "what has waited for too long": ("effects", has_effect("RETRY")),
    "not active": ("functions", kept(f"{PLACE_OF_FUNCTIONS}/inventoryChanged", state="FAILED")),
    "never started": (
        "functions",
        kept(f"{PLACE_OF_FUNCTIONS}/stripeWebhook", state="FAILED", serviceConfig={}, url=""),
    ),
    "another account": ("functions", lambda service: a_service(service).update(serviceAccountEmail="somebody")),
    "nobody may call it": ("functions", kept(f"run/{PLACE}/services/stripewebhook:policy", bindings=[])),
    "no schedule": ("functions", gone(JOB)),
    "paused": ("schedules", kept(JOB, state="PAUSED")),
    "silent": ("schedules", kept(JOB, lastAttemptTime=(NOW - timedelta(minutes=21)).isoformat())),
    "silent for more than an hour": (
        "schedules",
        kept(HOURLY_JOB, lastAttemptTime=(NOW - timedelta(minutes=76)).isoformat()),
    ),
    "never called": ("schedules", never_called(NOW - timedelta(minutes=21))),
    "failed": ("schedules", kept(JOB, status={"code": 13})),
    "nobody is alerted": ("policies", policies(enabled=False)),
    "a policy is missing": ("policies", gone(POLICY)),
    "a policy that calls nobody": ("policies", kept(POLICY, notificationChannels=[])),
    "a policy whose channel is gone": ("policies", kept(POLICY, notificationChannels=[f"{CHANNEL}0"])),
    "a policy whose channel is off": ("policies", calls_by_a_channel_that_is_off),
    "nobody has confirmed": ("channels", kept(CHANNEL, verificationStatus="UNVERIFIED")),
    "no channel": ("channels", kept(CHANNEL, enabled=False)),
    "no endpoint": ("endpoint", endpoint(url="https://b.example")),
    "two endpoints": ("endpoint", lambda service: service.endpoints.append(an_endpoint("we_3"))),
    "disabled": ("endpoint", endpoint(status="disabled")),
    "a type too few": ("event types", endpoint(enabled_events=sorted(HANDLED_TYPES - {"refund.created"}))),
    "a type too many": ("event types", endpoint(enabled_events=[*HANDLED_TYPES, "customer.created"])),
    "every type": ("event types", endpoint(enabled_events=["*"])),
    "too old": ("api version", endpoint(api_version="2019-12-03")),
    "as old as the account": ("api version", of_the_accounts_version("2015-10-16")),
    "too new": ("api version", endpoint(api_version="2026-11-25.endive")),
    "a secret of the other mode": ("mode", verifies_with(f"live:{FIRST}")),
    "test money pays": ("mode", webhook_verifies_with(f"test:{FIRST},live:{SECOND}")),
    "accepts what is forged": ("forged post", webhook(answers=(200, {"result": "ignored"}))),
    "verifies with one of two": ("signed post", verifies_with(f"{FIRST},{SECOND}")),
    "verifies with something else": ("signed post", webhook(secret=SECOND)),
}
