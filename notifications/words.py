"""The texts of one locale, as Jinja2 templates. Pure."""

from collections.abc import Mapping

from notifications.notices import NoticeType
from notifications.reasons import DeclineReason, FailureReason
from orders.frozen import frozen


@frozen
class Wording:
    """The text of one message. All but the label of the amount are templates, without HTML.

    Besides `{{ order }}`, the order's id, a template may use `{{ in_brackets }}`, which is the amount in brackets after
    a space, or nothing; and `refund_under_way`, whether the service itself is refunding something.
    """

    subject: str
    title: str
    """The headline of an HTML mail; the order's id follows below it."""
    news: str
    amount: str
    """The label of the amount; left out if there is none."""
    advice: str
    short: str
    """For push, SMS and chat, complete in itself: it fits into an SMS with an id of 20 characters and an amount of 12.
    """
    link: str | None = None
    """The text of the link to the order, if it is not `Words.link`."""


@frozen
class Words:
    """All texts of one locale."""

    customers: Mapping[NoticeType, Wording]
    operators: Mapping[NoticeType, Wording]
    declines: Mapping[DeclineReason, str]
    """Sentences, like `failures`."""
    failures: Mapping[FailureReason, str]
    """Templates; `products` is what the reason names, or empty."""
    reason: str
    to_do: str
    """Precedes the advice for operators."""
    link: str
    why_customers: str
    """Why a customer gets this message; a template."""
    why_operators: str
