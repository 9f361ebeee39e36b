"""What an act would do, or has done, in words and as the difference in documents. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from database.rehearsal import Difference
from ops.acting import Answered, Rehearsed
from ops.bulk import Bulk
from ops.page import Heading, Line, Page, Part, Row, Table, Tone

_ITS_OWN_TRAIL: Final = ("operatorRequests/", "auditLog/", "webhookEvents/")
_NO_NEWS: Final = frozenset({"updatedAt", "auditHead", "auditCount"})
_FIRST: Final = ("orders/", "inventory/", "products/")
_SAYS_WHAT_IT_IS: Final = {"effects/": ("kind", "refund"), "notifications/": ("type",)}
"""Of a new effect or notice; the rest of it is what each of them has, and in the data of --json."""
TEXT_CHARACTERS_MAX: Final = 100


def rehearsal_page(rehearsed: Rehearsed) -> Page:
    """What would happen, and how to have it happen."""
    rows = tuple(rows_of(rehearsed.differences))
    table: tuple[Part, ...] = (Table(rows, ("document", "field", "before", "after")),) if rows else ()
    would = [answer for answer in rehearsed.answers if not answer.is_refused]
    end = "Nothing was done. Add --yes --reason '…' to do it." if would else "Nothing was done, and nothing can be."
    return (*answer_lines(rehearsed.answers, "would end as"), *table, Line(end, Tone.QUIET))


def answer_lines(answers: Iterable[Answered], verb: str) -> Sequence[Line]:
    """What has become of each."""
    return [
        Line(
            f"{answer.act.kind} {answer.act.target} {verb} {answer.outcome.result}"
            + (f": {answer.outcome.note}" if answer.outcome.note else ""),
            Tone.WARNING if answer.is_refused else Tone.GOOD,
        )
        for answer in answers
    ]


def rows_of(differences: Mapping[str, Difference]) -> Iterator[Row]:
    """Field by field; a request, a claim and an audit entry are there whenever something is done, and are left out."""
    for path in sorted(differences, key=lambda each: (not each.startswith(_FIRST), each)):
        if path.startswith(_ITS_OWN_TRAIL):
            continue
        before, after = differences[path].before or {}, differences[path].after or {}
        for name in sorted(_names_to_show(path, before, after)):
            if before.get(name) != after.get(name):
                yield path, name, in_words(before.get(name)), in_words(after.get(name))


def _names_to_show(path: str, before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    names = {*before, *after} - _NO_NEWS
    said = next((said for folder, said in _SAYS_WHAT_IT_IS.items() if path.startswith(folder)), None)
    return names if before or said is None else names.intersection(said)


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


def in_words(value: object) -> str:
    match value:
        case None:
            return "-"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
        case Mapping():
            return _shortened(", ".join(f"{name}: {in_words(each)}" for name, each in value.items()))
        case list() | tuple():
            return _shortened("; ".join(map(in_words, value)) or "none")
        case _:
            return _shortened(str(value))


def bulk_lines(bulk: Bulk) -> Sequence[Part]:
    """How many orders, and how much money they are about."""
    amounts = " and ".join(f"{amount} {currency}" for currency, amount in sorted(bulk.money.items()))
    more = () if bulk.is_all else (Line("There are more: do these first, then begin again.", Tone.WARNING),)
    return (
        Heading(
            f"{bulk.orders} order{'' if bulk.orders == 1 else 's'}{f', {amounts} in minor units' if amounts else ''}"
        ),
        *more,
        set_line(bulk.orders, bulk.set),
    )


def set_line(count: int, digest: str) -> Line:
    return Line(f"Where nobody can type: --count {count} --set {digest}", Tone.QUIET)


def _shortened(text: str) -> str:
    return text if len(text) <= TEXT_CHARACTERS_MAX else f"{text[: TEXT_CHARACTERS_MAX - 1]}…"
