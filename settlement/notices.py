"""Decides who is notified of a change, and of what. Pure."""

from notifications.notices import AUDIENCES, Audience, Notice, NoticeType
from orders.events import CarriesPayment, DisputeChanged, OrderEvent, RefundUpdated
from orders.money import Money
from orders.order import Order
from orders.payments import Payment, added, sum_of


def notices_of(
    event: OrderEvent,
    order: Order,
    news: NoticeType | None,
    to_decide: NoticeType | None,
    extra: tuple[Payment, ...],
    note: str | None,
    sent_back: Money | None = None,
) -> tuple[Notice, ...]:
    """One notice per audience for the news, and one for what operators have to decide.

    Args:
        order: as it is after the change.
        to_decide: left out if the news reaches operators anyway.
        extra: the payments that are not needed.
        note: why the order changes, for operators.
        sent_back: what an operator has refunded, if the event is about that.
    """
    if news and Audience.OPERATOR in AUDIENCES[news]:
        to_decide = None
    return tuple(
        Notice(
            type=each,
            audience=audience,
            user_id=order.user_id,
            money=_money_in(each, event, sent_back, order, extra),
            reason=note if audience is Audience.OPERATOR else _reason_for_customer(each, order),
        )
        for each in (news, to_decide)
        if each
        for audience in AUDIENCES[each]
        if audience is Audience.OPERATOR or order.user_id
    )


def money_of(event: OrderEvent) -> Money | None:
    """The amount that the event is about; None if it is not about money."""
    return event.money if isinstance(event, CarriesPayment | RefundUpdated | DisputeChanged) else None


def price_of(order: Order) -> Money | None:
    """What the order asked; None if it was never held, since then anybody may have written its amount."""
    return order.asked if order.reserved_at else None


def _reason_for_customer(news: NoticeType, order: Order) -> str | None:
    match news:
        case NoticeType.FAILED:
            return order.failure_reason
        case NoticeType.PAYMENT_FAILED if order.decline:
            return order.decline.decline_code or order.decline.code
        case _:
            return None


def _money_in(
    news: NoticeType, event: OrderEvent, sent_back: Money | None, order: Order, extra: tuple[Payment, ...]
) -> Money | None:
    money = money_of(event) or sent_back
    match news:
        case NoticeType.DISPUTE | NoticeType.EARLIER_ORDER:
            return money
        case NoticeType.PARTLY_FUNDED:
            return added(each.funded for each in order.partly_funded)
        case NoticeType.SECOND_PAYMENT:
            return sum_of(extra)
        case NoticeType.REFUND_FAILED if isinstance(event, RefundUpdated) and not order.payments.find(
            *event.payment_ids
        ):
            # A deleted earlier order: nobody knows how much of it is refunded without this.
            return None
        case NoticeType.REFUNDED | NoticeType.PARTIALLY_REFUNDED | NoticeType.REFUND_FAILED if (
            back := money or order.received
        ):
            return order.refunded_in(back.currency)
        case _:
            return order.received or price_of(order)
