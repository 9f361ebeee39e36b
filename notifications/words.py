"""What a locale has to say: the words of every message, as templates that Jinja2 fills in. Pure."""

from collections.abc import Mapping

from notifications.notices import NoticeType
from notifications.reasons import DeclineReason, FailureReason
from orders.frozen import frozen


@frozen
class Wording:
    """One message. All but the label of the amount is a template; it knows nothing of HTML.

    Besides `{{ order }}`, the order's id, a template may use `{{ in_brackets }}`: the amount in brackets after a space,
    or nothing; and `refund_under_way`: whether the service itself is refunding something.
    """

    subject: str
    title: str
    """The headline in a mail's HTML, below which the order's id follows anyway."""
    news: str
    amount: str
    """What the amount is; left out of a message without one."""
    advice: str
    short: str
    """For push, SMS and chat, whole in itself: it fits an SMS with an id of 20 characters and an amount of 12."""
    link: str | None = None
    """What the link to the order says where that is not `Words.link`."""


@frozen
class Words:
    """All words of one locale."""

    customers: Mapping[NoticeType, Wording]
    operators: Mapping[NoticeType, Wording]
    declines: Mapping[DeclineReason, str]
    """Sentences, as the failures are."""
    failures: Mapping[FailureReason, str]
    """Templates, where `products` is what the reason names, or empty."""
    reason: str
    to_do: str
    """Before what operators are advised to do."""
    link: str
    why_customers: str
    """Why a customer has this message; a template."""
    why_operators: str
