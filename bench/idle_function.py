"""A function that imports nothing besides the framework, and does nothing: the least that a cold start can take."""

import flask
import functions_framework


@functions_framework.http
def idle(_request: flask.Request) -> flask.Response:
    return flask.Response('{"result": "nothing"}', mimetype="application/json")
