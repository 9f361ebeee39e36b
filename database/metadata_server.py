"""The metadata server of a Cloud Run instance, which gives out its service account's tokens.

https://cloud.google.com/run/docs/container-contract#metadata-server
"""

import json
import os
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final

from database.access_token import Token
from orders.outcome import StoreUnavailable

SECONDS_MAX: Final = 3.0


def is_there(environment: Mapping[str, str]) -> bool:
    """Whether this is an instance's environment, without other credentials to use instead.

    https://cloud.google.com/run/docs/container-contract#services-env-vars
    """
    means_others = ("FUNCTIONS_EMULATOR", "GOOGLE_APPLICATION_CREDENTIALS")
    return "K_SERVICE" in environment and not any(environment.get(name) for name in means_others)


def token_from_metadata(scope: str) -> Token:
    """A token with this scope for the instance's service account.

    Google's library makes the same request, but importing it takes longer than importing the whole service.

    Raises:
        StoreUnavailable: the metadata server gave none.
    """
    # The same override as in Google's library.
    host = os.environ.get("GCE_METADATA_HOST") or "metadata.google.internal"
    server = HTTPConnection(host, timeout=SECONDS_MAX)
    path = f"/computeMetadata/v1/instance/service-accounts/default/token?scopes={scope}"
    try:
        server.request("GET", path, headers={"Metadata-Flavor": "Google"})
        answer = server.getresponse()
        said = answer.read()
        if answer.status != HTTPStatus.OK:
            raise StoreUnavailable(f"the metadata server answers {answer.status}")
        token = json.loads(said)
        return Token({"Authorization": f"Bearer {token['access_token']}"}, time.time() + token["expires_in"])
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
        # Without the answer, which may contain a token.
        raise StoreUnavailable(f"the metadata server gives no token: {type(error).__name__}") from None
    finally:
        server.close()
