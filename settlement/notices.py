"""Who is notified of a change, and with what. Pure."""

from collections.abc import Iterator

from notifications.notices import AUDIENCES, Audience, Notice, NoticeType
from orders.events import CarriesPayment, DisputeChanged, OrderEvent, RefundUpdated
from orders.order import Money, Order
from settlement.decisions import Case, Proposal
from settlement.matching import cancel_requested_before, is_newly_paid, shared_payment


def notices_of(case: Case, proposal: Proposal, note: str | None) -> tuple[Notice, ...]:
    """One for each audience of what the proposal announces, and of what operators have to decide besides.

    Args:
        note: why the order changes, for operators.
    """
    return tuple(
        Notice(
            type=news,
            audience=audience,
            user_id=proposal.order.user_id,
            money=_money_in(news, case.event, proposal.order),
            reason=note if audience is Audience.OPERATOR else _reason_for_customer(news, proposal.order),
        )
        for news in _news(case, proposal)
        for audience in AUDIENCES[news]
        if audience is Audience.OPERATOR or proposal.order.user_id
    )


def money_of(event: OrderEvent) -> Money | None:
    """What the event is about; None if it is not about money."""
    return event.money if isinstance(event, CarriesPayment | RefundUpdated | DisputeChanged) else None


def price_of(order: Order) -> Money | None:
    """What was asked; None for an order that was never held, whose amount is what somebody else wrote."""
    return order.total if order.reserved_at else None


def _news(case: Case, proposal: Proposal) -> Iterator[NoticeType]:
    if proposal.notice:
        yield proposal.notice
        if Audience.OPERATOR in AUDIENCES[proposal.notice]:
            return
    if is_newly_paid(case, proposal) and shared_payment(case.event, case.snapshot):
        yield NoticeType.SHARED_PAYMENT
    elif cancel_requested_before(case, proposal):
        yield NoticeType.CANCEL_REQUESTED


def _reason_for_customer(news: NoticeType, order: Order) -> str | None:
    match news:
        case NoticeType.FAILED:
            return order.failure_reason
        case NoticeType.PAYMENT_FAILED if order.decline:
            return order.decline.decline_code or order.decline.code
        case _:
            return None


def _money_in(news: NoticeType, event: OrderEvent, order: Order) -> Money | None:
    money = money_of(event)
    match news:
        case NoticeType.DISPUTE:
            return money
        case NoticeType.SECOND_PAYMENT if isinstance(event, CarriesPayment):
            return event.payment.money
        case NoticeType.REFUNDED | NoticeType.PARTIALLY_REFUNDED | NoticeType.REFUND_FAILED if money:
            return Money(order.refunds.amount, money.currency)
        case _:
            return order.payment.money if order.payment else price_of(order)
