"""Every order and every payment can be compared, at the latest when it is tried again."""

from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import ToCompare


def _judge(one: ToCompare) -> Found | None:
    if one.trouble is None:
        return None
    return Found(f"{one.key} could not be compared: {one.trouble}", to_copy("why", one.key))


RULE: Final = Rule("not_compared", ToCompare, _judge)
