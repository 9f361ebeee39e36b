"""Renders what acts would do or have done, with the documents' differences. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from database.differences import rows_of
from database.rehearsal import Difference
from ops.acting import Answered, Rehearsed
from ops.bulk import Bulk
from ops.page import Heading, Line, Page, Part, Table, Tone


def rehearsal_page(rehearsed: Rehearsed) -> Page:
    """What would happen, and how to do it."""
    rows = tuple(rows_of(rehearsed.differences))
    table: tuple[Part, ...] = (Table(rows, ("document", "field", "before", "after")),) if rows else ()
    would = [answer for answer in rehearsed.answers if not answer.is_refused]
    end = (
        "Nothing was done. Add --yes --reason '…' to do it."
        if would
        else "Nothing was done, and --yes would be refused."
    )
    return (*answer_lines(rehearsed.answers, "would end as"), *table, Line(end, Tone.QUIET))


def answer_lines(answers: Iterable[Answered], verb: str) -> Sequence[Line]:
    """The outcome of each."""
    return [
        Line(
            f"{answer.act.kind} {answer.act.target} {verb} {answer.outcome.result}"
            + (f": {answer.outcome.note}" if answer.outcome.note else ""),
            Tone.WARNING if answer.is_refused else Tone.GOOD,
        )
        for answer in answers
    ]


def data_of(
    answers: Iterable[Answered], differences: Mapping[str, Difference], bulk: Bulk | None, *, is_done: bool
) -> object:
    """The same for a program."""
    said = [
        {
            "kind": answer.act.kind,
            "target": answer.act.target,
            "result": answer.outcome.result,
            "note": answer.outcome.note,
        }
        for answer in answers
    ]
    return {"done": is_done, "found": bulk, "answers": said, "differences": differences}


def bulk_lines(bulk: Bulk) -> Sequence[Part]:
    """How many orders, and how much money."""
    amounts = " and ".join(f"{amount} {currency}" for currency, amount in sorted(bulk.money.items()))
    more = () if bulk.is_all else (Line("There are more: do these first, then run this again.", Tone.WARNING),)
    return (
        Heading(
            f"{bulk.orders} order{'' if bulk.orders == 1 else 's'}{f', {amounts} in minor units' if amounts else ''}"
        ),
        *more,
        *([set_line(bulk.orders, bulk.set)] if bulk.orders else []),
    )


def set_line(count: int, digest: str) -> Line:
    return Line(f"To confirm in a script: --count {count} --set {digest}", Tone.QUIET)
