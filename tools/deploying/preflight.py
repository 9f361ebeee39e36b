"""What is wrong before anything is changed. Each is a sentence; where a command puts it right, it ends with it."""

from collections.abc import Iterator
from typing import Final

from service.settings import STRIPE_WEBHOOK_SECRET, THREADS, SettingsError, settings_from
from tools.deploying import rights
from tools.deploying.found import Found
from tools.deploying.wanted import Wanted

# https://firebase.google.com/docs/firestore/locations: the regions that the two multi-regions are made of.
_NEAR: Final = {"nam5": ("us-central1",), "eur3": ("europe-west1", "europe-west4")}


def refusals(wanted: Wanted, found: Found) -> list[str]:
    """Why this is not deployed."""
    return [
        *_of_settings(wanted),
        *_of_database(wanted, found),
        *_of_accounts(wanted, found),
        *_of_secrets(wanted, found),
    ]


def warnings(wanted: Wanted, found: Found) -> list[str]:
    """What nobody has to put right before it is deployed."""
    return [*_of_location(wanted, found), *_of_protection(wanted, found)]


def _of_settings(wanted: Wanted) -> Iterator[str]:
    if STRIPE_WEBHOOK_SECRET in wanted.settings:
        yield f"{STRIPE_WEBHOOK_SECRET} is in a file of settings: it belongs into Secret Manager alone."
        return
    try:
        settings = settings_from(wanted.settings)
    except SettingsError as error:
        yield f"{error}."
        return
    for function in wanted.functions:
        if function.concurrency != settings.threads:
            yield f"{THREADS.name} is {settings.threads}, and {function.name} takes {function.concurrency} at a time."


def _of_database(wanted: Wanted, found: Found) -> Iterator[str]:
    if wanted.configured_database != wanted.database:
        yield f'DATABASE_ID is {wanted.database}: "database" under "firestore" in firebase.json must say so, too.'
    elif found.database is None:
        # The Firebase tools would make one, in nam5, without a word and without protection.
        yield (
            f"There is no database {wanted.database}: gcloud firestore databases create --database='{wanted.database}' "
            f"--location=LOCATION --delete-protection --enable-pitr --project={wanted.project}"
        )
    elif found.database.get("type") != "FIRESTORE_NATIVE":
        yield f"The database {wanted.database} is not in Native mode."


def _of_accounts(wanted: Wanted, found: Found) -> Iterator[str]:
    for name, roles in rights.ROLES.items():
        email = rights.account(name, wanted.project)
        if email not in found.accounts:
            yield f"There is no account {name}: gcloud iam service-accounts create {name} --project={wanted.project}"
        # Without one of these, events would be lost in silence.
        for role in sorted(roles - found.roles.get(rights.member(email), frozenset())):
            yield (
                f"{name} lacks {role}: gcloud projects add-iam-policy-binding {wanted.project} "
                f"--member={rights.member(email)} --role={role} --condition=None"
            )


def _of_secrets(wanted: Wanted, found: Found) -> Iterator[str]:
    for name in sorted({name for function in wanted.functions for name in function.secrets} - found.secrets):
        yield f"{name} has no value yet: firebase functions:secrets:set {name} --project {wanted.project}"


def _of_location(wanted: Wanted, found: Found) -> Iterator[str]:
    location = str((found.database or {}).get("locationId"))
    near = _NEAR.get(location, (location,))
    for region in sorted({function.region for function in wanted.functions} - set(near)):
        yield f"Functions are in {region}, the database is in {location}: REGION={near[0]} is nearer."


def _of_protection(wanted: Wanted, found: Found) -> Iterator[str]:
    database = found.database or {}
    update = f"gcloud firestore databases update --database='{wanted.database}' --project={wanted.project}"
    if database.get("deleteProtectionState") != "DELETE_PROTECTION_ENABLED":
        yield f"The database can be deleted by one command: {update} --delete-protection"
    if database.get("pointInTimeRecoveryEnablement") != "POINT_IN_TIME_RECOVERY_ENABLED":
        yield f"What is overwritten is gone at once: {update} --enable-pitr"
