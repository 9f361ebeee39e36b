"""The same function, but it remembers every request's body. The soak must fail on it."""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

import main

_KEPT: list[bytes] = []


@functions_framework.http
def stripe_webhook(request: Request) -> ResponseReturnValue:
    _KEPT.append(request.get_data())
    return main.stripe_webhook(request)
