"""Controls for the stand-in: requests below `/_control/`, which Stripe does not have. `control` sends them."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final, TypeVar

from tools.stripe_events import Json
from tools.stripe_stand_in import sessions
from tools.stripe_stand_in.endpoint import Api
from tools.stripe_stand_in.faults import Fault, Kind
from tools.stripe_stand_in.refusals import Refused
from tools.stripe_stand_in.routes import event_in, session_in
from tools.stripe_stand_in.webhooks import Habits

PREFIX: Final = "/_control/"

_Control = Callable[[Api, str, Json], Json]
_Changed = TypeVar("_Changed")


def respond(api: Api, path: str, asked: Json) -> Json:
    """The answer, as JSON. Raises Refused."""
    for pattern, control in _CONTROLS.items():
        if match := re.fullmatch(pattern, path.removeprefix(PREFIX), re.ASCII):
            return control(api, "".join(match.groups()), asked)
    raise Refused(f"There is no {path}", status=HTTPStatus.NOT_FOUND)


def changed(api: Api, change: Callable[[], _Changed]) -> _Changed:
    """The result of the change, once its events are queued for delivery. Raises Refused."""
    with api.lock, api.account.caused_by(None, None) as before:
        try:
            sessions.expire_what_is_due(api.account)
            return change()
        finally:
            api.webhooks.send(api.account.events[before:])


def _complete(api: Api, session_id: str, asked: Json) -> Json:
    return changed(api, lambda: sessions.complete(api.account, session_in(api.account, session_id), **asked))


def _decline(api: Api, session_id: str, _: Json) -> Json:
    return changed(api, lambda: sessions.decline(api.account, session_in(api.account, session_id)))


def _settle(api: Api, session_id: str, asked: Json) -> Json:
    return changed(api, lambda: sessions.settle(api.account, session_in(api.account, session_id), **asked))


def _go_forward(api: Api, _: str, asked: Json) -> Json:
    def go_forward() -> Json:
        api.account.ahead_seconds += asked["seconds"]
        sessions.expire_what_is_due(api.account)
        return {"now": api.account.now}

    return changed(api, go_forward)


def _plan(api: Api, _: str, asked: Json) -> Json:
    api.faults.plan(Fault(Kind(asked.pop("kind")), **asked))
    return {}


def _clear_faults(api: Api, _: str, __: Json) -> Json:
    api.faults.clear()
    return {}


def _set_habits(api: Api, _: str, asked: Json) -> Json:
    about = asked.pop("about")
    # Move it to the end: of several that match, the last one set applies.
    api.webhooks.habits.pop(about, None)
    api.webhooks.habits[about] = Habits(**asked)
    return {}


def _send_again(api: Api, event_id: str, asked: Json) -> Json:
    with api.lock:
        api.webhooks.send_again(event_in(api.account, event_id), asked["form"])
    return {}


def _attempts(api: Api, _: str, asked: Json) -> Json:
    about = asked["about"]
    is_quiet = api.webhooks.wait_until_quiet(about, asked["seconds"])
    return {"quiet": is_quiet, "attempts": [attempt for text, attempt in api.webhooks.attempts if about in text]}


def _requests(api: Api, _: str, __: Json) -> Json:
    return {"requests": list(api.asked)}


def _events(api: Api, _: str, __: Json) -> Json:
    with api.lock:
        return {"events": list(api.account.events)}


def _add_shipping_rate(api: Api, rate_id: str, asked: Json) -> Json:
    with api.lock:
        api.account.shipping_rates[rate_id] = {"id": rate_id, **asked}
    return {}


_CONTROLS: Final[Mapping[str, _Control]] = {
    r"sessions/(\w+)/complete": _complete,
    r"sessions/(\w+)/decline": _decline,
    r"sessions/(\w+)/settle": _settle,
    r"clock/forward": _go_forward,
    r"faults/plan": _plan,
    r"faults/clear": _clear_faults,
    r"webhooks/habits": _set_habits,
    r"webhooks/(\w+)/again": _send_again,
    r"webhooks/attempts": _attempts,
    r"requests": _requests,
    r"events": _events,
    r"shipping_rates/(\w+)": _add_shipping_rate,
}
