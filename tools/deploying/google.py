"""Calls Google's APIs as the signed-in user. Only the Firebase tools change what is deployed."""

import os
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import quote

import google.auth
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from requests import RequestException

from tools.deploying.wanted import NotDeployable

_SCOPES: Final = ["https://www.googleapis.com/auth/cloud-platform"]
_ANSWER_SECONDS_MAX: Final = 30

Json = dict[str, Any]


class NotAllowed(NotDeployable):
    """The signed-in user may not see this, or the API is off."""


class Apis(Protocol):
    """The part of `Google` for reading and changing single resources."""

    def get(self, address: str) -> Json | None: ...
    def change(self, method: str, address: str, body: Mapping[str, Any]) -> None: ...


class Google:
    def __init__(self, project: str) -> None:
        """Raises NotDeployable: nobody is signed in."""
        # Otherwise Google's library warns that its credentials' project is unknown.
        os.environ["GOOGLE_CLOUD_PROJECT"] = project
        try:
            credentials, _ = google.auth.default(scopes=_SCOPES, quota_project_id=project)
        except DefaultCredentialsError:
            raise NotDeployable("Nobody is signed in: gcloud auth application-default login") from None
        self._session = AuthorizedSession(credentials)

    def get(self, address: str) -> Json | None:
        """The resource at `host/path`; None if it does not exist. Raises NotDeployable."""
        found: Json | None = self._asked("GET", address)
        return found

    def post(self, address: str, body: Mapping[str, Any]) -> Json:
        """The answer to a question that needs a body. Raises NotDeployable."""
        found: Json = self._asked("POST", address, body) or {}
        return found

    def rows(self, address: str, body: Mapping[str, Any]) -> list[Json]:
        """The answer to a query, line by line; empty if there is nothing to query. Raises NotDeployable."""
        found: list[Json] = self._asked("POST", address, body) or []
        return found

    def change(self, method: str, address: str, body: Mapping[str, Any]) -> None:
        """Create or change something. Raises NotDeployable, also if something that it needs does not exist."""
        if self._asked(method, address, body) is None:
            raise NotDeployable(f"{address} answers 404: something that it needs does not exist, or not yet")

    def _asked(self, method: str, address: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        try:
            answer = self._session.request(method, f"https://{address}", json=body, timeout=_ANSWER_SECONDS_MAX)
        except (GoogleAuthError, RequestException) as problem:
            raise NotDeployable(f"{address.partition('/')[0]} cannot be reached: {problem}") from None
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        if answer.status_code == HTTPStatus.FORBIDDEN:
            raise NotAllowed(f"{address} answers 403: {answer.text[:300]}")
        if not answer.ok:
            raise NotDeployable(f"{address} answers {answer.status_code}: {answer.text[:300]}")
        return answer.json()


def listed(google: Apis, address: str, *, called: str = "", at_most: int = 1000, asked: str = "") -> list[Json]:
    """All of the collection at this address, page by page (https://google.aip.dev/158).

    Args:
        called: The field with the items, if it is not the collection's own name.
        at_most: The page size, within the API's limit.
        asked: More query parameters.

    Raises:
        NotDeployable: Google cannot be asked, or does not list everything.
    """
    found: list[Json] = []
    page = ""
    while answer := google.get(f"{address}?pageSize={at_most}{asked}&pageToken={quote(page, safe='')}"):
        # https://google.aip.dev/217: existing items may be left out, and would seem not to exist.
        if unreachable := answer.get("unreachable"):
            raise NotDeployable(f"{address} does not list what is in {', '.join(unreachable)}: try again later.")
        found += answer.get(called or address.rpartition("/")[2], ())
        page = answer.get("nextPageToken", "")
        if not page:
            break
    return found
