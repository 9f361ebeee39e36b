"""Opens the shop that a command is about: its project and database, as the signed-in user or in the emulators."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from google.auth.exceptions import GoogleAuthError

from database.connection import Connection, connect
from database.errors import AnswerTooLarge, RequestRefused
from database.firestore_store import FirestoreStore
from database.moments import FirestoreMoments
from ops.exit_codes import Failed, NotSignedIn
from ops.reading import Reader
from orders.outcome import Transient
from service.environment import SettingsError
from service.settings import Settings, settings_from
from stripe_api.api import StripeUnavailable
from tools.addresses import PROJECT, NoEmulators, found
from tools.deploying.dotenv import settings_of
from tools.toolchain import BUILD, ROOT

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from ops.accounts import Accounts
    from stripe_api.api import StripeApi

_EMULATOR: Final = "FIRESTORE_EMULATOR_HOST"
_AUTH_EMULATOR: Final = "FIREBASE_AUTH_EMULATOR_HOST"
_FROM_THE_ENVIRONMENT: Final = ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT")
_OF_EMULATORS: Final = "demo-"
"""The prefix of projects that exist only in emulators, as in the Firebase tools."""


@dataclass(frozen=True)
class Shop:
    """One shop. It connects on first use."""

    project: str
    environment: Mapping[str, str]
    """Its settings except the secrets, as its functions get them, and the emulators' addresses, if it runs there."""

    def now(self) -> datetime:
        """The database's time. Raises StoreUnavailable, DefaultCredentialsError."""
        return self._began_at + timedelta(seconds=time.monotonic())

    @cached_property
    def _began_at(self) -> datetime:
        """When this computer's monotonic clock was zero."""
        return FirestoreMoments(self.connection).now().at - timedelta(seconds=time.monotonic())

    @cached_property
    def settings(self) -> Settings:
        """Raises SettingsError."""
        return settings_from(self.environment)

    @cached_property
    def connection(self) -> Connection:
        """Raises DefaultCredentialsError."""
        return connect(self.project, self.settings.database)

    @cached_property
    def store(self) -> FirestoreStore:
        return FirestoreStore(self.connection)

    @cached_property
    def reader(self) -> Reader:
        """For reading only. Raises DefaultCredentialsError."""
        from ops.firestore_reader import FirestoreReader  # noqa: PLC0415 - imports the client

        return FirestoreReader(self.client)

    @cached_property
    def client(self) -> "Client":
        """For queries. Raises DefaultCredentialsError."""
        from google.cloud.firestore import Client  # noqa: PLC0415 - nothing else takes so long to import

        return Client(project=self.project, database=self.settings.database)

    @cached_property
    def stripe(self) -> "StripeApi | None":
        """Stripe's API, or its stand-in; None without a key. Raises SettingsError."""
        from ops.stripe_access import stripe_access  # noqa: PLC0415 - imports Stripe's library

        return stripe_access(self.environment, os.environ)

    @cached_property
    def accounts(self) -> "Accounts":
        """The accounts of the shop's users. Raises DefaultCredentialsError."""
        from ops.accounts import Accounts  # noqa: PLC0415 - imports another HTTP client

        return Accounts(self.project, os.environ.get(_AUTH_EMULATOR) if self.is_emulated else None)

    @property
    def is_emulated(self) -> bool:
        return self.settings.is_emulated


def open_shop(named: str | None, folder: Path = ROOT) -> Shop:
    """The shop of the named project, by id or by alias in .firebaserc; otherwise the default one.

    Raises:
        click.UsageError: no project is named anywhere.
        Failed: the project is the emulators', and they are not running.
    """
    project = project_named(named, os.environ, folder / ".firebaserc")
    if project.startswith(_OF_EMULATORS) and not os.environ.get(_EMULATOR):
        try:
            os.environ.update(found(os.environ, BUILD).variables())
        except NoEmulators as problem:
            raise Failed(str(problem)) from None
    # Otherwise Google's library warns that its credentials' project is unknown.
    os.environ["GOOGLE_CLOUD_PROJECT"] = project
    emulator = {_EMULATOR: host} if (host := os.environ.get(_EMULATOR)) else {}
    return Shop(project, {**settings_of(folder, project), **emulator, "GOOGLE_CLOUD_PROJECT": project})


def project_named(named: str | None, environment: Mapping[str, str], firebaserc: Path) -> str:
    """The project named first: by `--project`, the environment, .firebaserc, the emulators. Raises click.UsageError."""
    projects = _projects_in(firebaserc)
    if named:
        return projects.get(named, named)
    of_environment = next((environment[name] for name in _FROM_THE_ENVIRONMENT if environment.get(name)), None)
    project = of_environment or projects.get("default") or (PROJECT if environment.get(_EMULATOR) else None)
    if project is None:
        raise click.UsageError(
            "Which project? Add --project ID, or set GOOGLE_CLOUD_PROJECT; "
            f"--project {PROJECT} is the shop that `make emulators` has opened."
        )
    return project


def _projects_in(firebaserc: Path) -> Mapping[str, str]:
    """Projects by alias, as `firebase use --add` stores them."""
    if not firebaserc.is_file():
        return {}
    projects: Mapping[str, str] = json.loads(firebaserc.read_text()).get("projects", {})
    return projects


@contextmanager
def problems_in_words() -> Iterator[None]:
    """Ends a command that cannot reach the database or Stripe with one line saying what to do, and the right code."""
    try:
        yield
    except GoogleAuthError:
        raise NotSignedIn from None
    except StripeUnavailable as problem:
        raise Failed(f"{problem}. Try again; Stripe's status: https://status.stripe.com") from None
    except Transient as problem:
        if isinstance(problem.__cause__, GoogleAuthError):
            raise NotSignedIn from None
        raise Failed(
            f"Firestore does not answer ({problem}). Try again; its status: https://status.firebase.google.com"
        ) from None
    except RequestRefused as problem:
        raise Failed(
            f"Firestore refused: {problem}. Reading needs roles/datastore.viewer, writing roles/datastore.user."
        ) from None
    except (AnswerTooLarge, SettingsError) as problem:
        raise Failed(str(problem)) from None
    except _api_errors() as problem:
        raise Failed(str(problem)) from None


def _api_errors() -> type[Exception]:
    """The base class of the client's errors, imported only when an error is raised."""
    from google.api_core.exceptions import GoogleAPICallError  # noqa: PLC0415

    return GoogleAPICallError
