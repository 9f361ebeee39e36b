"""How a customer wants to be reached, and where. Pure."""

from notifications.quiet_hours import QuietHours
from orders.frozen import frozen


@frozen
class Contact:
    """What a customer has said of it. All of it is well formed, and what was not is missing."""

    email: str | None = None
    phone: str | None = None
    """In E.164: a plus sign, the country's code, the number."""
    locale: str | None = None
    """As a browser or Babel writes it."""
    refused: frozenset[str] = frozenset()
    """The kinds of messages that the customer does not want."""
    quiet_hours: QuietHours | None = None
