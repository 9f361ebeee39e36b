"""Lists as Stripe returns them: newest first, in pages (https://docs.stripe.com/api/pagination)."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

from tools.stripe_events import Json
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.refusals import Refused, no_such

LIMIT_MAX: Final = 100
LIMIT_DEFAULT: Final = 10
TYPES_MAX: Final = 20
"""Of events."""


def page(objects: Iterable[Json], asked: Json, kind: str, url: str, fits: Callable[[Json], bool]) -> Json:
    """One page of the objects that fit and were created within the time asked for.

    Args:
        objects: all objects, oldest first.

    Raises:
        Refused: a parameter is invalid.
    """
    limit = asked.get("limit", LIMIT_DEFAULT)
    if not 1 <= limit <= LIMIT_MAX:
        raise Refused(f"limit must be from 1 to {LIMIT_MAX}", code="parameter_invalid_integer", param="limit")
    if "ending_before" in asked and "starting_after" in asked:
        raise Refused("You may only specify one of these parameters: ending_before, starting_after.")
    known = list(objects)[::-1]
    if "ending_before" in asked:
        # The nearest page before it: paging this way goes from older to newer.
        before = known[: _position(known, asked["ending_before"], "ending_before", kind)]
        newer = [each for each in before if fits(each) and _is_made_in_time(each, asked)]
        data, has_more = newer[-limit:], len(newer) > limit
    else:
        after = asked.get("starting_after")
        start = _position(known, after, "starting_after", kind) + 1 if after else 0
        older = [each for each in known[start:] if fits(each) and _is_made_in_time(each, asked)]
        data, has_more = older[:limit], len(older) > limit
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def events(account: Account, asked: Json) -> Json:
    """https://docs.stripe.com/api/events/list. Raises Refused."""
    if len(asked.get("types", [])) > TYPES_MAX:
        raise Refused(f"types can hold up to {TYPES_MAX} names", param="types")
    if "type" in asked and "types" in asked:
        raise Refused("You may only specify one of these parameters: type, types.")
    types = asked.get("types") or ([asked["type"]] if "type" in asked else None)
    return page(
        account.kept_events(), asked, "event", "/v1/events", lambda event: types is None or event["type"] in types
    )


def payment_intents(account: Account, asked: Json) -> Json:
    """https://docs.stripe.com/api/payment_intents/list. Raises Refused."""
    for name in ("customer", "customer_account"):
        if name in asked:
            raise no_such("customer", asked[name], name, HTTPStatus.BAD_REQUEST)
    return page(account.intents.values(), asked, "payment_intent", "/v1/payment_intents", lambda _: True)


def refunds(account: Account, asked: Json) -> Json:
    """https://docs.stripe.com/api/refunds/list. Raises Refused."""
    wanted = {name: asked[name] for name in ("charge", "payment_intent") if name in asked}

    def fits(refund: Json) -> bool:
        return all(refund[name] == value for name, value in wanted.items())

    return page(account.refunds.values(), asked, "refund", "/v1/refunds", fits)


def _position(objects: list[Json], object_id: str, param: str, kind: str) -> int:
    for position, each in enumerate(objects):
        if each["id"] == object_id:
            return position
    raise no_such(kind, object_id, param, HTTPStatus.BAD_REQUEST)


def _is_made_in_time(each: Json, asked: Json) -> bool:
    created, at = asked.get("created", {}), each["created"]
    span = created if isinstance(created, dict) else {"gte": created, "lte": created}
    return bool(
        span.get("gt", at - 1) < at < span.get("lt", at + 1) and span.get("gte", at) <= at <= span.get("lte", at)
    )
