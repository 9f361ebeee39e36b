"""Renders what would become or has become of replayed events, with the documents' differences. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from database.differences import rows_of
from ops.acts_page import set_line
from ops.page import Heading, Line, Page, Part, Table, Tone
from ops.replaying import Readings, Rehearsal, Replay

_UNSIGNED: Final = (
    "{count} of them are only in the file: they are not signed, and Stripe does not confirm them. "
    "Settling them needs --unsigned."
)


def found_lines(readings: Readings, *, is_all: bool, is_set: bool) -> Sequence[Part]:
    """How many events and how much money; unless each event was named, also the digest of the set."""
    sums = [
        f"{amount} {currency} {kind}"
        for kind, amounts in readings.money.items()
        for currency, amount in sorted(amounts.items())
    ]
    money = f", {' and '.join(sums)} in minor units" if sums else ""
    lines: list[Part] = [Heading(f"{len(readings.events)} event{'' if len(readings.events) == 1 else 's'}{money}")]
    if not is_all:
        lines.append(Line("There are more: do these first, then run this again.", Tone.WARNING))
    if readings.from_file_alone:
        lines.append(Line(_UNSIGNED.format(count=readings.from_file_alone), Tone.WARNING))
    if is_set and readings.events:
        lines.append(set_line(len(readings.events), readings.set))
    return lines


def rehearsal_page(rehearsal: Rehearsal) -> Page:
    rows = tuple(rows_of(rehearsal.differences))
    table: tuple[Part, ...] = (Table(rows, ("document", "field", "before", "after")),) if rows else ()
    end = (
        "Nothing was done. Add --yes --reason '…' to do it."
        if rehearsal.differences
        else "Nothing was done, and nothing would change."
    )
    return (*replay_lines(rehearsal.replays, "would end as"), *table, Line(end, Tone.QUIET))


def replay_lines(replays: Sequence[Replay], verb: str) -> Sequence[Line]:
    """The outcome of each."""
    return [_line_of(replay, verb) for replay in replays]


def _line_of(replay: Replay, verb: str) -> Line:
    about = f"{replay.event_id}{f' {replay.event_type}' if replay.event_type else ''}, from {replay.origin},"
    why = f": {replay.note}" if replay.note else ""
    if replay.result is None:
        return Line(f"{about} cannot be settled now{why}", Tone.WARNING)
    if replay.changes_nothing:
        return Line(f"{about} changes nothing ({replay.result}{why})", Tone.QUIET)
    order = f" for order {replay.order_id}" if replay.order_id else ""
    return Line(f"{about} {verb} {replay.result}{order}{why}", Tone.WARNING if replay.is_stuck else Tone.GOOD)


def data_of(
    replays: Sequence[Replay], differences: Mapping[str, object], readings: Readings, *, is_done: bool
) -> object:
    """The same for a program."""
    found = {
        "events": len(readings.events),
        "money": readings.money,
        "set": readings.set,
        "fromFileAlone": readings.from_file_alone,
    }
    return {"done": is_done, "found": found, "replays": replays, "differences": differences}
