"""All checks: name, what holds if nothing is wrong, and the function that judges. Pure."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from tools.deploying.defects import Defect
from tools.deploying.found import Found
from tools.deploying.wanted import Wanted
from tools.diagnosing import deliveries, outside, project
from tools.diagnosing.check import Check, State, Unseen
from tools.diagnosing.seen import Seen

Judge = Callable[[Wanted, Seen, datetime], Iterator[Defect | Unseen]]


def _of(judge: Callable[[Wanted, Found, datetime], Iterator[Defect | Unseen]]) -> Judge:
    """A judge that needs what was found in the project, if it could be read."""

    def judged(wanted: Wanted, seen: Seen, now: datetime) -> Iterator[Defect | Unseen]:
        if isinstance(seen.found, Unseen):
            yield seen.found
        else:
            yield from judge(wanted, seen.found, now)

    return judged


CHECKS: Final[Mapping[str, tuple[str, Judge]]] = {
    "apis": ("those that functions.yaml names are on", project.apis),
    "settings": ("they can be used", project.settings),
    "in use": ("what runs has the settings of the files", _of(project.settings_in_use)),
    "rights": ("each account may do its work", _of(project.rights)),
    "database": ("it is in Native mode, and open to the service", _of(project.database)),
    "protection": ("the database cannot be deleted, nor what it held be lost, by one mistake", _of(project.protection)),
    "indexes": ("they are those of the file, and ready", _of(project.indexes)),
    "times to live": ("they are active", _of(project.times_to_live)),
    "rules": ("they are those of the file", _of(project.rules)),
    "secrets": ("they have values, the latest of which are in use", _of(project.secrets)),
    "secret value": ("the webhook can verify with it", project.secret_value),
    "api key": ("it is unset, or Stripe takes it", outside.api_key),
    "functions": ("they are active, as their accounts, for their callers", _of(project.functions)),
    "schedules": ("they are on, and the last runs went well", _of(project.schedules)),
    "effects": ("nothing waits, nothing was given up", outside.effects),
    "policies": ("somebody would be alerted", project.alert_policies),
    "channels": ("alerts arrive", project.alert_channels),
    "endpoint": ("Stripe delivers to the webhook, once", deliveries.endpoint),
    "event types": ("Stripe sends those that are handled, and no others", deliveries.event_types),
    "api version": ("Stripe's events are of a version that is known", deliveries.api_version),
    "mode": ("settings, secrets and endpoint agree", deliveries.mode),
    "forged post": (f"answered {deliveries.FORGED}", deliveries.forged_post),
    "signed post": (f"answered {deliveries.UNKNOWN}", deliveries.signed_post),
}


def checks(wanted: Wanted, seen: Seen, now: datetime) -> list[Check]:
    """A line per check; more if more than one thing is wrong."""
    return [
        check
        for name, (right, judge) in CHECKS.items()
        for check in [_check(name, each) for each in judge(wanted, seen, now)] or [Check(name, State.OK, right)]
    ]


def _check(name: str, judged: Defect | Unseen) -> Check:
    match judged:
        case Defect(what, remedy):
            return Check(name, State.WRONG, what, remedy)
        case Unseen(why, remedy):
            return Check(name, State.NOT_CHECKED, why, remedy)
