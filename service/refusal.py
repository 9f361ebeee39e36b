"""The answer of a function that a wrong setting keeps from serving anything."""

import json
import sys

from flask import Response

from service.environment import SettingsError
from service.logs import JsonLog


def refused_for_settings(error: SettingsError) -> Response:
    """The answer to a request that nothing can serve, whose log line wakes somebody. Neither repeats a secret."""
    JsonLog(sys.stdout, project=None)("CRITICAL", f"SettingsError: {error}", result="fault", status=500)
    return Response(json.dumps({"error": "this endpoint is not configured"}), 500, mimetype="application/json")
