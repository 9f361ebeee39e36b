"""`./shop accept`, `refund`, `release`, `extend`, `cancel`: what an operator does to orders."""

from collections.abc import Mapping
from typing import Final

import click

from database.ids import is_order_id
from ops.acting import Act, How, said_how
from ops.acts_page import bulk_lines
from ops.bulk import Chosen, MoneyOf, check_set, chosen_orders, one_or_all
from ops.carrying_out import carry_out
from ops.commands import Asked, command
from ops.exit_codes import Failed
from ops.times import duration_from, moment_from
from orders.order import Order
from settlement.sending_back import left_to_refund


@command("accept")
@click.option("--payment", metavar="pi_…", help="The payment at Stripe that has paid for it, but named no order.")
@one_or_all
@said_how
@click.pass_obj
def accept(asked: Asked, chosen: Chosen, payment: str | None, how: How) -> None:
    """Take what was paid for what an ORDER asks, and finalize it.

    It may have been paid elsewhere, too. Its units are taken from its hold, or from the shelf if they are there.
    """
    if chosen.status and payment:
        raise click.UsageError("No payment pays for all orders: --payment is for one ORDER.")
    _act("accept", {"payment": payment} if payment else {}, _money_of, asked, chosen, how)


@command("refund")
@click.option("--amount", type=click.IntRange(1), help="In minor units; by default all that is left.")
@click.option("--payment", metavar="pi_…", help="Of this payment alone; by default of what is not needed first.")
@click.option("--restock", help="Units that come back: all, none, or PRODUCT:QUANTITY,…; else as the shop does.")
@click.option(
    "--again",
    is_flag=True,
    help="Also if another refund is on its way, or has been for as much, or if the order is disputed.",
)
@click.option(
    "--elsewhere", is_flag=True, help="It went back outside Stripe already: ask for nothing, count it as refunded."
)
@click.option(
    "--mistake",
    metavar="REFUND",
    help="This one was: recorded with --elsewhere, it counts no more; failed, nobody is owed it.",
)
@one_or_all
@said_how
@click.pass_obj
def refund(asked: Asked, /, chosen: Chosen, how: How, **said: object) -> None:
    """Have Stripe send money of an ORDER back.

    The order changes once Stripe reports the refund. What has been ordered before, and what is left then, is said
    first. What went back by bank transfer or as a credit in Stripe is put on record with --elsewhere: it counts as
    refunded at once, and Stripe is asked for nothing. What was recorded so by mistake is taken back with --mistake.
    """
    parameters = {name: value for name, value in said.items() if value not in (None, False)}
    if chosen.status and not parameters.keys() <= {"restock"}:
        raise click.UsageError("--amount, --payment, --again, --elsewhere and --mistake are for one ORDER.")
    _act("refund", parameters, _left_of, asked, chosen, how)


@command("release")
@one_or_all
@said_how
@click.pass_obj
def release(asked: Asked, chosen: Chosen, how: How) -> None:
    """Give the units of an unpaid ORDER back at once.

    It expires, as if its time were over.
    """
    _act("release", {}, _money_of, asked, chosen, how)


@command("extend")
@click.argument("order")
@click.option("--until", metavar="TIME", help="As 2026-05-01T18:00; UTC, unless it says another zone.")
@click.option("--for", "duration", metavar="DURATION", help="From now: 90m, 12h or 3d.")
@said_how
@click.pass_obj
def extend(asked: Asked, order: str, until: str | None, duration: str | None, how: How) -> None:
    """Keep the units of a reserved ORDER for longer.

    Until HOLD_DAYS_MAX after they were reserved, at the most.
    """
    if (until is None) == (duration is None):
        raise click.UsageError("Until when? Say either --until TIME or --for DURATION.")
    end = moment_from(until) if until else asked.now() + duration_from(duration or "")
    carry_out(asked, [Act("extend", _order_id(order), {"until": end})], how)


@command("cancel")
@click.argument("order")
@said_how
@click.pass_obj
def cancel(asked: Asked, order: str, how: How) -> None:
    """Cancel an unpaid ORDER, as if its customer had asked for that."""
    carry_out(asked, [Act("cancel", _order_id(order))], how)


REPAIRS: Final = (accept, refund, release, extend, cancel)


def _act(
    kind: str,
    parameters: Mapping[str, object],
    money_of: MoneyOf,
    asked: Asked,
    chosen: Chosen,
    how: How,
) -> None:
    if chosen.order is not None:
        carry_out(asked, [Act(kind, _order_id(chosen.order), parameters)], how)
        return
    orders, bulk = chosen_orders(asked, chosen, money_of)
    if how.is_done:
        check_set(asked, chosen.said, "orders", (bulk.orders, bulk.set), bulk_lines(bulk))
    # An order that has changed its status meanwhile was not among those counted.
    meant = {**parameters, "expectedStatus": chosen.status}
    carry_out(asked, [Act(kind, each.order_id, meant) for each in orders], how, bulk)


def _money_of(order: Order) -> tuple[str, int] | None:
    money = order.received or order.asked
    return (money.currency, money.amount) if money else None


def _left_of(order: Order) -> tuple[str, int] | None:
    left = left_to_refund(order)
    return (left.currency, left.amount) if left else None


def _order_id(order: str) -> str:
    if not is_order_id(order):
        raise Failed(f"{order} cannot be the id of an order.")
    return order
