"""Renders the report on an order. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from ops.case import SWEPT, Request
from ops.page import Cell, Heading, Line, Page, Part, Row, Table, Tone
from ops.phrases import amount, moment
from ops.report import Report, StockRow
from ops.step import Step
from ops.timeline import Happening
from orders.disputes import Dispute
from orders.money import Money

_INDENT: Final = " " * len("2026-03-14 15:09:26  ")


def page_of(report: Report, how: str | None = None) -> Page:
    """Args: how: what leads to the order, if not its own id."""
    return [
        *_head(report, how),
        *_money(report),
        *_stock(report),
        *_timeline(report),
        *_next(report),
    ]


def _head(report: Report, how: str | None) -> Iterator[Part]:
    if how:
        yield Line(how, Tone.QUIET)
    tone = Tone.WARNING if report.next else Tone.GOOD
    yield Line(f"Order {report.order_id} ({report.status or 'missing'}): {report.standing}.", tone)
    customer = f"by customer {report.user_id}" if report.user_id else "by an unnamed customer"
    if report.created_at:
        yield Line(f"Placed {moment(report.created_at)} UTC, {customer}.", Tone.QUIET)
    yield from (Line(f"- {each}") for each in report.missing)
    yield from (Line(_asked_for(each)) for each in report.requests)


def _asked_for(request: Request) -> str:
    asked = f"{request.operator} asked at {moment(request.since)} to {request.kind} it ({request.reason})"
    return f"- {asked}: not answered yet; the sweep does that {SWEPT} (request {request.request_id})"


def _money(report: Report) -> Iterator[Part]:
    if report.asked is None and not report.payments and not report.disputes:
        return
    yield Heading("Money")
    said = [f"asked {amount(report.asked)}"]
    if report.adjustments:
        parts = ", ".join(f"{each.kind} {each.amount:+}" for each in report.adjustments)
        said.append(f"(items {amount(report.items_total)}, in minor units {parts})")
    said += [f"paid {amount(report.received)}", f"refunded {amount(report.refunded)}"]
    yield Line("   ".join(said))
    rows: list[Row] = [
        (each.payment_id, each.state, _number(amount(each.received)), _number(amount(each.refunded)), each.role)
        for each in report.payments
    ]
    if rows:
        yield Table(rows, ("payment", "state", "received", "refunded", ""))
    yield from lines_of(report.elsewhere)
    if report.disputes:
        yield Table([_dispute_row(each) for each in report.disputes], ("dispute", "state", "amount", "evidence due by"))
    if report.session:
        yield Line(f"Checkout session {report.session}", Tone.QUIET)


def _dispute_row(dispute: Dispute) -> Row:
    tone = Tone.WARNING if dispute.is_open else Tone.PLAIN
    due = moment(dispute.due_by) if dispute.due_by else "-"
    return (
        dispute.dispute_id,
        Cell(dispute.status, tone),
        _number(amount(Money(dispute.amount, dispute.currency))),
        due,
    )


def _stock(report: Report) -> Iterator[Part]:
    if report.stock:
        yield Heading("Stock")
        columns = ("product", "ordered", "held", "taken", "returned", "on the shelf", "reserved", "available")
        yield Table([_stock_row(each) for each in report.stock], columns)
        yield from (Line(f"{each.product_id}: {each.defect}", Tone.WARNING) for each in report.stock if each.defect)


def _stock_row(row: StockRow) -> Row:
    never_short = row.stock is None and row.reserved is not None
    return (
        row.product_id,
        *(_number(str(units)) for units in (row.ordered, row.held, row.taken, row.returned)),
        *(_number("any" if never_short else _figure(value)) for value in (row.stock, row.reserved, row.available)),
    )


def _timeline(report: Report) -> Iterator[Part]:
    yield Heading("What happened (UTC)")
    if not report.timeline:
        yield Line("Nothing is on record.", Tone.QUIET)
        return
    yield from (line for each in report.timeline for line in _lines_of(each))
    if report.cut:
        yield Line(f"There may be more {' and '.join(report.cut)} than are shown.", Tone.WARNING)


def _lines_of(happening: Happening) -> Iterator[Part]:
    said = ", ".join(part for part in (happening.result, _change_in(happening), _moved(happening)) if part)
    tone = Tone.WARNING if happening.is_failure else Tone.PLAIN
    yield Line(f"{moment(happening.at)}  {happening.what} ({happening.id}): {said}", tone)
    yield from (Line(f"{_INDENT}{detail}", Tone.QUIET) for detail in _details(happening))


def _details(happening: Happening) -> Iterator[str]:
    if happening.operator:
        yield f"by {happening.operator}: {happening.reason or 'no reason is given'}"
    if happening.note:
        yield happening.note
    yield from (
        f"not counted, because the inventory was missing: {units} x {name}"
        for name, units in happening.uncounted.items()
    )


def _change_in(happening: Happening) -> str:
    before, after = happening.status_before, happening.status_after
    return f"{before} > {after}" if after and before != after else ""


def _moved(happening: Happening) -> str:
    money = [amount(happening.money)] if happening.money else []
    moves = [f"{move.product_id} {' '.join(_differences(move.stock, move.reserved))}" for move in happening.moves]
    return ", ".join([*money, *moves])


def _differences(stock: int, reserved: int) -> Iterator[str]:
    if stock:
        yield f"stock {stock:+}"
    if reserved:
        yield f"reserved {reserved:+}"


def _next(report: Report) -> Iterator[Part]:
    if not report.next:
        return
    yield Heading("What to do next")
    yield from lines_of(report.next)


def lines_of(steps: Iterable[Step]) -> Iterator[Part]:
    """Each with its command, if it has one."""
    for step in steps:
        yield Line(step.why + (":" if step.command else "."))
        if step.command:
            yield Line(f"  {step.command}", Tone.COMMAND)


def _number(text: str) -> Cell:
    return Cell(text, is_number=True)


def _figure(value: int | None) -> str:
    return "-" if value is None else str(value)
