"""Sends mail by whatever delivers the collection `mail`: Firebase's e-mail extension, or its successor."""

from database.store import Create, DocumentStore
from notifications.channels import SEND_SECONDS_MAX
from notifications.mail.mail import AUTOMATIC, Mail
from orders.frozen import frozen
from orders.outcome import StoreContended

_CALL_SECONDS_MAX = SEND_SECONDS_MAX / 2


@frozen
class CollectionTransport:
    """Writes `mail/{key}` once, whatever becomes of it there."""

    store: DocumentStore

    def send(self, mail: Mail, key: str) -> None:
        """Raises Transient: it is unknown whether the document was written."""
        document = Create(f"mail/{key}", _fields(mail))
        try:
            self.store.commit((document,), timeout_seconds=_CALL_SECONDS_MAX)
        except StoreContended:
            # Usually because it exists already.
            if self.store.read((document.path,), timeout_seconds=_CALL_SECONDS_MAX)[document.path] is None:
                raise


def _fields(mail: Mail) -> dict[str, object]:
    """The extension's fields: https://extensions.dev/extensions/firebase/firestore-send-email."""
    return {
        "from": str(mail.sender),
        "to": list(mail.to),
        **({"replyTo": mail.reply_to} if mail.reply_to else {}),
        "headers": AUTOMATIC,
        "message": {"subject": mail.subject, "text": mail.text, "html": mail.html},
    }
