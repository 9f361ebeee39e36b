"""What is to exist once this folder is deployed, read from the files that the Firebase tools read."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from database.ids import DEFAULT_DATABASE
from tools.deploying import dotenv, rights
from tools.deploying.strays import strays_in

_PARAMETER: Final = re.compile(r"\{\{ params\.(\w+) \}\}")
_EVERY: Final = re.compile(r"every ([1-9][0-9]{0,3}) minutes")
_USABLE: Final = re.compile(r"[\w()-]+")


class NotDeployable(Exception):
    """Nothing was changed. The message says what to do first, one line each."""


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    region: str
    entry_point: str
    account: str
    """The e-mail address of the account that it runs as."""
    invokers: frozenset[str]
    """Who may call it, besides those who may call anything in the project."""
    secrets: tuple[str, ...]
    every: timedelta | None
    """How often its schedule calls it; None without a schedule."""
    is_triggered: bool
    """Whether events trigger it."""
    concurrency: int

    @property
    def is_scheduled(self) -> bool:
        return self.every is not None

    @property
    def account_name(self) -> str:
        return self.account.partition("@")[0]

    @property
    def job(self) -> str:
        """The Firebase tools' name for a function's schedule."""
        return f"firebase-schedule-{self.name}-{self.region}"


@dataclass(frozen=True, slots=True)
class Wanted:
    project: str
    codebase: str
    apis: tuple[str, ...]
    """The APIs that must be on, besides those for deploying itself."""
    settings: Mapping[str, str]
    has_own_settings: bool
    """Whether the project has a file of its own."""
    cut_short: frozenset[str]
    """Settings that a # cuts off."""
    unknown: frozenset[str]
    """Names that are no settings."""
    database: str
    configured_database: str
    """The database for rules and indexes according to firebase.json."""
    functions: tuple[Function, ...]
    indexing: Mapping[str, str]
    """Composite indexes and single-field configurations: how each is indexed, by name."""
    rules: str
    strays: tuple[str, ...]
    """Modules that would be uploaded although git does not have them."""

    @property
    def secrets(self) -> frozenset[str]:
        """The secrets of all functions."""
        return frozenset(name for function in self.functions for name in function.secrets)

    @property
    def roles(self) -> Mapping[str, frozenset[str]]:
        """What each account that runs a function needs in the whole project, by the account's name."""
        triggered = {function.account_name for function in self.functions if function.is_triggered}
        return {
            name: rights.ROLES.get(name, frozenset()) | (rights.RECEIVER if name in triggered else frozenset())
            for name in dict.fromkeys(function.account_name for function in self.functions)
        }


def wanted_in(folder: Path, project: str) -> Wanted:
    """Raises NotDeployable."""
    config = json.loads((folder / "firebase.json").read_text())
    for several in (name for name in ("functions", "firestore") if isinstance(config[name], list)):
        raise NotDeployable(f'firebase.json has a list under "{several}": this folder deploys its own alone.')
    configured = json.loads((folder / config["firestore"]["indexes"]).read_text())
    settings = dotenv.settings_of(folder, project)
    manifest = _manifest((folder / "functions.yaml").read_text(), {**settings, "PROJECT_ID": project})
    return Wanted(
        project=project,
        codebase=config["functions"].get("codebase", "default"),
        apis=tuple(required["api"] for required in manifest["requiredAPIs"]),
        settings=settings,
        has_own_settings=dotenv.own_file(folder, project).is_file(),
        cut_short=dotenv.cut_short(folder, project),
        unknown=dotenv.unknown(folder, project),
        database=settings.get("DATABASE_ID", DEFAULT_DATABASE),
        configured_database=config["firestore"].get("database", DEFAULT_DATABASE),
        functions=tuple(_function(name, endpoint) for name, endpoint in manifest["endpoints"].items()),
        indexing=dict(
            [
                *(composite(index["collectionGroup"], index) for index in configured["indexes"]),
                *(
                    single(
                        field["collectionGroup"], field["fieldPath"], field["indexes"], lives=field.get("ttl", False)
                    )
                    for field in configured["fieldOverrides"]
                ),
            ]
        ),
        rules=(folder / config["firestore"]["rules"]).read_text(),
        strays=strays_in(folder),
    )


def composite(collection: str, index: Mapping[str, Any]) -> tuple[str, str]:
    """A composite index, from firestore.indexes.json or Google's API: its name, and how it is indexed."""
    # Every index ends with the document's name, written or not.
    fields = [_mode(field, field["fieldPath"]) for field in index["fields"] if field["fieldPath"] != "__name__"]
    return f"index {collection} ({', '.join(fields)})", index["queryScope"]


def single(collection: str, field: str, indexes: list[Mapping[str, str]], *, lives: bool) -> tuple[str, str]:
    """A field with its own indexing (`*`: all fields of the collection): its name, and how it is indexed."""
    modes = sorted(_mode(index, index["queryScope"]) for index in indexes)
    return f"indexing of {collection}.{field}", ", ".join([*modes, "time to live"] if lives else modes)


def _mode(index: Mapping[str, str], of: str) -> str:
    return f"{of} {(index.get('order') or index['arrayConfig']).lower()}"


def _manifest(text: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
    for name in _PARAMETER.findall(text):
        if not _USABLE.fullmatch(parameters.get(name, "")):
            raise NotDeployable(f"{name} is not set, or cannot be used: .env has its default.")
    manifest: Mapping[str, Any] = yaml.safe_load(_PARAMETER.sub(lambda match: parameters[match[1]], text))
    return manifest


def _function(name: str, endpoint: Mapping[str, Any]) -> Function:
    account = endpoint["serviceAccount"]
    return Function(
        name=name,
        region=endpoint["region"][0],
        entry_point=endpoint["entryPoint"],
        account=account,
        invokers=_invokers(endpoint, account),
        secrets=tuple(secret["key"] for secret in endpoint.get("secretEnvironmentVariables", ())),
        every=_period(endpoint["scheduleTrigger"]["schedule"]) if "scheduleTrigger" in endpoint else None,
        is_triggered="eventTrigger" in endpoint,
        concurrency=endpoint["concurrency"],
    )


def _period(schedule: str) -> timedelta:
    """Raises NotDeployable: for any other form, it is unknown when a run is late."""
    every = _EVERY.fullmatch(schedule)
    if every is None:
        raise NotDeployable(f"functions.yaml has the schedule {schedule!r}: write it as in every 5 minutes.")
    return timedelta(minutes=int(every[1]))


def _invokers(endpoint: Mapping[str, Any], account: str) -> frozenset[str]:
    if "httpsTrigger" in endpoint:
        invokers = endpoint["httpsTrigger"]["invoker"]
        return frozenset(rights.ANYBODY if invoker == "public" else rights.member(invoker) for invoker in invokers)
    return frozenset({rights.member(account)} if "scheduleTrigger" in endpoint else ())
