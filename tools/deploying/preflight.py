"""What is wrong before anything is changed, and how to fix it."""

from collections.abc import Collection, Iterator
from typing import Final

from service.environment import SettingsError
from service.settings import THREADS, settings_from
from tools.deploying import rights
from tools.deploying.defects import Defect
from tools.deploying.found import Found, caller_of
from tools.deploying.wanted import Wanted

# https://firebase.google.com/docs/firestore/locations: the regions that make up the two multi-regions.
_NEAR: Final = {"nam5": ("us-central1",), "eur3": ("europe-west1", "europe-west4")}


def refusals(wanted: Wanted, found: Found) -> list[Defect]:
    """The reasons not to deploy."""
    return [
        *of_settings(wanted),
        *of_database(wanted, found),
        *of_accounts(wanted, found),
        # Secrets that do not exist are created.
        *of_secrets(wanted, found, but_for=found.absent_secrets),
        *of_generation(wanted, found),
        *_of_schedules(wanted, found),
    ]


def warnings(wanted: Wanted, found: Found) -> list[Defect]:
    """What need not be fixed before deploying."""
    return [*_of_own_settings(wanted), *_of_strays(wanted), *_of_location(wanted, found), *of_protection(wanted, found)]


def of_settings(wanted: Wanted) -> Iterator[Defect]:
    if exposed := sorted(wanted.secrets & wanted.settings.keys()):
        for name in exposed:
            yield Defect(f"{name} is in a settings file", "it belongs only in Secret Manager.")
        return
    for name in sorted(wanted.cut_short):
        yield Defect(f"What follows the # is not part of {name}", "put the value in double quotes.")
    for name in sorted(wanted.unknown):
        yield Defect(f"{name} is not a setting", ".env lists them all.")
    try:
        settings = settings_from(wanted.settings)
    except SettingsError as error:
        yield Defect(str(error))
        return
    for function in wanted.functions:
        if function.concurrency > settings.threads:
            yield Defect(
                f"{THREADS.name} is {settings.threads}, but {function.name} takes {function.concurrency} requests "
                "at a time"
            )


def of_database(wanted: Wanted, found: Found) -> Iterator[Defect]:
    if wanted.configured_database != wanted.database:
        yield Defect(
            f"DATABASE_ID is {wanted.database}", '"database" under "firestore" in firebase.json must say so, too.'
        )
    elif found.database is None:
        # The Firebase tools would silently create one in nam5, without protection.
        yield Defect(
            f"There is no database {wanted.database}",
            f"gcloud firestore databases create --database='{wanted.database}' "
            f"--location=LOCATION --delete-protection --enable-pitr --project={wanted.project}",
        )
    elif found.database.get("type") != "FIRESTORE_NATIVE":
        yield Defect(
            f"The database {wanted.database} is not in Native mode",
            f"gcloud firestore databases update --database='{wanted.database}' --type=firestore-native "
            f"--project={wanted.project}, as long as it is empty",
        )


def of_accounts(wanted: Wanted, found: Found) -> Iterator[Defect]:
    for name, roles in wanted.roles.items():
        email = rights.account(name, wanted.project)
        if email not in found.accounts:
            yield Defect(
                f"There is no account {name}", f"gcloud iam service-accounts create {name} --project={wanted.project}"
            )
        # Without one of these, events would be lost silently.
        for role in sorted(roles - found.roles.get(rights.member(email), frozenset())):
            yield Defect(
                f"{name} lacks {role}",
                f"gcloud projects add-iam-policy-binding {wanted.project} "
                f"--member={rights.member(email)} --role={role} --condition=None",
            )


def of_secrets(wanted: Wanted, found: Found, *, but_for: Collection[str] = ()) -> Iterator[Defect]:
    for name in sorted(wanted.secrets - found.secrets.keys() - set(but_for)):
        yield Defect(f"{name} has no value yet", f"firebase functions:secrets:set {name} --project {wanted.project}")


def of_generation(wanted: Wanted, found: Found) -> Iterator[Defect]:
    """https://firebase.google.com/docs/functions/2nd-gen-upgrade: two generations cannot share a name in one region."""
    for function in wanted.functions:
        if (function.region, function.name) in found.first_generation:
            yield Defect(
                f"In {function.region}, {function.name} is of the first generation, and cannot be updated",
                f"gcloud functions delete {function.name} --no-gen2 --region={function.region} "
                f"--project={wanted.project}",
            )


def _of_schedules(wanted: Wanted, found: Found) -> Iterator[Defect]:
    """The Firebase tools compare only a schedule's times: the old account would keep calling, and be refused."""
    for function in wanted.functions:
        caller = caller_of(found.jobs[function.job]) if function.job in found.jobs else function.account
        if caller != function.account:
            yield Defect(
                f"The schedule of {function.name} calls it as {caller}, but it will no longer run as that account",
                f"gcloud scheduler jobs delete {function.job} --location={function.region} "
                f"--project={wanted.project}, and deploy: that creates it again",
            )


def _of_own_settings(wanted: Wanted) -> Iterator[Defect]:
    """In a checkout where somebody forgot to commit the file, deploying would reset all settings to their defaults."""
    if not wanted.has_own_settings:
        yield Defect(f"There is no .env.{wanted.project}", "every setting is as in .env.")


def _of_strays(wanted: Wanted) -> Iterator[Defect]:
    if wanted.strays:
        yield Defect(
            f"Not in git, but uploaded: {', '.join(wanted.strays)}",
            "commit each, or move it away.",
        )


def _of_location(wanted: Wanted, found: Found) -> Iterator[Defect]:
    location = str((found.database or {}).get("locationId"))
    near = _NEAR.get(location, (location,))
    for region in sorted({function.region for function in wanted.functions} - set(near)):
        yield Defect(f"Functions are in {region}, but the database is in {location}", f"REGION={near[0]} is nearer.")


def of_protection(wanted: Wanted, found: Found) -> Iterator[Defect]:
    database = found.database or {}
    update = f"gcloud firestore databases update --database='{wanted.database}' --project={wanted.project}"
    if database.get("deleteProtectionState") != "DELETE_PROTECTION_ENABLED":
        yield Defect("The database can be deleted by one command", f"{update} --delete-protection")
    if database.get("pointInTimeRecoveryEnablement") != "POINT_IN_TIME_RECOVERY_ENABLED":
        yield Defect("Overwritten data cannot be recovered", f"{update} --enable-pitr")
