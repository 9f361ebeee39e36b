"""A function that does nothing, but imports what one on Firestore and Stripe usually does."""

import flask
import functions_framework
import google.cloud.firestore
import stripe

IMPORTED = (google.cloud.firestore, stripe)


@functions_framework.http
def empty(_request: flask.Request) -> flask.Response:
    return flask.Response('{"result": "nothing"}', mimetype="application/json")
