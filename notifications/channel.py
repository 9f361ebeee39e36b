"""What every channel is: it makes a message of a notice's text, and sends that. Pure; each is a folder beside."""

from collections.abc import Callable, Mapping
from typing import Protocol

from effects.outside import Skipped
from notifications.texts import Text
from orders.frozen import frozen


@frozen
class Person:
    """Whom a notice is for, and where they are reached, as far as is known."""

    user_id: str | None
    """None for operators."""
    locale: str | None
    """As a browser or Babel writes it."""
    emails: tuple[str, ...]
    phone: str | None
    """In E.164: a plus sign, the country's code, the number."""


Transport = Callable[[Mapping[str, object], str], Skipped | None]
"""How a channel's messages leave: it is given one and its key, and keeps the promises of `Channel.send`."""


class Channel(Protocol):
    """Sends messages of one kind. The message is kept from the first attempt on, as Firestore keeps maps."""

    def message(self, text: Text, notice: Mapping[str, object], person: Person) -> Mapping[str, object] | Skipped:
        """What will be sent, and to whom; or why this person cannot be reached.

        Args:
            notice: the fields of its document.
        """

    def send(self, message: Mapping[str, object], key: str) -> Skipped | None:
        """Send it, within `effects.outside.PERFORM_SECONDS_MAX`.

        Args:
            key: for a provider that does what it is asked for under one key once.

        Returns:
            Why this person cannot be reached, if that shows only now; None once it is sent.

        Raises:
            Failed: it was not sent, or nobody knows whether it was.
        """
