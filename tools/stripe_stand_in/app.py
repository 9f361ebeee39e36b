"""The stand-in as a WSGI application: Stripe's API, the payment page and the controls."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from werkzeug import Request, Response

from tools.stripe_stand_in import controls, page
from tools.stripe_stand_in.endpoint import Api
from tools.stripe_stand_in.refusals import Refused

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

PAGES: Final = "/pay/"


class StandIn:
    def __init__(self, api: Api) -> None:
        self.api = api

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return self.respond(Request(environ))(environ, start_response)

    def respond(self, request: Request) -> Response:
        if request.path.startswith(PAGES):
            return self._page(request)
        if request.path.startswith(controls.PREFIX):
            return self._control(request)
        return self.api.respond(request)

    def _page(self, request: Request) -> Response:
        session_id = request.path.removeprefix(PAGES)
        try:
            response = controls.changed(self.api, lambda: page.respond(request, self.api.account, session_id))
        except Refused as refused:
            return page.refused(refused)
        return response

    def _control(self, request: Request) -> Response:
        try:
            answer, status = controls.respond(self.api, request.path, json.loads(request.get_data() or b"{}")), 200
        except Refused as refused:
            answer, status = refused.body, refused.status
        except (KeyError, TypeError, ValueError) as misused:
            answer, status = {"error": {"message": f"{type(misused).__name__}: {misused}"}}, 400
        return Response(json.dumps(answer), status, mimetype="application/json")
