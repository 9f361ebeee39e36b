"""`./shop replay`: events of Stripe's are settled again, or for the first time, by what settles deliveries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO, TypeVar

import click

from ops.acting import How, said_how
from ops.bulk import SET_OPTIONS, Said, check_set
from ops.commands import Asked, command
from ops.event_files import NoEvents, events_in
from ops.event_sources import (
    REPLAYED,
    Candidate,
    claims_that_ended,
    from_claim,
    from_file,
    from_id,
    parked_claims,
)
from ops.exit_codes import ExitCode, Failed
from ops.page import Part
from ops.replay_page import data_of, found_lines, rehearsal_page, replay_lines
from ops.replaying import Readings, Replay, asked_by, done, readings_of, rehearsed
from ops.times import since_from
from webhooks.stripe_fields import Json

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """The events to settle again, named in one of these ways."""

    events: Sequence[str]
    file: TextIO | None
    is_parked: bool
    result: str | None
    since: str | None

    def check(self) -> None:
        """Raises click.UsageError."""
        if sum(map(bool, (self.events, self.file, self.is_parked, self.result))) != 1:
            raise click.UsageError("Which events? Name them, or add --from FILE, --parked, or --result RESULT.")
        if self.since and not (self.is_parked or self.result):
            raise click.UsageError("--since needs --parked or --result.")


@command("replay")
@click.argument("events", nargs=-1, metavar="[EVENT]...")
@click.option(
    "--from", "file", type=click.File(encoding="utf-8-sig"), help="The events in a FILE; - reads standard input."
)
@click.option("--parked", "is_parked", is_flag=True, help="All parked events.")
@click.option("--result", type=click.Choice([str(each) for each in REPLAYED]), help="All events with this result.")
@click.option(
    "--since", metavar="TIME", help="With --parked or --result: only those received since, such as 36h or 2d."
)
@click.option("--unsigned", is_flag=True, help="Also events from a file that Stripe does not confirm.")
@SET_OPTIONS[0]
@SET_OPTIONS[1]
@said_how
@click.pass_obj
def replay(asked: Asked, /, how: How, *, unsigned: bool, count: int | None, digest: str | None, **which: Any) -> None:  # noqa: ANN401 - as Which says
    """Settle Stripe's events again.

    Name each EVENT by its id, or choose those of a file, or those that are parked or were set aside. They are
    treated like a delivery, with every check but the signature, and are not counted as one. An event that is settled
    already changes nothing. Each event is read from Stripe with STRIPE_API_KEY, for 30 days after it was made;
    parked ones are also stored here.

    A file is JSON as Stripe's API, command line or dashboard writes it: lines, a list, or one object. It is not
    signed, so each of its events is looked up in Stripe, and Stripe's answer counts, not the file. What Stripe does
    not show is only settled with --unsigned.
    """
    wanted = Which(**which)
    wanted.check()
    candidates, is_all = _candidates(asked, wanted)
    readings = readings_of(asked, candidates)
    shown = found_lines(readings, is_all=is_all, is_set=not wanted.events)
    if how.is_done:
        if not wanted.events:
            found = (len(readings.events), readings.set)
            check_set(asked, Said(count, digest), "events", found, shown)
        _check_signed(readings, is_accepted=unsigned)
        _do(asked, readings, how, shown)
    else:
        rehearsal = rehearsed(asked, readings)
        page = (*shown, *rehearsal_page(rehearsal))
        asked.output.show(data_of(rehearsal.replays, rehearsal.differences, readings, is_done=False), page)
        raise click.exceptions.Exit(_exit_code(rehearsal.replays))


def _do(asked: Asked, readings: Readings, how: How, shown: Sequence[Part]) -> None:
    who = asked_by(asked, how)
    replays: list[Replay] = []
    with asked.output.progress("settling", total=len(readings.events)) as progress:
        for each in done(asked, readings, who):
            replays.append(each)
            progress.by(1)
    page = (*shown, *replay_lines(replays, "ended as"))
    asked.output.show(data_of(replays, {}, readings, is_done=True), page)
    raise click.exceptions.Exit(_exit_code(replays))


def _candidates(asked: Asked, which: Which) -> tuple[Sequence[Candidate], bool]:
    """The events, and whether these are all. Raises Failed, StripeUnavailable."""
    stripe, reader = asked.shop.stripe, asked.shop.reader
    if which.events:
        return _looked_up(asked, which.events, lambda event_id: from_id(event_id, stripe, reader)), True
    if which.file:
        return _looked_up(asked, _messages_in(which.file), lambda message: from_file(message, stripe)), True
    earliest = since_from(which.since, asked.now()) if which.since else None
    claims = claims_that_ended(reader, which.result, earliest) if which.result else parked_claims(reader, earliest)
    return _looked_up(asked, claims.found, lambda claim: from_claim(claim, stripe)), claims.is_all


def _messages_in(file: TextIO) -> Sequence[Json]:
    try:
        return events_in(file.read())
    except (NoEvents, UnicodeDecodeError) as problem:
        raise Failed(f"{file.name} cannot be read: {problem}. Nothing was done.") from None


def _looked_up(asked: Asked, named: Sequence[ItemT], look_up: Callable[[ItemT], Candidate]) -> Sequence[Candidate]:
    candidates: list[Candidate] = []
    with asked.output.progress("looking up", total=len(named)) as progress:
        for each in named:
            candidates.append(look_up(each))
            progress.by(1)
    return candidates


def _check_signed(readings: Readings, *, is_accepted: bool) -> None:
    if readings.from_file_alone and not is_accepted:
        raise click.UsageError(
            f"{readings.from_file_alone} of these events are only in the file, and not signed. Set STRIPE_API_KEY "
            "to have Stripe confirm them; or add --unsigned, if you know where the file comes from."
        )


def _exit_code(replays: Sequence[Replay]) -> ExitCode:
    stuck = sum(replay.is_stuck for replay in replays)
    if stuck == 0:
        return ExitCode.FINE
    return ExitCode.FAILED if all(replay.result is None for replay in replays) else ExitCode.FOUND
