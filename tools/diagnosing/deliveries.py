"""Checks how Stripe's events arrive: the endpoint, the mode, and the webhook's answers. Pure."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

from orders.outcome import Result
from service.environment import SettingsError
from service.secrets import EXPECT_LIVEMODE, STRIPE_WEBHOOK_SECRET
from service.settings import settings_from
from stripe_api.api import API_VERSION
from tools.deploying.defects import Defect
from tools.deploying.google import Json
from tools.deploying.wanted import Wanted
from tools.diagnosing.check import Unseen
from tools.diagnosing.seen import Seen, not_deployed
from tools.diagnosing.stripe_api import API_KEY, ServicesKey
from webhooks.translation import HANDLED_TYPES

OLDEST_VERSION: Final = "2020-08-27"
"""The oldest API version of Stripe's whose events are translated."""
FORGED: Final = "400 signature verification failed"
UNKNOWN: Final = f"200 {Result.IGNORED}"

_NO_ENDPOINT: Final = Unseen("there is no endpoint", "see above")
_IN_DASHBOARD: Final = "in Stripe's dashboard (Webhooks)"
_MODES: Final = {True: "live", False: "test"}


def endpoint(wanted: Wanted, seen: Seen, _now: datetime) -> Iterator[Defect | Unseen]:
    ours = _ours(wanted, seen)
    if isinstance(ours, Unseen):
        yield ours
        return
    if not ours:
        yield Defect(f"Stripe has no endpoint in this mode with the URL {seen.addresses[0]}", f"add it {_IN_DASHBOARD}")
    elif len(ours) > 1:
        ids = ", ".join(str(one["id"]) for one in ours)
        yield Defect(f"Each event is delivered {len(ours)} times, to {ids}", f"delete all but one {_IN_DASHBOARD}")
    for one in ours:
        if one["status"] != "enabled":
            yield Defect(f"{one['id']} is {one['status']}", f"enable it {_IN_DASHBOARD}, and resend what it missed")


def event_types(wanted: Wanted, seen: Seen, _now: datetime) -> Iterator[Defect | Unseen]:
    yield from _unless_there(wanted, seen)
    for one in _listed(wanted, seen):
        enabled = set(one["enabled_events"])
        lacking, more = sorted(HANDLED_TYPES - enabled), sorted(enabled - HANDLED_TYPES)
        if "*" in enabled:
            yield Defect(f"{one['id']} sends every type", f"choose those of docs/runbook.md {_IN_DASHBOARD}")
        elif lacking or more:
            differs = [f"lacks {', '.join(lacking)}"] * bool(lacking) + [f"also sends {', '.join(more)}"] * bool(more)
            yield Defect(f"{one['id']} {' and '.join(differs)}", f"choose those of docs/runbook.md {_IN_DASHBOARD}")


def api_version(wanted: Wanted, seen: Seen, _now: datetime) -> Iterator[Defect | Unseen]:
    yield from _unless_there(wanted, seen)
    for one in _listed(wanted, seen):
        # A version is a date, perhaps with a name. Null means the account's own.
        key = seen.api_key if isinstance(seen.api_key, ServicesKey) else None
        version = one.get("api_version") or (key and key.events_version)
        if not version:
            yield Unseen(
                f"{one['id']} sends events in the account's default version, which is unknown while there are no "
                "events",
                f"set {API_KEY} and run this again once there are events; or replace it with an endpoint of "
                f"{API_VERSION}",
            )
        elif not OLDEST_VERSION <= version[: len(OLDEST_VERSION)] <= API_VERSION[: len(OLDEST_VERSION)]:
            yield Defect(
                f"{one['id']} sends events of {version}, which was never tested",
                f"replace it with an endpoint of {API_VERSION}: an endpoint's version cannot be changed",
            )


def mode(wanted: Wanted, seen: Seen, _now: datetime) -> Iterator[Defect | Unseen]:
    """The mode that is expected, signed for, called and sent must agree, wherever it is known."""
    expected = _expected(wanted)
    signed_for = {secret.livemode for secret in seen.secrets} if isinstance(seen.secrets, tuple) else {None}
    if expected is not None and not {expected, None} & signed_for:
        yield Defect(
            f"{EXPECT_LIVEMODE[0]} says {_MODES[expected]} mode, but {STRIPE_WEBHOOK_SECRET} has no secret for it",
            "correct one of the two, and deploy",
        )
    if expected is None and {True, False} <= signed_for:
        yield Defect(
            f"{STRIPE_WEBHOOK_SECRET} has secrets of both modes, so test payments pay for orders",
            f"set {EXPECT_LIVEMODE[0]}, and deploy",
        )
    for livemode in {one["livemode"] for one in _listed(wanted, seen)}:
        if expected is not None and livemode != expected:
            yield Defect(
                f"The endpoint is in {_MODES[livemode]} mode, but {EXPECT_LIVEMODE[0]} says {_MODES[expected]} mode",
                "register it in the other mode, or correct the setting and deploy",
            )
        elif not {livemode, None} & signed_for:
            yield Defect(
                f"The endpoint is in {_MODES[livemode]} mode, but {STRIPE_WEBHOOK_SECRET} has no secret for it",
                "add the endpoint's own, and deploy",
            )
    if isinstance(seen.api_key, ServicesKey):
        yield from _of_key(seen.api_key, signed_for, expected=expected)
    yield from _unless_there(wanted, seen)


def forged_post(_wanted: Wanted, seen: Seen, _now: datetime) -> Iterator[Defect | Unseen]:
    if isinstance(seen.forged, Unseen):
        yield seen.forged
    elif seen.forged != FORGED:
        yield Defect(f"{seen.addresses[0]} answers {seen.forged}", f"it should answer {FORGED}; its log says why")


def signed_post(_wanted: Wanted, seen: Seen, _now: datetime) -> Iterator[Defect | Unseen]:
    if isinstance(seen.signed, Unseen):
        yield seen.signed
        return
    for answer in seen.signed:
        if answer != UNKNOWN:
            yield Defect(f"{seen.addresses[0]} answers {answer}", f"it should answer {UNKNOWN}; its log says why")


def _of_key(key: ServicesKey, signed_for: Collection[bool | None], *, expected: bool | None) -> Iterator[Defect]:
    livemode = key.livemode
    if expected is not None and livemode != expected:
        yield Defect(
            f"{API_KEY} is for {_MODES[livemode]} mode, but {EXPECT_LIVEMODE[0]} says {_MODES[expected]} mode",
            "correct one of the two, and deploy",
        )
    elif not {livemode, None} & set(signed_for):
        yield Defect(
            f"{API_KEY} is for {_MODES[livemode]} mode, but {STRIPE_WEBHOOK_SECRET} has no secret for it",
            "set a key for the other mode, and deploy",
        )


def _ours(wanted: Wanted, seen: Seen) -> Sequence[Json] | Unseen:
    """The endpoints with the webhook's URL."""
    if isinstance(seen.endpoints, Unseen):
        return seen.endpoints
    if not seen.addresses:
        return not_deployed(wanted)
    return [one for one in seen.endpoints if str(one["url"]).rstrip("/") in seen.addresses]


def _listed(wanted: Wanted, seen: Seen) -> Sequence[Json]:
    ours = _ours(wanted, seen)
    return () if isinstance(ours, Unseen) else ours


def _unless_there(wanted: Wanted, seen: Seen) -> Iterator[Unseen]:
    ours = _ours(wanted, seen)
    if isinstance(ours, Unseen):
        yield ours
    elif not ours:
        yield _NO_ENDPOINT


def _expected(wanted: Wanted) -> bool | None:
    try:
        return settings_from(wanted.settings).terms.expected_livemode
    except SettingsError:
        return None
