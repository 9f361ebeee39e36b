"""Answers in JSON; and those that refuse a request before anything is done."""

import json
import sys
from collections.abc import Mapping

from flask import Response

from service.environment import SettingsError
from service.logs import JsonLog


def json_answer(status: int, body: Mapping[str, object]) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


def refused_for_settings(error: SettingsError) -> Response:
    """The answer while settings are unusable; its CRITICAL log line raises an alert. Neither repeats a secret."""
    JsonLog(sys.stdout, project=None)("CRITICAL", f"SettingsError: {error}", result="fault", status=500)
    return json_answer(500, {"error": "this endpoint is not configured"})


def refused_for_method() -> Response:
    """The answer to any method but POST, which the scheduler uses."""
    response = json_answer(405, {"error": "only POST is served here"})
    response.headers["Allow"] = "POST"
    return response
