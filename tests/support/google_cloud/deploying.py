"""Deployments into the stand-in for a project, from a folder like a developer's, with all its other files."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.support.deployed import PACKAGES
from tests.support.google_cloud.project import GoogleProject, Json
from tests.support.google_cloud.proxy import proxy_to
from tools.deploy import Deployment
from tools.deploying import rights
from tools.deploying.firebase import firebase_in
from tools.deploying.google import Google
from tools.deploying.wanted import Wanted, wanted_in
from tools.toolchain import ROOT

PROJECT: Final = "shop-of-tests"
SECRET: Final = "STRIPE_WEBHOOK_SECRET"
# None is the default, so each shows whether the setting arrives.
DATABASE: Final = "sales"
LOCATION: Final = "eur3"
REGION: Final = "europe-west1"
_SETTINGS: Final = f"REGION={REGION}\nDATABASE_ID={DATABASE}\nMIN_INSTANCES=1\n"
UPLOADED_FILES: Final = (".env", "functions.yaml", "main.py", "requirements.txt")
_READ_FILES: Final = ("firestore.indexes.json", "firestore.rules")
_LITTER: Final = (
    *(".secret.local", ".env.local", ".env.demo-shop", ".git/config", "README.md", "emulators.log"),
    *(
        "venv/lib/stripe.py",
        "tools/demo.py",
        "tests/unit/test_main.py",
        "bench/load.py",
        "ops/why.py",
        "docs/runbook.md",
    ),
    *("build/main.py", "orders/__pycache__/order.pyc", "orders/notes.txt"),
)


def dirty_folder(folder: Path) -> None:
    for name in (*UPLOADED_FILES, *_READ_FILES):
        shutil.copy(ROOT / name, folder)
    config = json.loads((ROOT / "firebase.json").read_text())
    config["firestore"]["database"] = DATABASE
    (folder / "firebase.json").write_text(json.dumps(config))
    (folder / f".env.{PROJECT}").write_text(_SETTINGS)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _LITTER:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("litter")


def prepared_project(wanted: Wanted) -> GoogleProject:
    """A project prepared as the runbook asks before the first deployment."""
    google = GoogleProject(PROJECT)
    project = f"projects/{PROJECT}"
    emails = {name: rights.account(name, PROJECT) for name in wanted.roles}
    google.kept |= {f"iam/{project}/serviceAccounts/{email}": {"email": email} for email in emails.values()}
    google.kept[f"cloudresourcemanager/{project}:policy"] = {
        "bindings": [
            {"role": role, "members": [rights.member(emails[name])]}
            for name, roles in wanted.roles.items()
            for role in sorted(roles)
        ]
    }
    google.kept[f"firestore/{project}/databases/{DATABASE}"] = {"locationId": LOCATION, "type": "FIRESTORE_NATIVE"}
    images = f"{project}/locations/{REGION}/repositories/gcf-artifacts"
    google.kept[f"artifactregistry/{images}"] = {"name": images}
    return google


@dataclass
class Deployer:
    google: GoogleProject
    folder: Path
    answer: bool = False
    """The answer to the question before deleting."""
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    targets: list[Sequence[str]] = field(default_factory=list)
    """What each run of the Firebase tools was told to deploy."""
    left: list[dict[str, Json]] = field(default_factory=list)
    """What each of these runs left behind."""

    def deploy(self, *, is_dry: bool = False) -> bool:
        firebase = firebase_in(self.folder, PROJECT)

        def recorded(targets: Sequence[str]) -> int:
            self.targets.append(targets)
            code = firebase(targets)
            self.left.append(self.google.copy())
            return code

        def may_delete(question: str) -> bool:
            self.asked.append(question)
            return self.answer

        return Deployment(wanted_in(self.folder, PROJECT), Google(PROJECT), recorded, may_delete, self.said.append).run(
            is_dry=is_dry
        )


@contextmanager
def deployer_in(folder: Path) -> Iterator[Deployer]:
    """In this block, the deployer's project answers every call to Google by this process and its children."""
    source = folder / "source"
    source.mkdir()
    dirty_folder(source)
    google = prepared_project(wanted_in(source, PROJECT))
    credentials = folder / "credentials.json"
    credentials.write_text(
        json.dumps({"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"})
    )
    with proxy_to(google, folder / "authority.pem") as proxy, pytest.MonkeyPatch.context() as environment:
        # Settings of the emulators, a developer or their proxy must not lead elsewhere.
        for name in os.environ:
            if name.startswith(("FIRE", "GCLOUD", "GOOGLE", "CLOUDSDK", "STRIPE")) or name.lower().endswith("_proxy"):
                environment.delenv(name)
        environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials))
        # The code under test sets it; monkeypatching undoes that afterwards.
        environment.setenv("GOOGLE_CLOUD_PROJECT", google.project)
        # The Firebase tools do not fetch default credentials through a proxy.
        environment.setenv("FIREBASE_TOKEN", "a-refresh-token")
        environment.setenv("HTTPS_PROXY", proxy)
        for name in ("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"):
            environment.setenv(name, str(folder / "authority.pem"))
        for name in ("TMPDIR", "XDG_CONFIG_HOME"):
            environment.setenv(name, str(folder))
        environment.setenv("CI", "true")
        # Every run reads functions.yaml; Python's own YAML parser would take longer than all the rest.
        environment.setattr(yaml, "safe_load", partial(yaml.load, Loader=yaml.CSafeLoader))
        yield Deployer(google, source)
