"""`./shop why ID`: where an order is, why, and what to do next, found by whatever id a person has."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import click

from database.documents.findings import HANDLED, OPEN
from database.documents.orders import order_from
from database.documents.payments import known_payment_from
from database.documents.values import text_or_none
from database.store import Document
from ops.case import SWEPT, case_of, finding_in, parked_event_in, unreadable_effect_in
from ops.commands import Asked, command
from ops.exit_codes import ExitCode, Failed
from ops.lookup import PAYMENT_IDS, REFUND_IDS, REFUNDED_ORDERS_MAX, Kind, Lead, lead_from
from ops.next_steps import step_for_unreadable, steps_for_finding, steps_for_parked
from ops.order_list import order_row, orders_table
from ops.page import Line, Part, Tone
from ops.phrases import moment
from ops.reading import Found
from ops.report import report_on
from ops.report_page import lines_of, page_of
from orders.outcome import Result
from reconciliation.finding import to_copy


@command("why")
@click.argument("some_id", metavar="ID")
@click.pass_context
def why(context: click.Context, some_id: str) -> None:
    """Show where an order is, why, and what to do next.

    ID is the id of an order, a payment (pi_, ch_), an event (evt_), a refund (re_), a dispute (dp_), a Checkout
    session (cs_), an effect, a request or a customer. Exits with 3 if something needs a person, and with 1 if the id is
    unknown.
    """
    asked: Asked = context.obj
    asked.output.say(f"Looking in {asked.shop.project} ...")
    lead = lead_from(some_id, asked.shop.reader)
    if lead is None:
        raise Failed(_nothing_known(some_id))
    for other in lead.others:
        of_order = f", of another order: {to_copy('why', other.order_id)}" if other.order_id else ""
        asked.output.say(f"{some_id} is also the id of something else ({other.kind}){of_order}")
    if lead.order_id is None:
        asked.output.show({"kind": lead.kind, "found": lead.found}, list(_WITHOUT_ORDER[lead.kind](lead)))
        if _needs_person(lead):
            context.exit(ExitCode.FOUND)
        return
    report = report_on(case_of(lead.order_id, asked.shop.reader), asked.now())
    how = None if lead.kind is Kind.ORDER else f"The {lead.kind} {some_id} belongs to an order."
    asked.output.show(report, page_of(report, how))
    if report.needs_person:
        context.exit(ExitCode.FOUND)


def _nothing_known(some_id: str) -> str:
    if some_id.startswith(REFUND_IDS):
        return (
            f"None of the latest {REFUNDED_ORDERS_MAX} paid orders has a refund {some_id}, and no parked event: "
            "try the id of its payment."
        )
    nothing = f"{some_id} is unknown in this database."
    if some_id.startswith("evt_"):
        return f"{nothing} If Stripe has it, this shows how it would be settled: {to_copy('replay', some_id)}"
    if some_id.startswith(PAYMENT_IDS):
        return f"{nothing} `./shop reconcile` asks Stripe for what was never settled."
    return f"{nothing} Try `./shop search` with the beginning of the id."


# --- What leads to no single order ------------------------------------------------------------------------------------


def _event(lead: Lead) -> Iterator[Part]:
    for found in lead.found:
        fields = found.fields
        if fields.get("processed") is False:
            yield from lines_of(steps_for_parked(parked_event_in(found)))
            continue
        if fields.get("result") == Result.HANDLED:
            yield Line(
                f"Event {found.id} ({fields.get('eventType')}) was handled {_by_whom(fields.get('askedBy', fields))}"
            )
            continue
        yield Line(
            f"Event {found.id} ({fields.get('eventType')}) was settled as {fields.get('result')}, and belongs to "
            "no order."
        )
        if reason := text_or_none(fields.get("reason")) or text_or_none(fields.get("note")):
            yield Line(f"- {reason}")


def _payment(lead: Lead) -> Iterator[Part]:
    for found in lead.found:
        waiting = _waiting_for(found)
        what = "Its refunds and disputes wait for it:" if waiting else "Nothing waits for it."
        yield Line(f"Payment {found.id} has settled no order yet. {what}")
        yield from (Line(f"  {to_copy('why', event_id)}", Tone.COMMAND) for event_id in waiting)


def _customer(lead: Lead) -> Iterator[Part]:
    orders = [order_from(found.id, found.fields) for found in lead.found]
    yield Line(f"Customer {orders[0].user_id} has these orders, the newest first (at most 100):")
    yield orders_table([order_row(order) for order in orders])


def _product(lead: Lead) -> Iterator[Part]:
    yield Line(f"{lead.found[0].id} is a product:")
    yield Line(f"  {to_copy('stock show', lead.found[0].id)}", Tone.COMMAND)


def _effect(lead: Lead) -> Iterator[Part]:
    yield from _other(lead)
    for effect in filter(None, map(unreadable_effect_in, lead.found)):
        yield Line(step_for_unreadable(effect).why, Tone.WARNING)


def _finding(lead: Lead) -> Iterator[Part]:
    for found in lead.found:
        yield Line(f"{found.id} is {found.fields.get('state')}: {found.fields.get('found')}")
        if found.fields.get("state") == HANDLED:
            yield Line(f"Handled {_by_whom(found.fields)}")
        elif found.fields.get("state") == OPEN:
            yield from lines_of(steps_for_finding(finding_in(found)))


def _request(lead: Lead) -> Iterator[Part]:
    for found in lead.found:
        fields = found.fields
        what = f"{fields.get('kind')} {fields.get('target')}"
        yield Line(f"Request {found.id} of {moment(found.created_at)}: {what}, {_by_whom(fields)}")
        if fields.get("settledAt") is None:
            yield Line(f"It is not answered yet. The sweep does that {SWEPT}.", Tone.WARNING)
        else:
            note = text_or_none(fields.get("note"))
            yield Line(f"It ended as {fields.get('result')}{f': {note}' if note else ''}")


def _by_whom(said: object) -> str:
    fields = said if isinstance(said, Mapping) else {}
    return f"by {fields.get('operator')}: {fields.get('reason')}"


def _other(lead: Lead) -> Iterator[Part]:
    for found in lead.found:
        yield Line(f"The {lead.kind} {found.id} of {moment(found.created_at)} belongs to no order.")


_WITHOUT_ORDER: Final[Mapping[Kind, Callable[[Lead], Iterator[Part]]]] = {
    **dict.fromkeys(Kind, _other),
    Kind.EVENT: _event,
    Kind.EFFECT: _effect,
    Kind.FINDING: _finding,
    Kind.REQUEST: _request,
    Kind.PAYMENT: _payment,
    Kind.USER: _customer,
    Kind.PRODUCT: _product,
}


def _needs_person(lead: Lead) -> bool:
    """Whether something without an order waits for somebody: a parked event, or an effect that cannot be performed."""
    needs = _NEEDS.get(lead.kind, lambda _: False)
    return any(map(needs, lead.found))


_NEEDS: Final[Mapping[Kind, Callable[[Found], bool]]] = {
    Kind.EVENT: lambda found: found.fields.get("processed") is False,
    Kind.PAYMENT: lambda found: bool(_waiting_for(found)),
    Kind.EFFECT: lambda found: unreadable_effect_in(found) is not None,
    Kind.FINDING: lambda found: found.fields.get("state") == OPEN,
    Kind.REQUEST: lambda found: found.fields.get("settledAt") is None,
}


def _waiting_for(payment: Found) -> Sequence[str]:
    """The parked events that wait for it."""
    return known_payment_from(Document(payment.fields, None)).waiting
