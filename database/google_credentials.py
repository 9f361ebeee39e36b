"""Credentials found by Google's library: those of the person signed in on a machine, or a key.

Importing it takes longer than importing the whole service, which does not need it in production.
"""

import math
from collections.abc import Sequence
from datetime import UTC

import google.auth
from google.auth.credentials import Credentials, TokenState
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import Request

from database.access_token import Token
from orders.outcome import StoreUnavailable


def credentials_for(project: str | None, scopes: Sequence[str]) -> tuple[Credentials, str]:
    """The environment's credentials, and the project: theirs, if none is given.

    Raises:
        DefaultCredentialsError: the environment has none, or no project.
    """
    credentials, project_of_credentials = google.auth.default(scopes=scopes)
    if not (project := project or project_of_credentials):
        raise DefaultCredentialsError("neither the environment nor the credentials name a project")
    return credentials, project


def token_of(credentials: Credentials) -> Token:
    """A token of the credentials, refreshed if necessary.

    Raises:
        StoreUnavailable: there is none.
    """
    if credentials.token_state is not TokenState.FRESH:
        try:
            credentials.refresh(Request())
        except GoogleAuthError as error:
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from error
    headers: dict[str, str] = {}
    credentials.apply(headers)
    expiry = credentials.expiry
    # The library's time is naive, in UTC.
    return Token(headers, expiry.replace(tzinfo=UTC).timestamp() if expiry else math.inf)
