"""The interface of a channel, which turns a notice's text into a message and sends it. Pure; each has a folder here."""

from collections.abc import Callable, Mapping
from typing import Protocol

from effects.outside import Skipped
from notifications.texts import Text
from orders.frozen import frozen


@frozen
class Person:
    """The recipient of a notice, and where to reach them, as far as is known."""

    user_id: str | None
    """None for operators."""
    locale: str | None
    """In a browser's or Babel's form."""
    emails: tuple[str, ...]
    phone: str | None
    """In E.164: a plus sign, the country's code, the number."""


Transport = Callable[[Mapping[str, object], str], Skipped | None]
"""Sends a channel's message under a key, with the promises of `Channel.send`."""


class Channel(Protocol):
    """Sends messages of one kind. Each message is stored before its first attempt, as a Firestore map."""

    def message(self, text: Text, notice: Mapping[str, object], person: Person) -> Mapping[str, object] | Skipped:
        """What will be sent, and to whom; or why this person cannot be reached.

        Args:
            notice: the fields of its document.
        """

    def send(self, message: Mapping[str, object], key: str) -> Skipped | None:
        """Send it within `effects.outside.PERFORM_SECONDS_MAX`.

        Args:
            key: an idempotency key, for providers that support one.

        Returns:
            Why this person cannot be reached, if that shows only now; None once it is sent.

        Raises:
            Failed: it was not sent, or that is unknown.
        """
