"""A document was written in Firestore: what the CloudEvent says of it."""

from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import Document, DocumentChange
from google.protobuf.message import DecodeError


def written_document(data: object) -> Document:
    """The document as it was written; an empty one if it was deleted, or if the data cannot be read.

    The event carries a `google.events.cloud.firestore.v1.DocumentEventData`. Its first field is the document,
    as in Firestore's own `DocumentChange`, which the client library already brings.
    """
    try:
        written: Document = DocumentChange.deserialize(data).document
    except (DecodeError, TypeError):
        return Document()
    return written


def document_id(event: CloudEvent, written: Document, collection: str) -> str:
    """The id of the written document in its collection, or whatever is in its place.

    The document knows it; an HTTP header mangles what is not ASCII, and drops a space at the end.
    """
    _, is_named, named = written.name.partition(f"/documents/{collection}/")
    header = str(event.get_attributes().get("document", ""))
    return named if is_named else header.removeprefix(f"{collection}/")
