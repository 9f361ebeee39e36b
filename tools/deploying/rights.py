"""Permissions: the accounts that functions run as, and what deploying needs.

An account created by the Firebase tools (`requiredRoles` in functions.yaml) would be shared by all functions: then the
webhook, which anybody may call, could call the others. functions.yaml alone says which account reads which secret: the
Firebase tools grant that on the secret itself.
"""

import re
from collections.abc import Mapping
from typing import Final

INVOKER: Final = "roles/run.invoker"
ANYBODY: Final = "allUsers"
_DATASTORE_USER: Final = "roles/datastore.user"

ROLES: Final[Mapping[str, frozenset[str]]] = {
    "settle-webhook": frozenset({_DATASTORE_USER}),
    "settle-triggers": frozenset({_DATASTORE_USER}),
    # https://docs.cloud.google.com/iam/docs/roles-permissions/firebasecloudmessaging: it may send, not read.
    "settle-effects": frozenset({_DATASTORE_USER, "roles/firebasecloudmessaging.admin"}),
    "settle-checkout": frozenset({_DATASTORE_USER}),
    "settle-reconcile": frozenset({_DATASTORE_USER}),
    # May call its own function, which the Firebase tools allow.
    "settle-canary": frozenset(),
}
"""What each account's code needs in the whole project, by the account's name."""

RECEIVER: Final = frozenset({"roles/eventarc.eventReceiver", INVOKER})
"""What an account needs in addition if an event triggers one of its functions.

https://cloud.google.com/eventarc/standard/docs/run/route-trigger-cloud-firestore
"""

DEPLOYER: Final[Mapping[str, tuple[str, ...]]] = {
    "roles/artifactregistry.admin": ("artifactregistry.repositories.get", "artifactregistry.repositories.update"),
    "roles/cloudfunctions.admin": (
        "cloudfunctions.functions.create",
        "cloudfunctions.functions.delete",
        "cloudfunctions.functions.list",
        "cloudfunctions.functions.setIamPolicy",
        "cloudfunctions.functions.update",
    ),
    "roles/cloudscheduler.admin": (
        "cloudscheduler.jobs.create",
        "cloudscheduler.jobs.delete",
        "cloudscheduler.jobs.get",
        "cloudscheduler.jobs.update",
    ),
    "roles/datastore.indexAdmin": (
        "datastore.databases.getMetadata",
        "datastore.indexes.create",
        "datastore.indexes.delete",
        "datastore.indexes.list",
        "datastore.indexes.update",
    ),
    "roles/firebase.viewer": ("firebase.projects.get",),
    "roles/firebaserules.admin": (
        "firebaserules.releases.list",
        "firebaserules.releases.update",
        "firebaserules.rulesets.create",
        "firebaserules.rulesets.get",
        "firebaserules.rulesets.test",
    ),
    "roles/iam.securityReviewer": ("iam.serviceAccounts.list", "resourcemanager.projects.getIamPolicy"),
    "roles/run.admin": ("run.services.getIamPolicy", "run.services.setIamPolicy"),
    "roles/secretmanager.viewer": (
        "secretmanager.secrets.get",
        "secretmanager.secrets.getIamPolicy",
        "secretmanager.versions.get",
    ),
    "roles/serviceusage.serviceUsageConsumer": ("serviceusage.services.get", "serviceusage.services.use"),
}
"""What each role is needed for in the whole project; beside them, roles/iam.serviceAccountUser on each account."""

DEPLOYERS: Final = tuple(permission for permissions in DEPLOYER.values() for permission in permissions)
READERS: Final = tuple(permission for permission in DEPLOYERS if re.search(r"\.(get\w*|list|use)$", permission))
"""Those of these permissions that change nothing."""


def account(name: str, project: str) -> str:
    """The e-mail address of a service account of this project."""
    return f"{name}@{project}.iam.gserviceaccount.com"


def member(email: str) -> str:
    return f"serviceAccount:{email}"
