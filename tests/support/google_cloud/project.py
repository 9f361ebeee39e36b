"""A Google Cloud project that keeps what is deployed into it: Google's APIs, as far as a deployment calls them.

They are uniform (https://google.aip.dev/121): what is created or updated at a path is found there, and in its
collection's list. So one dictionary is the project, and only the exceptions have code.
"""

import copy
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

Json = dict[str, Any]

NUMBER: Final = "123456789012"
_OK, _BAD_REQUEST, _FORBIDDEN, _NOT_FOUND = 200, 400, 403, 404
_TOKEN: Final[Json] = {"access_token": "an-access-token", "expires_in": 3600, "token_type": "Bearer"}
_UPLOAD: Final = "https://storage.googleapis.com/source?GoogleAccessId=service"
# Page tokens are base64, which has to be escaped in a query.
_PAGE: Final = "+/="
# The API's version precedes a resource's name.
_ADDRESS: Final = re.compile(
    r"(?P<host>[a-z]+)\.googleapis\.com(?:/[a-z]*)?/(?P<version>v\w+)/(?P<name>[^:]+):?(?P<verb>\w*)"
)


@dataclass
class GoogleProject:
    project: str
    kept: dict[str, Json] = field(default_factory=dict)
    """All resources, by API and name: `run/projects/…`. Policies end with `:policy`."""
    uploads: list[bytes] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Calls that are answered 403: method, API and the end of the name."""
    lacking: set[str] = field(default_factory=set)
    """Permissions that the deployer lacks."""
    page_max: int = 1000
    """The page size of lists."""
    effects: list[Json] = field(default_factory=list)
    """The fields of each effect, as Firestore's API encodes them."""
    unreachable: list[str] = field(default_factory=list)
    """Locations missing from lists of all locations."""
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        itself = {"projectId": self.project, "projectNumber": NUMBER}
        for name in ("cloudresourcemanager/projects/{}", "firebase/projects/{}", "firebase/projects/{}/adminSdkConfig"):
            self.kept[name.format(self.project)] = itself
        default_account = f"{NUMBER}-compute@developer.gserviceaccount.com"
        self.kept[f"compute/projects/{self.project}"] = {"defaultServiceAccount": default_account}

    def under(self, prefix: str) -> dict[str, Json]:
        """The resources with this prefix, by the rest of the name."""
        return {name.removeprefix(prefix): one for name, one in self.kept.items() if name.startswith(prefix)}

    def policy(self, resource: str) -> set[tuple[str, str]]:
        """The members and roles of a resource."""
        bindings = self.kept.get(f"{resource}:policy", {}).get("bindings", ())
        return {(bound["role"], member) for bound in bindings for member in bound["members"]}

    def copy(self) -> dict[str, Json]:
        """All resources, and the number of uploads: unchanged if a run changes nothing."""
        return copy.deepcopy({**self.kept, "uploads": {"number": len(self.uploads)}})

    def answer(self, method: str, address: str, query: Mapping[str, str], body: bytes) -> tuple[int, Json]:
        with self._one_at_a_time:
            if "/token" in address:
                return _OK, _TOKEN
            if method == "PUT":
                self.uploads.append(body)
                return _OK, {}
            found = _ADDRESS.fullmatch(address)
            assert found, address
            # Google accepts a project's number in place of its id.
            name = f"{found['host']}/{found['name']}".replace(f"projects/{NUMBER}", f"projects/{self.project}")
            if any(f"{method} {name}:{found['verb']}".rstrip(":").endswith(end) for end in self.refused):
                return _FORBIDDEN, {"error": {"code": _FORBIDDEN, "message": "Permission denied"}}
            if found["verb"] == "access" and f"{name}:access" not in self.kept:
                return _BAD_REQUEST, {"error": {"code": _BAD_REQUEST, "message": "The version is disabled"}}
            sent = json.loads(body or b"{}")
            if found["verb"]:
                return _OK, self._custom(found["verb"], name, sent)
            answered = self._standard(method, name, {**query, "version": found["version"]}, sent)
            return (_OK, answered) if answered is not None else (_NOT_FOUND, {"error": {"code": _NOT_FOUND}})

    def _custom(self, verb: str, name: str, sent: Json) -> Json:
        if verb == "setIamPolicy":
            self.kept[f"{name}:policy"] = sent["policy"]
        if verb == "generateUploadUrl":
            return {"uploadUrl": _UPLOAD, "storageSource": {"bucket": "sources", "object": f"{len(self.uploads)}.zip"}}
        if verb == "testIamPermissions":
            return {"permissions": [name for name in sent["permissions"] if name not in self.lacking]}
        if verb == "runQuery":
            return self._found(sent)
        if verb == "addVersion":
            return self._with_version(name, sent)
        if verb == "access":
            return self.kept[f"{name}:access"]
        return self.kept.get(f"{name}:policy", {"bindings": []}) if verb == "getIamPolicy" else {}

    def _found(self, sent: Json) -> Json:
        """The effects in the requested states; only the emulator can tell which are due."""
        asked = json.dumps(sent)
        found = [one for one in self.effects if f'"{one["state"]["stringValue"]}"' in asked]
        # The first line may have no document.
        return cast("Json", [{"readTime": "now"}, *({"document": {"fields": fields}} for fields in found)])

    def _with_version(self, name: str, sent: Json) -> Json:
        version = {"name": f"{name.partition('/')[2]}/versions/1", "state": "ENABLED"}
        assert self.kept.keys().isdisjoint({f"{name}/versions/latest"}), "no later version is expected"
        self.kept |= {f"{name}/versions/latest": version, f"{name}/versions/1:access": {"payload": sent["payload"]}}
        return version

    def _standard(self, method: str, name: str, query: Mapping[str, str], sent: Json) -> Json | None:
        if method == "GET":
            return self._got(name, query)
        if method == "POST":
            # The caller may choose the id.
            own = (
                query.get("functionId")
                or query.get("secretId")
                or str(sent.get("name", len(self.kept))).partition(f"/{_last(name)}/")[2]
            )
            name = f"{name}/{own or len(self.kept)}"
        elif name.startswith("firebaserules") and name not in self.kept:
            return None
        self.kept[name] = _made(name, sent.get("release", sent), self.kept.get(name, {}))
        if name.startswith("cloudfunctions"):
            return {"name": f"operations/{name}"}
        return self.kept[name]

    def _got(self, name: str, query: Mapping[str, str]) -> Json | None:
        if "/operations/" in name:
            return {"done": True, "response": self.kept[name.partition("/operations/")[2]]}
        if name.startswith("serviceusage"):
            return self.kept.get(name, {"state": "ENABLED"})
        if name in self.kept:
            return self.kept[name]
        # A collection's name has an odd number of segments after the API's. `-` matches any.
        if name.count("/") % 2 == 0:
            return None
        pattern = re.compile(re.escape(name).replace("/\\-/", "/[^/]+/") + "/.+")
        ours = [one for known, one in self.kept.items() if pattern.fullmatch(known) and not known.endswith(":policy")]
        # Version 1 of this API lists only first-generation functions.
        return self._page([] if name.startswith("cloudfunctions") and query["version"] == "v1" else ours, name, query)

    def _page(self, all_of_it: list[Json], name: str, query: Mapping[str, str]) -> Json:
        begin = int((query.get("pageToken") or f"0{_PAGE}").removesuffix(_PAGE))
        end = begin + self.page_max
        # The list's name differs: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/list
        page: Json = {"accounts" if name.startswith("iam/") else _last(name): all_of_it[begin:end]}
        if all_of_it[end:]:
            page["nextPageToken"] = f"{end}{_PAGE}"
        return {**page, "unreachable": self.unreachable} if "/locations/-/" in name and self.unreachable else page


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _made(name: str, sent: Json, before: Json) -> Json:
    """What Google stores for a created or updated resource."""
    api, _, resource = name.partition("/")
    made = {"state": "ENABLED" if api == "cloudscheduler" else "ACTIVE", **before, **sent, "name": resource}
    if api == "cloudfunctions":
        service = resource.replace("/functions/", "/services/").replace(_last(name), _last(name).lower())
        made["url"] = f"https://{_last(name).lower()}-x.a.run.app"
        made["serviceConfig"] = {**sent["serviceConfig"], "service": service, "uri": made["url"]}
    if "ttlConfig" in made:
        made["ttlConfig"] = {"state": "ACTIVE"}
    if "/indexes/" in name:
        *_, last = made["fields"]
        made |= {"state": "READY", "fields": [*made["fields"], {**last, "fieldPath": "__name__"}]}
    return made
