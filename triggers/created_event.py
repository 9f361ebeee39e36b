"""A document was created in Firestore: what the CloudEvent says of it."""

from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import Document, DocumentChange
from google.protobuf.message import DecodeError


def created_document(data: object) -> Document:
    """The created document; an empty one if the data cannot be read.

    The event carries a `google.events.cloud.firestore.v1.DocumentEventData`. Its first field is the created document,
    as in Firestore's own `DocumentChange`, which the client library already brings.
    """
    try:
        created: Document = DocumentChange.deserialize(data).document
    except (DecodeError, TypeError):
        return Document()
    return created


def created_id(event: CloudEvent, created: Document, collection: str) -> str:
    """The id of the created document in its collection, or whatever is in its place.

    The document knows it; an HTTP header mangles what is not ASCII, and drops a space at the end.
    """
    _, is_named, document_id = created.name.partition(f"/documents/{collection}/")
    header = str(event.get_attributes().get("document", ""))
    return document_id if is_named else header.removeprefix(f"{collection}/")
