"""The shop as its messages show it. Pure."""

import string
from typing import Final, NamedTuple

from notifications.languages import LAST_RESORT

ORDER_ID: Final = "{orderId}"
"""The placeholder for an order's id in the address of its page."""

# https://www.rfc-editor.org/rfc/rfc3986#section-2.3
_UNRESERVED: Final = frozenset(f"{string.ascii_letters}{string.digits}-._~".encode())


class Shop(NamedTuple):
    name: str = ""
    """As customers know it, in printable characters; empty if messages do not name it."""
    order_url: str | None = None
    """The address of an order's page, with `{orderId}`; None if there is none."""
    logo_url: str | None = None
    """An https address, the only thing that a mail loads; None shows the name instead."""
    locale: str = LAST_RESORT
    """For operators, and for customers whose locale is unknown."""

    def page_of(self, order_id: str) -> str | None:
        """The address of the order's page; None if the shop has none."""
        return self.order_url and self.order_url.replace(ORDER_ID, _percent_encoded(order_id))


def _percent_encoded(text: str) -> str:
    """The text as one path segment, whatever a customer wrote into it."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode(errors="replace"))
