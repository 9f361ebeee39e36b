"""Creates missing secrets with a value that means "unset", since functions do not start without them."""

import base64
from collections.abc import Iterable
from typing import Final

from service.environment import UNSET
from tools.deploying.google import Google, NotAllowed
from tools.deploying.wanted import NotDeployable

_API: Final = "secretmanager.googleapis.com/v1"


def make_unset(google: Google, project: str, names: Iterable[str]) -> None:
    """Only for secrets that do not exist: any other would be switched off. Raises NotDeployable."""
    left = sorted(names)
    try:
        while left:
            _make(google, f"{_API}/projects/{project}/secrets", left[0])
            del left[0]
    except NotAllowed:
        commands = [f"printf {UNSET} | gcloud secrets create {name} --data-file=- --project={project}" for name in left]
        raise NotDeployable("\n".join(["Whoever is signed in may not create secrets:", *commands])) from None


def _make(google: Google, secrets: str, name: str) -> None:
    value = base64.b64encode(UNSET.encode()).decode()
    google.change("POST", f"{secrets}?secretId={name}", {"replication": {"automatic": {}}})
    google.change("POST", f"{secrets}/{name}:addVersion", {"payload": {"data": value}})
