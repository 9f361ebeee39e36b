"""Answers that refuse a request before anything is done."""

import json
import sys

from flask import Response

from service.environment import SettingsError
from service.logs import JsonLog


def refused_for_settings(error: SettingsError) -> Response:
    """The answer while settings are unusable; its CRITICAL log line raises an alert. Neither repeats a secret."""
    JsonLog(sys.stdout, project=None)("CRITICAL", f"SettingsError: {error}", result="fault", status=500)
    return _refusal(500, "this endpoint is not configured")


def refused_for_method() -> Response:
    """The answer to any method but POST, which the scheduler uses."""
    response = _refusal(405, "only POST is served here")
    response.headers["Allow"] = "POST"
    return response


def _refusal(status: int, error: str) -> Response:
    return Response(json.dumps({"error": error}), status, mimetype="application/json")
