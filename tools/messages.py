"""One example of every message, as sent by the shop in examples/shop, for pictures in docs and for snapshots."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from notifications.locales import SHIPPED
from notifications.notices import AUDIENCES, Audience, NoticeType
from notifications.shop import Shop
from notifications.texts import Text, text_of
from tools.toolchain import ROOT

SHOP: Final = Shop(name="Kettle & Cup", order_url="https://kettle.example/orders/{orderId}")
LOCALES: Final = ("en", *sorted(SHIPPED - {"en"}))
SNAPSHOTS: Final = ROOT / "tests" / "unit" / "notifications" / "snapshots"

_CUSTOMERS_REASONS: Final = {
    NoticeType.FAILED: "insufficient_stock: not enough is left of 'teapot'",
    NoticeType.PAYMENT_FAILED: "insufficient_funds",
}
_OPERATORS_REASONS: Final = {
    NoticeType.CANCEL_REQUESTED: "cancel_requested: the order is paid",
    NoticeType.REFUND_FAILED: None,
    NoticeType.REFUND_DUE: "insufficient_stock: 3 of 'teapot' ordered, 2 available",
    NoticeType.REVIEW: "amount_mismatch: 2900 eur was paid, 3600 eur was asked",
    NoticeType.NOT_PAID: "amount_mismatch: nothing was paid, 3600 eur was asked",
    NoticeType.SUBSCRIPTION: (
        "subscription: a session that names this order sold a subscription, which does not pay for it"
    ),
    NoticeType.PARTLY_FUNDED: "partly_funded: 2400 eur of pi_3Pq6Zw has arrived at Stripe, and the order is expired",
    NoticeType.SECOND_PAYMENT: "second_payment: pi_3Pq7Kd (3600 eur) is not needed: pi_3Pq6Zw has paid the order",
    NoticeType.EARLIER_ORDER: "earlier_order: pi_3Pq7Kd belongs to an order that had the same id, and was deleted",
    NoticeType.DISPUTE: "dispute: dp_1Nv0FG is needs_response",
    NoticeType.EFFECT_FAILED: "mail: the server refuses this recipient (550)",
}
_UNDER_WAY: Final = {
    NoticeType.REFUND_DUE: "refund_under_way: pi_3Pq7Kd is being refunded",
    NoticeType.SECOND_PAYMENT: "refund_under_way: pi_3Pq7Kd is being refunded",
}
_AMOUNTS: Final = {
    NoticeType.PARTLY_FUNDED: 2_400,
    NoticeType.PARTIALLY_REFUNDED: 1_200,
    NoticeType.EFFECT_FAILED: None,
}


@dataclass(frozen=True, slots=True)
class Example:
    kind: NoticeType
    audience: Audience
    reason: str | None
    variant: str = ""
    """Distinguishes several examples of one notice."""

    @property
    def name(self) -> str:
        return "-".join(filter(None, (self.kind, self.audience, self.variant)))

    def text(self, locale: str) -> Text:
        return text_of(self._document(), locale=locale, shop=SHOP)

    def _document(self) -> Mapping[str, object]:
        return {
            "type": str(self.kind),
            "audience": str(self.audience),
            "orderId": "N4xSMpzTqRkq7pmsYw2c",
            "amount": _AMOUNTS.get(self.kind, 3_600),
            "currency": "eur",
            "reason": self.reason,
        }


def examples() -> Iterator[Example]:
    """Every message, those for customers first."""
    for kind, audiences in AUDIENCES.items():
        if Audience.CUSTOMER in audiences:
            yield Example(kind, Audience.CUSTOMER, _CUSTOMERS_REASONS.get(kind))
    for kind, audiences in AUDIENCES.items():
        if Audience.OPERATOR in audiences:
            reason = _OPERATORS_REASONS[kind]
            yield Example(kind, Audience.OPERATOR, reason)
            if under_way := _UNDER_WAY.get(kind):
                yield Example(kind, Audience.OPERATOR, f"{reason}; {under_way}", "under-way")


def snapshots() -> Mapping[str, str]:
    """The contents of each snapshot file: all texts of each locale, and one whole mail."""
    return {
        **{f"{locale}.txt": "\n".join(_shown(example, locale) for example in examples()) for locale in LOCALES},
        "paid.html": Example(NoticeType.PAID, Audience.CUSTOMER, None).text("en").html + "\n",
    }


def _shown(example: Example, locale: str) -> str:
    text = example.text(locale)
    return f"=== {example.name} ===\nSubject: {text.subject}\nShort: {text.short}\n\n{text.body}\n"
