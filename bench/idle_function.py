"""A function that does nothing and imports only the framework: the least that a cold start can take."""

import flask
import functions_framework


@functions_framework.http
def idle(_request: flask.Request) -> flask.Response:
    return flask.Response('{"result": "nothing"}', mimetype="application/json")
