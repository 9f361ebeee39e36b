"""The shop, as its messages show it. Pure."""

import string
from typing import Final, NamedTuple

from notifications.languages import LAST_RESORT

ORDER_ID: Final = "{orderId}"
"""Where an order's id goes in the address of its page."""

# https://www.rfc-editor.org/rfc/rfc3986#section-2.3
_UNRESERVED: Final = frozenset(f"{string.ascii_letters}{string.digits}-._~".encode())


class Shop(NamedTuple):
    name: str = ""
    """What its customers call it, in printable characters; empty where no message names it."""
    order_url: str | None = None
    """The address of the page on which customers see an order, with `{orderId}`; None if there is none."""
    logo_url: str | None = None
    """An https address: a mail shows nothing else that is not in it. None: the name is shown instead."""
    locale: str = LAST_RESORT
    """For operators, and for customers of whom no locale is known."""

    def page_of(self, order_id: str) -> str | None:
        """The address at which a customer sees the order; None if the shop has no such page."""
        return self.order_url and self.order_url.replace(ORDER_ID, _percent_encoded(order_id))


def _percent_encoded(text: str) -> str:
    """The text as one segment of an address, whatever a customer wrote into it."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode(errors="replace"))
