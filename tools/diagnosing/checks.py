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
    "apis": ("the APIs that functions.yaml names are on", project.apis),
    "settings": ("they are valid", project.settings),
    "in use": ("the functions run with the settings in the files", _of(project.settings_in_use)),
    "rights": ("each account has the roles it needs", _of(project.rights)),
    "database": ("it is in Native mode, and accessible to the service", _of(project.database)),
    "protection": ("the database and its data are protected from a single mistake", _of(project.protection)),
    "indexes": ("they are as in the file, and ready", _of(project.indexes)),
    "times to live": ("they are active", _of(project.times_to_live)),
    "rules": ("they are as in the file", _of(project.rules)),
    "secrets": ("they have values, and the latest are in use", _of(project.secrets)),
    "secret value": ("the webhook can use it to verify signatures", project.secret_value),
    "api key": ("it is unset, or Stripe accepts it", outside.api_key),
    "functions": ("they are active, with the right accounts and callers", _of(project.functions)),
    "schedules": ("they are on, and their last runs succeeded", _of(project.schedules)),
    "effects": ("none is overdue, none was given up", outside.effects),
    "policies": ("alerts would reach somebody", project.alert_policies),
    "channels": ("alerts arrive", project.alert_channels),
    "endpoint": ("Stripe delivers each event to the webhook once", deliveries.endpoint),
    "event types": ("Stripe sends exactly those that are handled", deliveries.event_types),
    "api version": ("Stripe's events have a known version", deliveries.api_version),
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
