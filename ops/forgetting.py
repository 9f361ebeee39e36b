"""What names a customer, and what becomes of each of these documents when the customer is erased."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from database.ids import OPERATORS, is_document_id
from effects.effect import EffectKind
from notifications.notices import Audience

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference, DocumentReference, DocumentSnapshot, Query

PAGE: Final = 300


class Act(StrEnum):
    DELETE = "delete"
    TAKE_NAME_OUT = "take the user id out"


@dataclass(frozen=True, slots=True)
class Erasure:
    path: str
    act: Act
    status: str | None = None
    """Of an order."""


def erasures_of(user_id: str, client: "Client") -> Iterator[Erasure]:
    """All that names the customer, page by page. Each is of one document, and what is done is not found again.

    Whatever leads to another document comes after that: who dies between them finds it the next time.
    """
    for effect in _naming(user_id, client.collection("effects")):
        yield from _mail_of(effect, client)
    for collection in ("cancelRequests", "orderDetails", "checkouts"):
        yield from (
            Erasure(each.reference.path, Act.DELETE) for each in _naming(user_id, client.collection(collection))
        )
    for effect in _naming(user_id, client.collection("effects")):
        # What operators are told is told all the same, and what is to be refunded is refunded.
        act = Act.DELETE if effect.get("recipient") == Audience.CUSTOMER else Act.TAKE_NAME_OUT
        yield Erasure(effect.reference.path, act)
    for collection in (f"users/{user_id}/fcmTokens", f"notifications/{user_id}/messages"):
        yield from (Erasure(each.reference.path, Act.DELETE) for each in _paged(client.collection(collection)))
    if client.document(f"users/{user_id}").get().exists:
        yield Erasure(f"users/{user_id}", Act.DELETE)
    for notice in _naming(user_id, client.collection(f"notifications/{OPERATORS}/messages")):
        yield Erasure(notice.reference.path, Act.TAKE_NAME_OUT)
    for order in _naming(user_id, client.collection("orders")):
        # The checkout goes first: an earlier release wrote no user id into it, and it is found by the order alone.
        if client.document(f"checkouts/{order.id}").get([]).exists:
            yield Erasure(f"checkouts/{order.id}", Act.DELETE)
        yield Erasure(order.reference.path, Act.TAKE_NAME_OUT, str((order.to_dict() or {}).get("status")))


def _mail_of(effect: "DocumentSnapshot[DocumentReference]", client: "Client") -> Iterator[Erasure]:
    """What the shop's extension was given to send to the customer."""
    fields = effect.to_dict() or {}
    key = fields.get("idempotencyKey")
    if fields.get("kind") == EffectKind.MAIL and fields.get("recipient") == Audience.CUSTOMER and is_document_id(key):
        mail = client.document(f"mail/{key}")
        if mail.get([]).exists:
            yield Erasure(f"mail/{key}", Act.DELETE)


def erase(erasure: Erasure, client: "Client") -> None:
    """One field at the most, so that it neither overwrites nor stops what the service writes at the same moment."""
    from google.cloud.firestore import DELETE_FIELD  # noqa: PLC0415 - as above

    document = client.document(erasure.path)
    if erasure.act is Act.DELETE:
        document.delete()
    else:
        document.update({"userId": DELETE_FIELD})


def _naming(user_id: str, collection: "CollectionReference") -> "Iterator[DocumentSnapshot[DocumentReference]]":
    from google.cloud.firestore import FieldFilter  # noqa: PLC0415 - nothing else takes so long to import

    return _paged(collection.where(filter=FieldFilter("userId", "==", user_id)))


def _paged(query: "CollectionReference | Query") -> "Iterator[DocumentSnapshot[DocumentReference]]":
    page = query.limit(PAGE)
    while found := list(page.stream()):
        yield from found
        page = query.limit(PAGE).start_after(found[-1])
