"""What exists in the project now, as far as a deployment changes or needs it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from database.ids import DEFAULT_DATABASE
from tools.deploying import rights
from tools.deploying.google import Google, Json, listed
from tools.deploying.wanted import Function, NotDeployable, Wanted, composite, single

_CODEBASE: Final = "firebase-functions-codebase"
_TOOL: Final = "deployment-tool"
_SECRETS: Final = "secretmanager.googleapis.com/v1/projects/{}/secrets"


@dataclass(frozen=True, slots=True)
class Found:
    accounts: frozenset[str]
    roles: Mapping[str, frozenset[str]]
    """By member of the project."""
    secrets: Mapping[str, str]
    """The latest version of each secret that has a value."""
    absent_secrets: frozenset[str]
    """Secrets that do not exist. One that exists without a value is in neither."""
    database: Json | None
    functions: Mapping[tuple[str, str], Json]
    """Functions of our codebase deployed by the Firebase tools, by region and name."""
    first_generation: frozenset[tuple[str, str]]
    """Regions and names where a first-generation function, whoever deployed it, blocks a wanted one. They are not in
    `functions`."""
    foreign: frozenset[tuple[str, str]]
    """Regions and names of wanted functions, under which other code is deployed. Some may be in `functions`, too: other
    folders can have our codebase."""
    invokers: Mapping[str, frozenset[str]]
    """By wanted function."""
    jobs: Mapping[str, Json]
    indexing: Mapping[str, str]
    """In the form of `Wanted.indexing`."""
    being_built: tuple[str, ...]
    times_to_live: Mapping[str, str]
    """The state of each, by its name in `indexing`."""
    rules: str | None


def found_in(google: Google, wanted: Wanted, needed: Collection[str] = rights.DEPLOYERS) -> Found:
    """What exists. Raises NotDeployable, also if the signed-in user lacks a permission that is needed."""
    if lacking := _lacking(google, wanted.project, needed):
        # All other requests would be refused, too, one by one.
        raise NotDeployable(f"Whoever is signed in lacks, in {wanted.project}: {', '.join(lacking)}.")
    return _found(google, wanted)


def _lacking(google: Google, project: str, needed: Collection[str]) -> list[str]:
    address = f"cloudresourcemanager.googleapis.com/v1/projects/{project}:testIamPermissions"
    granted = google.post(address, {"permissions": list(needed)}).get("permissions", ())
    return [permission for permission in needed if permission not in granted]


def _found(google: Google, wanted: Wanted) -> Found:
    all_functions = listed(google, f"cloudfunctions.googleapis.com/v2/projects/{wanted.project}/locations/-/functions")
    first_generation = {_place(one) for one in all_functions if one.get("environment") == "GEN_1"}
    in_the_way = first_generation & {(one.region, one.name) for one in wanted.functions}
    functions = {
        place: one for one in all_functions if (place := _place(one)) not in in_the_way and _is_ours(one, wanted)
    }
    there = [one for one in wanted.functions if (one.region, one.name) in functions]
    address = f"firestore.googleapis.com/v1/projects/{wanted.project}/databases/{wanted.database}"
    database = google.get(address)
    indexes = listed(google, f"{address}/collectionGroups/-/indexes") if database else []
    fields = _fields(google, address) if database else []
    return Found(
        accounts=_accounts(google, wanted.project),
        roles=_roles(google, wanted.project),
        secrets={
            name: version for name in wanted.secrets if (version := _latest_version(google, wanted.project, name))
        },
        absent_secrets=frozenset(
            name for name in wanted.secrets if google.get(f"{_SECRETS.format(wanted.project)}/{name}") is None
        ),
        database=database,
        functions=functions,
        first_generation=frozenset(in_the_way),
        foreign=_foreign(all_functions, wanted),
        invokers={one.name: _invokers(google, functions[one.region, one.name]) for one in there},
        jobs={one.job: job for one in there if one.is_scheduled and (job := _job(google, wanted.project, one))},
        indexing=dict([*(composite(_collection(index), index) for index in indexes), *map(_single, fields)]),
        being_built=tuple(composite(_collection(index), index)[0] for index in indexes if index["state"] != "READY"),
        times_to_live={
            _single(field)[0]: str(field["ttlConfig"].get("state")) for field in fields if "ttlConfig" in field
        },
        rules=_rules(google, wanted),
    )


def caller_of(job: Json) -> str:
    """The account with which a schedule calls its function."""
    return str(job["httpTarget"]["oidcToken"]["serviceAccountEmail"])


def _accounts(google: Google, project: str) -> frozenset[str]:
    address = f"iam.googleapis.com/v1/projects/{project}/serviceAccounts"
    return frozenset(account["email"] for account in listed(google, address, called="accounts", at_most=100))


def _roles(google: Google, project: str) -> Mapping[str, frozenset[str]]:
    address = f"cloudresourcemanager.googleapis.com/v1/projects/{project}:getIamPolicy"
    bindings = google.post(address, {"options": {"requestedPolicyVersion": 3}}).get("bindings", ())
    members = {member for binding in bindings for member in binding["members"]}
    return {
        member: frozenset(binding["role"] for binding in bindings if member in binding["members"]) for member in members
    }


def _latest_version(google: Google, project: str, secret: str) -> str | None:
    latest = google.get(f"{_SECRETS.format(project)}/{secret}/versions/latest") or {}
    return str(latest["name"]).rpartition("/")[2] if latest.get("state") == "ENABLED" else None


def _is_ours(function: Json, wanted: Wanted) -> bool:
    """By the labels with which the Firebase tools recognize their functions."""
    labels = function.get("labels", {})
    return bool(
        labels.get(_TOOL, "").startswith("cli-firebase") and labels.get(_CODEBASE, "default") == wanted.codebase
    )


def _foreign(all_functions: Iterable[Json], wanted: Wanted) -> frozenset[tuple[str, str]]:
    """By the entry points, since the Firebase tools update whatever has the name, whoever deployed it."""
    ours = {(one.region, one.name): one.entry_point for one in wanted.functions}
    there = {_place(one): one.get("buildConfig", {}).get("entryPoint") for one in all_functions}
    return frozenset(place for place in ours.keys() & there.keys() if there[place] not in (None, ours[place]))


def _place(function: Json) -> tuple[str, str]:
    """The function's region and name."""
    _, _, _, region, _, name = function["name"].split("/")
    return region, name


def _invokers(google: Google, function: Json) -> frozenset[str]:
    # After a failed first deployment, there may be none.
    service = function["serviceConfig"].get("service")
    policy = (service and google.get(f"run.googleapis.com/v1/{service}:getIamPolicy")) or {}
    invoking = (bound["members"] for bound in policy.get("bindings", ()) if bound["role"] == rights.INVOKER)
    return frozenset(member for members in invoking for member in members)


def _job(google: Google, project: str, function: Function) -> Json | None:
    jobs = f"cloudscheduler.googleapis.com/v1/projects/{project}/locations/{function.region}/jobs"
    return google.get(f"{jobs}/{function.job}")


def _fields(google: Google, database: str) -> list[Json]:
    # The query of the Firebase tools: what differs from the default.
    differs = "&filter=indexConfig.usesAncestorConfig=false OR ttlConfig:*"
    fields = listed(google, f"{database}/collectionGroups/-/fields", asked=differs)
    return [field for field in fields if "/__default__/" not in field["name"]]


def _single(field: Json) -> tuple[str, str]:
    return single(
        _collection(field),
        field["name"].partition("/fields/")[2],
        [{**index["fields"][0], **index} for index in field.get("indexConfig", {}).get("indexes", ())],
        lives="ttlConfig" in field,
    )


def _collection(resource: Mapping[str, Any]) -> str:
    return str(resource["name"]).split("/")[5]


def _rules(google: Google, wanted: Wanted) -> str | None:
    own = "" if wanted.database == DEFAULT_DATABASE else f"/{wanted.database}"
    name = f"projects/{wanted.project}/releases/cloud.firestore{own}"
    releases = listed(google, f"firebaserules.googleapis.com/v1/projects/{wanted.project}/releases", at_most=100)
    ruleset = next((release["rulesetName"] for release in releases if release["name"] == name), None)
    files = (google.get(f"firebaserules.googleapis.com/v1/{ruleset}") or {}) if ruleset else {}
    return files["source"]["files"][0]["content"] if files else None
