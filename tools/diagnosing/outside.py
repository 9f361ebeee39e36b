"""Checks effects that wait or were given up, and Stripe's API key. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final

from tools.deploying.defects import Defect
from tools.deploying.wanted import Wanted
from tools.diagnosing.check import Unseen
from tools.diagnosing.effects import MOST, OVERDUE
from tools.diagnosing.seen import Seen
from tools.diagnosing.stripe_api import API_KEY, ServicesKey

_SET_ANOTHER: Final = "set another, and deploy"


def effects(_wanted: Wanted, seen: Seen, _now: datetime) -> Iterator[Defect | Unseen]:
    if isinstance(seen.effects, Unseen):
        yield seen.effects
        return
    if seen.effects.given_up:
        yield Defect(f"Given up: {_counted(seen.effects.given_up)}", "see docs/runbook.md (Effects)")
    if seen.effects.overdue:
        minutes = OVERDUE.total_seconds() // 60
        yield Defect(
            f"Overdue by more than {minutes:.0f} minutes: {_counted(seen.effects.overdue)}",
            "the sweep performs them: see its schedule and its log",
        )


def api_key(_wanted: Wanted, seen: Seen, _now: datetime) -> Iterator[Defect | Unseen]:
    match seen.api_key:
        case Defect() | Unseen():
            yield seen.api_key
        case ServicesKey(_, answers):
            yield from _of_answers(answers)


def _of_answers(answers: Mapping[str, int]) -> Iterator[Defect | Unseen]:
    if HTTPStatus.UNAUTHORIZED in answers.values():
        yield Defect(f"Stripe does not accept {API_KEY}", _SET_ANOTHER)
        return
    if forbidden := [what for what, status in answers.items() if status == HTTPStatus.FORBIDDEN]:
        yield Defect(f"{API_KEY} may not read {', '.join(forbidden)}", "allow it in Stripe's dashboard (API keys)")
    if strange := set(answers.values()) - {HTTPStatus.OK, HTTPStatus.FORBIDDEN}:
        yield Unseen(f"Stripe answers {min(strange)}", "run this again")


def _counted(kinds: Sequence[str]) -> str:
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(kinds).items()))
    return f"{counts}, and perhaps more" if len(kinds) == MOST else counts
