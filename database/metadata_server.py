"""The metadata server beside each instance of Cloud Run, as functions are: it knows what the instance may do.

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
    """Whether this environment is an instance's, and names no credentials that are to be used instead.

    https://cloud.google.com/run/docs/container-contract#services-env-vars
    """
    means_others = ("FUNCTIONS_EMULATOR", "GOOGLE_APPLICATION_CREDENTIALS")
    return "K_SERVICE" in environment and not any(environment.get(name) for name in means_others)


def token_from_metadata(scope: str) -> Token:
    """A token for this scope of the service account that the instance runs as.

    Google's library asks the same. Importing it takes longer than importing all of the service.

    Raises:
        StoreUnavailable: the metadata server has given none.
    """
    # As Google's library finds it where it is not under its usual name.
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
        # Without what it says: that may be a token.
        raise StoreUnavailable(f"the metadata server gives no token: {type(error).__name__}") from None
    finally:
        server.close()
