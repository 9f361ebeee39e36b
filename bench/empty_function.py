"""A function that imports what the webhook cannot do without, and does nothing: the least a cold start can cost."""

import flask
import functions_framework
import google.cloud.firestore
import stripe

IMPORTED = (google.cloud.firestore, stripe)


@functions_framework.http
def empty(_request: flask.Request) -> flask.Response:
    return flask.Response('{"result": "nothing"}', mimetype="application/json")
