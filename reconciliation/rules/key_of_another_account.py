"""Stripe's API key is of the account and mode whose payments are on record here."""

from typing import Final

from reconciliation.finding import Found, Rule, to_copy
from reconciliation.subjects import KeyInUse

SEVERAL: Final = 3
"""Fewer payments unknown to Stripe prove nothing about the key: each may be wrong by itself."""


def _judge(key: KeyInUse) -> Found | None:
    if len(key.unknown) < SEVERAL:
        return None
    words = f"with this key Stripe knows none of {', '.join(key.unknown)}: it belongs to another account or mode"
    return Found(words, to_copy("why", key.unknown[0]))


RULE: Final = Rule("key_of_another_account", KeyInUse, _judge)
