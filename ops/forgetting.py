"""Finds the documents that name a customer, and says what to do with each when the customer is erased."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from database.ids import OPERATORS, is_document_id
from effects.effect import EffectKind
from notifications.notices import Audience
from ops.long_queries import documents_of

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference, DocumentReference, DocumentSnapshot

NAME_CHARACTERS_MIN: Final = 4
ERASED: Final = "erased"


class Act(StrEnum):
    DELETE = "delete"
    TAKE_NAME_OUT = "remove the user id"
    TAKE_REASON_OUT = "remove the reason, which names them"
    STAYS = "stays, though its reason names them"
    """The trail is a chain, and an unanswered request is still to be read."""


@dataclass(frozen=True, slots=True)
class Erasure:
    path: str
    act: Act
    status: str | None = None
    """An order's."""


def erasures_of(user_id: str, client: "Client") -> Iterator[Erasure]:
    """All documents that name the customer, page by page. Finished ones are not found again.

    A document that leads to others comes after them, so that an interrupted run finds them the next time.
    """
    yield from _reasons_naming(user_id, client)
    for effect in _naming(user_id, client.collection("effects")):
        yield from _mail_of(effect, client)
    for collection in ("cancelRequests", "orderDetails", "checkouts"):
        yield from (
            Erasure(each.reference.path, Act.DELETE) for each in _naming(user_id, client.collection(collection))
        )
    for effect in _naming(user_id, client.collection("effects")):
        # Messages to operators and refunds are still carried out.
        act = Act.DELETE if _is_for_customer(effect) else Act.TAKE_NAME_OUT
        yield Erasure(effect.reference.path, act)
    for collection in (f"users/{user_id}/fcmTokens", f"notifications/{user_id}/messages"):
        yield from (Erasure(each.reference.path, Act.DELETE) for each in documents_of(client.collection(collection)))
    if client.document(f"users/{user_id}").get().exists:
        yield Erasure(f"users/{user_id}", Act.DELETE)
    for notice in _naming(user_id, client.collection(f"notifications/{OPERATORS}/messages")):
        yield Erasure(notice.reference.path, Act.TAKE_NAME_OUT)
    for order in _naming(user_id, client.collection("orders")):
        # The checkout goes first: an earlier release wrote no user id into it, so only the order leads to it.
        if client.document(f"checkouts/{order.id}").get([]).exists:
            yield Erasure(f"checkouts/{order.id}", Act.DELETE)
        yield Erasure(order.reference.path, Act.TAKE_NAME_OUT, str((order.to_dict() or {}).get("status")))


def reason_erasure(path: str, fields: Mapping[str, Any], names: Collection[str]) -> Erasure | None:
    """What to do with a document that holds an operator's reason; None if the reason has none of these names."""
    said = fields.get("askedBy") if _is_claim(path) else fields
    reason = said.get("reason") if isinstance(said, Mapping) else None
    if not isinstance(reason, str) or not any(_is_named_in(reason, name) for name in names):
        return None
    is_unanswered = path.startswith("operatorRequests/") and fields.get("settledAt") is None
    stays = is_unanswered or path.startswith("auditLog/")
    return Erasure(path, Act.STAYS if stays else Act.TAKE_REASON_OUT)


def _is_claim(path: str) -> bool:
    """Whether it is a claim, whose own `reason` says why it is parked, with the operator's under `askedBy`."""
    return path.startswith("webhookEvents/")


def _is_named_in(reason: str, name: str) -> bool:
    """Whether the name is a whole word of the reason. Very short ids are never looked for: many texts have them."""
    is_telling = len(name) >= NAME_CHARACTERS_MIN
    return is_telling and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", reason, re.IGNORECASE) is not None


def _reasons_naming(user_id: str, client: "Client") -> Iterator[Erasure]:
    """Reasons that name the customer, in all requests, findings and acts on no order, and in the customer's orders.

    They are found by id, mail and phone number. This comes first, as long as the address is not erased.
    """
    names = set(_names_of(user_id, client))
    orders = _naming(user_id, client.collection("orders"))
    of_orders = (
        each for order in orders for each in chain(_entries_of(order.id, client), _claims_of(order.id, client))
    )
    # Messages to the customer are deleted as a whole.
    effects = (each for each in _naming(user_id, client.collection("effects")) if not _is_for_customer(each))
    kept = (documents_of(client.collection(name)) for name in ("operatorRequests", "findings"))
    for each in chain(*kept, _entries_of(None, client), effects, of_orders):
        if erasure := reason_erasure(each.reference.path, each.to_dict() or {}, names):
            yield erasure


def _names_of(user_id: str, client: "Client") -> Iterator[str]:
    yield user_id
    people = [client.document(f"users/{user_id}").get(), *_naming(user_id, client.collection("orderDetails"))]
    for person in people:
        fields = person.to_dict() or {}
        said = (fields.get(name) for name in ("email", "phone"))
        yield from (each for each in said if isinstance(each, str))


def _is_for_customer(effect: "DocumentSnapshot[DocumentReference]") -> bool:
    return bool(effect.get("recipient") == Audience.CUSTOMER)


def _claims_of(order_id: str, client: "Client") -> "Iterator[DocumentSnapshot[DocumentReference]]":
    from google.cloud.firestore import FieldFilter  # noqa: PLC0415 - as below

    return documents_of(client.collection("webhookEvents").where(filter=FieldFilter("orderId", "==", order_id)))


def _entries_of(order_id: str | None, client: "Client") -> "Iterator[DocumentSnapshot[DocumentReference]]":
    from google.cloud.firestore import FieldFilter  # noqa: PLC0415 - nothing else takes so long to import

    entries = client.collection("auditLog").where(filter=FieldFilter("orderId", "==", order_id))
    return documents_of(entries.order_by("createdAt"))


def _mail_of(effect: "DocumentSnapshot[DocumentReference]", client: "Client") -> Iterator[Erasure]:
    """The mail that the shop's extension was to send to the customer."""
    fields = effect.to_dict() or {}
    key = fields.get("idempotencyKey")
    if fields.get("kind") == EffectKind.MAIL and fields.get("recipient") == Audience.CUSTOMER and is_document_id(key):
        mail = client.document(f"mail/{key}")
        if mail.get([]).exists:
            yield Erasure(f"mail/{key}", Act.DELETE)


def erase(erasure: Erasure, client: "Client") -> None:
    """Changes at most one field, so that it neither overwrites nor blocks what the service writes at the same time."""
    from google.cloud.firestore import DELETE_FIELD  # noqa: PLC0415 - as above

    document = client.document(erasure.path)
    match erasure.act:
        case Act.DELETE:
            document.delete()
        case Act.TAKE_NAME_OUT:
            document.update({"userId": DELETE_FIELD})
        case Act.TAKE_REASON_OUT:
            document.update({"askedBy.reason" if _is_claim(erasure.path) else "reason": ERASED})
        case Act.STAYS:
            return


def _naming(user_id: str, collection: "CollectionReference") -> "Iterator[DocumentSnapshot[DocumentReference]]":
    from google.cloud.firestore import FieldFilter  # noqa: PLC0415 - as above

    return documents_of(collection.where(filter=FieldFilter("userId", "==", user_id)))
