"""Each order and each payment can be compared: whatever keeps one of them from it is gone when it is tried again."""

from shlex import quote
from typing import Final

from reconciliation.finding import Found, Rule
from reconciliation.subjects import ToCompare


def _judge(one: ToCompare) -> Found | None:
    if one.trouble is None:
        return None
    return Found(f"{one.key} could not be compared: {one.trouble}", f"why {quote(one.key)}")


RULE: Final = Rule("not_compared", ToCompare, _judge)
