"""Runs the scheduled sweep once, since the emulators run no schedules: `make sweep`."""

import sys
from collections.abc import Mapping
from typing import Final

from tools.addresses import Addresses
from tools.local_shop import LocalShop, at_work
from tools.posting import Answer, post

FUNCTION: Final = "releaseExpiredReservations"


def sweep(addresses: Addresses) -> Answer:
    """Raises NotAnswered."""
    return post(addresses.scheduled(FUNCTION))


def in_words(answer: Answer) -> str:
    """What a sweep did, or why it failed."""
    return f"Swept: {_counted(answer.fields())}." if answer.is_done else f"The sweep failed: {answer}."


def _counted(fields: Mapping[str, object]) -> str:
    counts = [f"{count} {ending}" for ending, count in fields.items() if count and count is not True]
    return ", ".join(counts) or "nothing was due"


def _sweep(shop: LocalShop) -> bool:
    answer = sweep(shop.addresses)
    print(in_words(answer))
    return answer.is_done


if __name__ == "__main__":
    sys.exit(at_work(_sweep))
