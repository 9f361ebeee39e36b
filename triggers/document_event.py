"""Reads the CloudEvent of a document that was written in Firestore."""

from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import Document, DocumentChange
from google.protobuf.message import DecodeError


def written_document(data: object) -> Document:
    """The document as written; an empty one if it was deleted, or if the data cannot be read.

    The event carries a `google.events.cloud.firestore.v1.DocumentEventData`. Its first field is the document, as in
    Firestore's own `DocumentChange`, which the client library already has.
    """
    try:
        written: Document = DocumentChange.deserialize(data).document
    except (DecodeError, TypeError):
        return Document()
    return written


def document_id(event: CloudEvent, written: Document, collection: str) -> str:
    """The written document's id in its collection; if the document is of another one, whatever the header says.

    The document's own name comes first: an HTTP header garbles non-ASCII characters, and drops a trailing space.
    """
    _, is_named, named = written.name.partition(f"/documents/{collection}/")
    header = str(event.get_attributes().get("document", ""))
    return named if is_named else header.removeprefix(f"{collection}/")
