"""Events, as they are listed: the newest first, in pages (https://docs.stripe.com/api/events/list)."""

from http import HTTPStatus
from typing import Final

from tools.stripe_events import Json
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.refusals import Refused, no_such

LIMIT_MAX: Final = 100
LIMIT_DEFAULT: Final = 10
TYPES_MAX: Final = 20


def listed(account: Account, asked: Json) -> Json:
    """Raises Refused."""
    limit = asked.get("limit", LIMIT_DEFAULT)
    if not 1 <= limit <= LIMIT_MAX:
        raise Refused(f"limit must be from 1 to {LIMIT_MAX}", code="parameter_invalid_integer", param="limit")
    if len(asked.get("types", [])) > TYPES_MAX:
        raise Refused(f"types can hold up to {TYPES_MAX} names", param="types")
    if "type" in asked and "types" in asked:
        raise Refused("You may only specify one of these parameters: type, types.")
    kept = account.kept_events()[::-1]
    if "ending_before" in asked:
        # The page just before it, which is nearest to it: from page to page they get newer.
        newer = [
            event for event in kept[: _position(kept, asked["ending_before"], "ending_before")] if _fits(event, asked)
        ]
        page, has_more = newer[-limit:], len(newer) > limit
    else:
        start = _position(kept, asked["starting_after"], "starting_after") + 1 if "starting_after" in asked else 0
        older = [event for event in kept[start:] if _fits(event, asked)]
        page, has_more = older[:limit], len(older) > limit
    return {"object": "list", "data": page, "has_more": has_more, "url": "/v1/events"}


def _position(events: list[Json], event_id: str, param: str) -> int:
    for position, event in enumerate(events):
        if event["id"] == event_id:
            return position
    raise no_such("event", event_id, param, HTTPStatus.BAD_REQUEST)


def _fits(event: Json, asked: Json) -> bool:
    types = asked.get("types") or ([asked["type"]] if "type" in asked else None)
    created, at = asked.get("created", {}), event["created"]
    span = created if isinstance(created, dict) else {"gte": created, "lte": created}
    return (types is None or event["type"] in types) and (
        span.get("gt", at - 1) < at < span.get("lt", at + 1) and span.get("gte", at) <= at <= span.get("lte", at)
    )
