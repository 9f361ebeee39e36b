"""A mail, complete by default."""

from dataclasses import replace
from typing import Any, Final

from notifications.mail.mail import Mail, Sender
from tests.support.builders import NOW

KEY: Final = "evt_1_mail_customer"
A_MAIL: Final = Mail(
    sender=Sender("Corner Shop", "orders@shop.example"),
    to=("alice@mail.example",),
    reply_to=None,
    subject="Your order order-1 is paid",
    text="Thank you.\n",
    html="<p>Thank you.</p>\n",
    date=NOW,
)


def a_mail(**changed: Any) -> Mail:
    return replace(A_MAIL, **changed)
