"""Created documents, as Eventarc reports them."""

from cloudevents.http import CloudEvent
from google.cloud.firestore_v1.types import Document, DocumentChange, Value


def a_created_event(document: str | None, data: object) -> CloudEvent:
    """The header names the document, unless it is None."""
    attributes = {
        "type": "google.cloud.firestore.document.v1.created",
        "source": "//firestore.googleapis.com/projects/p",
        "id": "ce-1",
    }
    if document is not None:
        attributes["document"] = document
    return CloudEvent(attributes, data)


def created(path: str, **fields: Value) -> bytes:
    """The event's data: a `DocumentEventData`, whose first field is the created document."""
    document = Document(name=f"projects/p/databases/(default)/documents/{path}", fields=fields)
    return bytes(DocumentChange.serialize(DocumentChange(document=document)))
