"""How and where a customer wants to be reached. Pure."""

from notifications.quiet_hours import QuietHours
from orders.frozen import frozen


@frozen
class Contact:
    """A customer's contact details. All are well-formed; malformed ones are missing."""

    email: str | None = None
    phone: str | None = None
    """In E.164: a plus sign, the country's code, the number."""
    locale: str | None = None
    """In a browser's or Babel's form."""
    refused: frozenset[str] = frozenset()
    """The kinds of messages that the customer does not want."""
    quiet_hours: QuietHours | None = None
