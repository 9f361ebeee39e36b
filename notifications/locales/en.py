"""English."""

from typing import Final

from notifications.notices import NoticeType
from notifications.reasons import DeclineReason, FailureReason
from notifications.words import Wording, Words

_CUSTOMERS: Final = {
    NoticeType.RESERVED: Wording(
        subject="Your order {{ order }} can be paid now",
        title="Your items are waiting for you",
        news="The items of your order {{ order }} are held for you, for a limited time.",
        amount="To pay",
        advice="Your payment completes the order. What is not paid in time goes back on the shelf.",
        short="The items of your order {{ order }} are held for you. Please pay{{ in_brackets }} before their time is "
        "up.",
        link="Pay for your order",
    ),
    NoticeType.FAILED: Wording(
        subject="Your order {{ order }} could not be accepted",
        title="We could not accept your order",
        news="We are sorry: your order {{ order }} could not be accepted.",
        amount="Price",
        advice="There is nothing to pay. You are welcome to order again.",
        short="We are sorry: your order {{ order }} could not be accepted. There is nothing to pay.",
    ),
    NoticeType.PAID: Wording(
        subject="Your order {{ order }} is paid",
        title="Thank you for your order",
        news="Thank you. Your order {{ order }} is paid.",
        amount="Paid",
        advice="There is nothing more for you to do.",
        short="Thank you. Your order {{ order }} is paid{{ in_brackets }}.",
    ),
    NoticeType.PAYMENT_FAILED: Wording(
        subject="The payment for your order {{ order }} did not go through",
        title="Your payment did not go through",
        news="Your payment for order {{ order }} did not go through.",
        amount="To pay",
        advice="As long as the order is open you can try again, or pay in another way.",
        short="Your payment for order {{ order }} did not go through. You can try again, or pay in another way.",
        link="Try again",
    ),
    NoticeType.EXPIRED: Wording(
        subject="Your order {{ order }} was not paid in time",
        title="Your order was not paid in time",
        news="No payment for order {{ order }} arrived in time, so its items are no longer held for you.",
        amount="Price",
        advice="If you still want them, you are welcome to order again.",
        short="Your order {{ order }} was not paid in time. If you still want its items, you are welcome to order "
        "again.",
    ),
    NoticeType.CANCELLED: Wording(
        subject="Your order {{ order }} is cancelled",
        title="Your order is cancelled",
        news="Your order {{ order }} is cancelled, and its items are no longer held for you.",
        amount="Price",
        advice="There is nothing to pay. You are welcome to order again.",
        short="Your order {{ order }} is cancelled. There is nothing to pay.",
    ),
    NoticeType.REFUNDED: Wording(
        subject="Your order {{ order }} is refunded",
        title="Your money is on its way back",
        news="What you paid for order {{ order }} is refunded.",
        amount="Refunded",
        advice="Your bank may take a few days to show it. There is nothing for you to do.",
        short="Your order {{ order }} is refunded{{ in_brackets }}. Your bank may take a few days to show it.",
    ),
    NoticeType.PARTIALLY_REFUNDED: Wording(
        subject="Your order {{ order }} is partly refunded",
        title="Part of your money is on its way back",
        news="Part of what you paid for order {{ order }} is refunded.",
        amount="Refunded so far",
        advice="Your bank may take a few days to show it. There is nothing for you to do.",
        short="Part of what you paid for order {{ order }} is refunded{{ in_brackets }}. Your bank may take a few "
        "days.",
    ),
    NoticeType.REFUND_DUE: Wording(
        subject="Your order {{ order }} cannot be delivered",
        title="We cannot deliver your order",
        news="We are sorry: your payment for order {{ order }} has arrived, but we cannot deliver what you ordered.",
        amount="Paid",
        advice="You will get your money back. There is nothing for you to do.",
        short="We are sorry: we cannot deliver your order {{ order }}. You will get your money back{{ in_brackets }}.",
    ),
    NoticeType.REVIEW: Wording(
        subject="We are looking at your order {{ order }}",
        title="We are looking at your order",
        news="Your payment for order {{ order }} has arrived. One of us will look at the order before we go on.",
        amount="Paid",
        advice="Your money is safe, and there is nothing for you to do. You will hear from us.",
        short="Your payment for order {{ order }} has arrived. One of us will look at the order, and you will hear "
        "from us.",
    ),
}

_OPERATORS: Final = {
    NoticeType.CANCEL_REQUESTED: Wording(
        subject="Cancel order {{ order }}?",
        title="The customer wants to cancel a paid order",
        news="The customer wants to cancel order {{ order }}, which is paid.",
        amount="Paid",
        advice="if you agree, refund it in Stripe or with ./shop refund {{ order }}: that updates the order (if it "
        "cost nothing, put its units back with ./shop stock add). If not, tell the customer.",
        short="The customer wants to cancel order {{ order }}, which is paid{{ in_brackets }}. Refund it if you agree.",
    ),
    NoticeType.REFUND_FAILED: Wording(
        subject="A refund of order {{ order }} has failed",
        title="A refund has failed",
        news="A refund of order {{ order }} has failed, or was cancelled: the customer does not have that money.",
        amount="Refunded without it",
        advice="find out in Stripe why. Refund it again, or pay the customer in another way, and tell them.",
        short="A refund of order {{ order }} has failed: the customer does not have that money.",
    ),
    NoticeType.REFUND_DUE: Wording(
        subject="{% if refund_under_way %}Order {{ order }} cannot be fulfilled, and is being refunded"
        "{% else %}Refund order {{ order }}{% endif %}",
        title="A paid order cannot be fulfilled",
        news="Order {{ order }} is paid and cannot be fulfilled.",
        amount="Paid",
        advice="refund {% if refund_under_way %}what the reason does not list as being refunded, if anything is left"
        "{% else %}what is not refunded yet{% endif %}, with ./shop refund {{ order }} or in Stripe. Each refund "
        "updates the order and notifies the customer.",
        short="Order {{ order }} is paid{{ in_brackets }} and cannot be fulfilled. "
        "{% if refund_under_way %}A refund is under way.{% else %}Refund it in Stripe.{% endif %}",
    ),
    NoticeType.REVIEW: Wording(
        subject="Decide on order {{ order }}",
        title="An order needs your decision",
        news="Order {{ order }} is paid, but the payment does not match the order. Nothing moves until you decide.",
        amount="Paid",
        advice="compare the order with its payments in Stripe. If something is still missing, have it paid: a "
        "payment that makes up the price settles the order. Otherwise accept what was paid as the price with ./shop "
        "accept {{ order }}, or refund it with ./shop refund {{ order }}.",
        short="Order {{ order }} is paid{{ in_brackets }}, but the payment does not match the order. Please decide.",
    ),
    NoticeType.NOT_PAID: Wording(
        subject="Was order {{ order }} meant to be free?",
        title="Was this order meant to be free?",
        news="The customer has completed a Checkout session that was free of charge, but order {{ order }} has a "
        "price.",
        amount="Price",
        advice="if it was meant to be free: ./shop accept {{ order }}. If not, tell the customer that nothing was "
        "paid. A reserved order is held until its reservationExpiresAt and can still be paid; a closed one holds "
        "nothing.",
        short="Was order {{ order }} meant to be free? Its Checkout session was, and it has a price{{ in_brackets }}.",
    ),
    NoticeType.SUBSCRIPTION: Wording(
        subject="A subscription was sold for order {{ order }}",
        title="A subscription was sold for an order",
        news="A Checkout session that names order {{ order }} sold a subscription. That does not pay for the order.",
        amount="Price",
        advice="find out why the shop's backend put an order's id into a session for a subscription. The order "
        "stays as it is.",
        short="A session that names order {{ order }} sold a subscription, which does not pay for the order.",
    ),
    NoticeType.PARTLY_FUNDED: Wording(
        subject="Part of the money for order {{ order }} has arrived",
        title="Part of a bank transfer has arrived",
        news="Order {{ order }} has expired or was cancelled, and part of a bank transfer for it has arrived. Stripe "
        "keeps it for the customer: it is not a payment, and the shop does not have it.",
        amount="Arrived",
        advice="find the payment that the reason names in Stripe. Cancel it unless the customer should pay the rest, "
        "and return what has arrived: it is in their cash balance in Stripe. If the rest comes, the order is paid "
        "after all, if its units are still available.",
        short="Part of the money for order {{ order }} has arrived{{ in_brackets }}, and the order is over. Return it "
        "in Stripe.",
    ),
    NoticeType.SECOND_PAYMENT: Wording(
        subject="Order {{ order }} was paid more than once",
        title="An order was paid more than once",
        news="Order {{ order }} is paid, and more money has arrived than it needs.",
        amount="Not needed",
        advice="refund {% if refund_under_way %}what the reason does not list as being refunded, if anything is left"
        "{% else %}what is left of the payment that the reason names{% endif %}, with "
        "./shop refund {{ order }} --payment pi_… or in Stripe. The order stays as it is.",
        short="Order {{ order }} was paid more than once{{ in_brackets }}. "
        "{% if refund_under_way %}A refund is under way.{% else %}Refund in Stripe what is not needed.{% endif %}",
    ),
    NoticeType.EARLIER_ORDER: Wording(
        subject="Money for an earlier order {{ order }}",
        title="Money for an earlier order",
        news="A payment belongs to an earlier order with the id {{ order }}, which was deleted. The order that has "
        "this id now stays as it is.",
        amount="Paid",
        advice="unless the customer received what they paid for, refund the payment that the reason names, with "
        "./shop refund {{ order }} --payment pi_… or in Stripe. Never use an order's id twice.",
        short="Money{{ in_brackets }} has arrived for an earlier order {{ order }}, which was deleted.",
    ),
    NoticeType.DISPUTE: Wording(
        subject="The payment of order {{ order }} is disputed",
        title="A payment is disputed",
        news="There is news about a dispute over the payment for order {{ order }}.",
        amount="Disputed",
        advice="open the dispute in Stripe. If it needs a response, send your evidence before it is due. No stock has "
        "moved.",
        short="There is news about a dispute over order {{ order }}{{ in_brackets }}. Evidence may be due in Stripe.",
    ),
    NoticeType.EFFECT_FAILED: Wording(
        subject="An action for order {{ order }} failed",
        title="An action failed",
        news="An action for order {{ order }} failed, such as sending a message or making a refund, and was given up.",
        amount="Amount",
        advice="the reason says what failed, and why. Fix the cause and retry it: ./shop why, with "
        "the order's id, shows the command. Or do it yourself, but not both. The order stays as it is.",
        short="An action for order {{ order }} failed, such as a message or a refund. It was given up.",
    ),
}

WORDS: Final = Words(
    customers=_CUSTOMERS,
    operators=_OPERATORS,
    declines={
        DeclineReason.NO_MONEY: "There is not enough money in the account.",
        DeclineReason.LIMIT_REACHED: "A limit of the card or the account has been reached.",
        DeclineReason.CARD_EXPIRED: "The card has expired.",
        DeclineReason.WRONG_NUMBER: "The card number is not correct.",
        DeclineReason.WRONG_EXPIRY: "The card's expiry date is not correct.",
        DeclineReason.WRONG_SECURITY_CODE: "The card's security code is not correct.",
        DeclineReason.WRONG_ADDRESS: "The address does not match the one that the bank has.",
        DeclineReason.NOT_CONFIRMED: "The bank asked you to confirm the payment, and it was not confirmed.",
        DeclineReason.NOT_THIS_KIND: "The card cannot be used for this kind of payment.",
        DeclineReason.NOT_THIS_CURRENCY: "The card cannot pay in this currency.",
        DeclineReason.BANK_UNAVAILABLE: "The bank could not process it just now.",
        DeclineReason.OTHER: "It was declined; your bank may be able to say why.",
    },
    failures={
        FailureReason.INSUFFICIENT_STOCK: "Not enough is left{% if products %} of {{ products }}{% endif %}.",
        FailureReason.UNKNOWN_PRODUCT: "We do not have {{ products or 'something in it' }}.",
        FailureReason.NOT_ON_SALE: "{{ products or 'Something in it' }} is no longer for sale.",
        FailureReason.TOO_MANY_OPEN_ORDERS: "You have too many unpaid orders; pay for one of them, or cancel it.",
        FailureReason.ID_USED_BEFORE: "An earlier order had the same number.",
        FailureReason.AMOUNT_TOO_LARGE: "It costs more than can be paid at once.",
        FailureReason.MIXED_CURRENCIES: "It cannot be paid in one currency; please split it into two orders.",
        FailureReason.OTHER: "It cannot be accepted as it is.",
    },
    reason="Reason",
    to_do="What to do",
    link="See your order",
    why_customers="You are receiving this message because of your order {{ order }}.",
    why_operators="You are receiving this message because you look after the shop.",
)
