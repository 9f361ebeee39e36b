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
@click.option("--payment", metavar="pi_…", help="The Stripe payment that paid for it, but named no order.")
@one_or_all
@said_how
@click.pass_obj
def accept(asked: Asked, chosen: Chosen, payment: str | None, how: How) -> None:
    """Accept what was paid as the price of an ORDER, and finalize it.

    It may also have been paid outside Stripe. Its units are taken from its hold, or else from what is available.
    """
    if chosen.status and payment:
        raise click.UsageError("--payment is for one ORDER only.")
    _act("accept", {"payment": payment} if payment else {}, _money_of, asked, chosen, how)


@command("refund")
@click.option("--amount", type=click.IntRange(1), help="In minor units; by default all that is left.")
@click.option(
    "--payment", metavar="pi_…", help="Of this payment only; by default, payments that it does not need come first."
)
@click.option("--restock", help="Units to put back: all, none, or PRODUCT:QUANTITY,…; by default the shop's setting.")
@click.option(
    "--again",
    is_flag=True,
    help="Refund even if another refund is on its way or was for the same amount, or the order is disputed.",
)
@click.option("--elsewhere", is_flag=True, help="It already went back outside Stripe: only count it as refunded.")
@click.option(
    "--mistake",
    metavar="REFUND",
    help="REFUND was a mistake: one recorded with --elsewhere no longer counts, one that failed is no longer owed.",
)
@one_or_all
@said_how
@click.pass_obj
def refund(asked: Asked, /, chosen: Chosen, how: How, **said: object) -> None:
    """Have Stripe refund an ORDER, in full or in part.

    The order changes once Stripe reports the refund. Without --yes, this shows earlier refunds and what will be left.
    Use --elsewhere to record what went back by bank transfer or as a credit in Stripe: it counts as refunded at once,
    and Stripe is not asked. Use --mistake to undo what was recorded by mistake.
    """
    parameters = {name: value for name, value in said.items() if value not in (None, False)}
    if chosen.status and not parameters.keys() <= {"restock"}:
        raise click.UsageError("--amount, --payment, --again, --elsewhere and --mistake are for one ORDER only.")
    _act("refund", parameters, _left_of, asked, chosen, how)


@command("release")
@one_or_all
@said_how
@click.pass_obj
def release(asked: Asked, chosen: Chosen, how: How) -> None:
    """Release the units of an unpaid ORDER now.

    It expires, as if its time were up.
    """
    _act("release", {}, _money_of, asked, chosen, how)


@command("extend")
@click.argument("order")
@click.option("--until", metavar="TIME", help="Such as 2026-05-01T18:00; in UTC, unless it names a time zone.")
@click.option("--for", "duration", metavar="DURATION", help="For how long from now: 90m, 12h or 3d.")
@said_how
@click.pass_obj
def extend(asked: Asked, order: str, until: str | None, duration: str | None, how: How) -> None:
    """Hold the units of a reserved ORDER for longer.

    At most until HOLD_DAYS_MAX after they were reserved.
    """
    if (until is None) == (duration is None):
        raise click.UsageError("Until when? Add either --until TIME or --for DURATION.")
    end = moment_from(until) if until else asked.now() + duration_from(duration or "")
    carry_out(asked, [Act("extend", _order_id(order), {"until": end})], how)


@command("cancel")
@click.argument("order")
@said_how
@click.pass_obj
def cancel(asked: Asked, order: str, how: How) -> None:
    """Cancel an unpaid ORDER, as if its customer had asked."""
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
        raise Failed(f"{order} is not a valid order id.")
    return order
