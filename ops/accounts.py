"""Accounts of Firebase Authentication and their custom claims, as the signed-in user or in the emulators.

https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import google.auth
from google.auth.transport.requests import AuthorizedSession
from requests import RequestException, Session

from ops.exit_codes import Failed

_ANSWER_SECONDS_MAX: Final = 30
_ON_A_PAGE: Final = 1000
"""The most that the API allows."""


@dataclass(frozen=True, slots=True)
class Account:
    user_id: str
    email: str
    is_verified: bool
    """Whether the account's holder has verified the address."""
    claims: Mapping[str, Any]


class Accounts:
    """The accounts of one project."""

    def __init__(self, project: str, emulator: str | None) -> None:
        """Raises DefaultCredentialsError."""
        if emulator:
            self._session, origin = Session(), f"http://{emulator}/identitytoolkit.googleapis.com"
            # The emulator's administrator token: https://firebase.google.com/docs/emulator-suite/connect_auth
            self._session.headers["Authorization"] = "Bearer owner"
        else:
            credentials, _ = google.auth.default(
                scopes=["https://www.googleapis.com/auth/cloud-platform"], quota_project_id=project
            )
            self._session, origin = AuthorizedSession(credentials), "https://identitytoolkit.googleapis.com"
        self._address = f"{origin}/v1/projects/{project}"

    def by_email(self, email: str) -> Account | None:
        """Raises Failed, GoogleAuthError."""
        found = self._asked("POST", "accounts:lookup", {"email": [email]}).get("users", ())
        return next(map(_account_from, found), None)

    def all(self) -> Iterator[Account]:
        """Raises Failed, GoogleAuthError."""
        page = ""
        while True:
            answer = self._asked("GET", f"accounts:batchGet?maxResults={_ON_A_PAGE}&nextPageToken={page}")
            yield from map(_account_from, answer.get("users", ()))
            if not (page := answer.get("nextPageToken", "")):
                return

    def set_claims(self, user_id: str, claims: Mapping[str, Any]) -> None:
        """Replace the account's custom claims, as of its next token within the hour. Raises Failed."""
        said = json.dumps(claims, separators=(",", ":"))
        self._asked("POST", "accounts:update", {"localId": user_id, "customAttributes": said})

    def _asked(self, method: str, what: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = self._session.request(method, f"{self._address}/{what}", json=body, timeout=_ANSWER_SECONDS_MAX)
        except RequestException as problem:
            raise Failed(f"Firebase Authentication cannot be reached: {problem}") from None
        if not answer.ok:
            raise Failed(
                f"Firebase Authentication answers {answer.status_code}: {answer.text[:300]} "
                "Reading needs roles/firebaseauth.viewer; granting a claim needs roles/firebaseauth.admin."
            )
        found: dict[str, Any] = answer.json()
        return found


def _account_from(user: Mapping[str, Any]) -> Account:
    return Account(
        user_id=user["localId"],
        email=user.get("email", ""),
        is_verified=user.get("emailVerified", False),
        claims=json.loads(user.get("customAttributes") or "{}"),
    )
