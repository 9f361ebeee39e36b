"""Mail by whatever sends what is in the collection `mail`: the e-mail extension of Firebase, or what took its place."""

from database.store import Create, DocumentStore
from notifications.channels import SEND_SECONDS_MAX
from notifications.mail.mail import AUTOMATIC, Mail
from orders.frozen import frozen
from orders.outcome import StoreContended

_CALL_SECONDS_MAX = SEND_SECONDS_MAX / 2


@frozen
class CollectionTransport:
    """It writes `mail/{key}`, once, whatever becomes of it there."""

    store: DocumentStore

    def send(self, mail: Mail, key: str) -> None:
        """Raises Transient: nobody knows whether it is there."""
        document = Create(f"mail/{key}", _fields(mail))
        try:
            self.store.commit((document,), timeout_seconds=_CALL_SECONDS_MAX)
        except StoreContended:
            # As a rule because it is there.
            if self.store.read((document.path,), timeout_seconds=_CALL_SECONDS_MAX)[document.path] is None:
                raise


def _fields(mail: Mail) -> dict[str, object]:
    """The extension's: https://extensions.dev/extensions/firebase/firestore-send-email."""
    return {
        "from": str(mail.sender),
        "to": list(mail.to),
        **({"replyTo": mail.reply_to} if mail.reply_to else {}),
        "headers": AUTOMATIC,
        "message": {"subject": mail.subject, "text": mail.text, "html": mail.html},
    }
