"""Events, as they are listed: https://docs.stripe.com/api/events/list."""

from typing import Final

from tools.stripe_events import Json
from tools.stripe_stand_in.account import Account
from tools.stripe_stand_in.lists import page
from tools.stripe_stand_in.refusals import Refused

TYPES_MAX: Final = 20


def listed(account: Account, asked: Json) -> Json:
    """Raises Refused."""
    if len(asked.get("types", [])) > TYPES_MAX:
        raise Refused(f"types can hold up to {TYPES_MAX} names", param="types")
    if "type" in asked and "types" in asked:
        raise Refused("You may only specify one of these parameters: type, types.")
    types = asked.get("types") or ([asked["type"]] if "type" in asked else None)
    return page(
        account.kept_events(), asked, "event", "/v1/events", lambda event: types is None or event["type"] in types
    )
