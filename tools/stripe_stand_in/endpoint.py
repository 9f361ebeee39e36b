"""Answers requests as Stripe's API does."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from werkzeug import Request, Response

from stripe_api.api import API_VERSION
from tools.stripe_events import Json
from tools.stripe_stand_in import sessions
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.faults import Fault, Faults, Kind
from tools.stripe_stand_in.form import nested
from tools.stripe_stand_in.idempotency import Answer, Keys
from tools.stripe_stand_in.parameters import checked
from tools.stripe_stand_in.refusals import Refused
from tools.stripe_stand_in.routes import route_of
from tools.stripe_stand_in.webhooks import Webhooks

_FORM: Final = "application/x-www-form-urlencoded"
_KEY_SHOWN_CHARACTERS: Final = 4
_BROKEN: Final = Refused("An error occurred.", kind="api_error", status=HTTPStatus.INTERNAL_SERVER_ERROR)


@dataclass(slots=True)
class Api:
    account: Account
    key: str
    """The only API key that is accepted."""
    webhooks: Webhooks
    faults: Faults = field(default_factory=Faults)
    keys: Keys = field(default_factory=Keys)
    asked: list[Json] = field(default_factory=list)
    """Every request, in the order in which they were answered."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def respond(self, request: Request) -> Response:
        request_id = f"req_{self.account.new_name()}"
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        fault = self.faults.for_request(f"{request.path} {key} {_pairs_in(request)}")
        try:
            if fault and (refusal := fault.refusal()):
                raise refusal
            self._authenticate(request)
            answer, is_repeated = self._answer(request, request_id, key, fault)
        except Refused as refused:
            answer, is_repeated = _refusal(refused, request_id), False
        headers = self._headers(request, request_id, answer, is_repeated=is_repeated, key=key)
        if fault and fault.kind is Kind.RATE_LIMITED:
            headers["Retry-After"] = str(fault.seconds)
        self._note(request, request_id, key, answer, is_repeated=is_repeated)
        response = Response(answer.body, answer.status, headers, mimetype="application/json")
        return _befallen(response, request, fault) if fault else response

    def _answer(self, request: Request, request_id: str, key: str | None, fault: Fault | None) -> tuple[Answer, bool]:
        """The answer, and whether it is a replay. Raises Refused if the request itself is invalid."""
        if request.method == "POST" and request.content_length and request.mimetype != _FORM:
            raise Refused(f"Requests must be {_FORM}.")
        if not key:
            return self._work(request, request_id, None, fault), False
        asked = (request.method, request.path, sorted(_pairs_in(request)))
        if given := self.keys.begin(key, asked, self.account.now):
            return given, True
        try:
            answer = self._work(request, request_id, key, fault)
        except BaseException:
            self.keys.forget(key)
            raise
        self.keys.keep(key, answer)
        return answer, False

    def _work(self, request: Request, request_id: str, key: str | None, fault: Fault | None) -> Answer:
        """Raises InvalidParameter; any later refusal is returned as an answer."""
        route, object_id = route_of(request.method, request.path)
        asked = checked(nested(_pairs_in(request)), route.kind)
        if fault and fault.kind is Kind.SLOW:
            time.sleep(fault.seconds)
        with self.lock, self.account.caused_by(request_id, key) as before:
            sessions.expire_what_is_due(self.account)
            try:
                answer = Answer(HTTPStatus.OK, _json(route.work(self.account, object_id, asked)), request_id)
            except Refused as refused:
                answer = _refusal(refused, request_id)
            self.webhooks.send(self.account.events[before:])
        return _refusal(_BROKEN, request_id) if fault and fault.kind is Kind.BROKEN else answer

    def _authenticate(self, request: Request) -> None:
        given = request.authorization
        key = given and (given.token if given.type == "bearer" else given.username)
        if not key:
            raise Refused("You did not provide an API key.", status=HTTPStatus.UNAUTHORIZED)
        if key != self.key:
            hidden = f"{key[:8]}{'*' * 8}{key[-_KEY_SHOWN_CHARACTERS:]}"
            raise Refused(f"Invalid API Key provided: {hidden}", status=HTTPStatus.UNAUTHORIZED)

    def _headers(
        self, request: Request, request_id: str, answer: Answer, *, is_repeated: bool, key: str | None
    ) -> dict[str, str]:
        headers = {"Request-Id": request_id, "Stripe-Version": request.headers.get("Stripe-Version", API_VERSION)}
        if key:
            headers["Idempotency-Key"] = key
        if is_repeated:
            headers |= {"Idempotent-Replayed": "true", "Original-Request": answer.request_id}
        return headers

    def _note(self, request: Request, request_id: str, key: str | None, answer: Answer, *, is_repeated: bool) -> None:
        self.asked.append(
            {
                "id": request_id,
                "method": request.method,
                "path": request.path,
                "parameters": dict(_pairs_in(request)),
                "key": key,
                "version": request.headers.get("Stripe-Version"),
                "headers": sorted(name for name, _ in request.headers),
                "status": answer.status,
                "repeated": is_repeated,
            }
        )


def _pairs_in(request: Request) -> list[tuple[str, str]]:
    return list((request.form if request.method == "POST" else request.args).items(multi=True))


def _refusal(refused: Refused, request_id: str) -> Answer:
    return Answer(refused.status, _json(refused.body), request_id)


def _befallen(response: Response, request: Request, fault: Fault) -> Response:
    match fault.kind:
        case Kind.HANGS:
            time.sleep(fault.seconds)
        case Kind.GARBAGE:
            return Response("<html>Welcome to the hotel's network</html>", mimetype="text/html")
        case Kind.LOST:
            # No byte of the answer is sent.
            request.environ["werkzeug.socket"].shutdown(2)
    return response


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, indent=2).encode()
