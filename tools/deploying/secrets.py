"""Secrets that are not there yet: each is made, and says that it is not set, because a function starts with no less."""

import base64
from typing import Any, Final, Protocol

from tools.deploying.google import NotAllowed
from tools.deploying.wanted import NotDeployable

UNSET: Final = "unset"
"""What the service takes for no secret at all. Secret Manager keeps no empty text."""
_API: Final = "secretmanager.googleapis.com/v1"


class Changeable(Protocol):
    """As much of `Google` as it takes."""

    def change(self, method: str, address: str, body: dict[str, Any]) -> None: ...


def make_unset(google: Changeable, project: str, name: str) -> None:
    """Only for a secret that is not there: over any other, it would switch off what is on. Raises NotDeployable."""
    secrets = f"{_API}/projects/{project}/secrets"
    value = {"payload": {"data": base64.b64encode(UNSET.encode()).decode()}}
    try:
        google.change("POST", f"{secrets}?secretId={name}", {"replication": {"automatic": {}}})
        google.change("POST", f"{secrets}/{name}:addVersion", value)
    except NotAllowed:
        command = f"printf {UNSET} | gcloud secrets create {name} --data-file=- --project={project}"
        raise NotDeployable(f"{name} is not there, and whoever is signed in may not make it: {command}") from None
