"""What can be the id of a document, an order or a customer, and the default database's id. Pure."""

import re
from typing import Final, TypeGuard

DEFAULT_DATABASE: Final = "(default)"

# Firestore allows 1,500 bytes for a document id, and an audit id is an order's id with a prefix.
SETTLED_ID_BYTES_MAX: Final = 1_400

# Operators' notices are under this name, which no customer can have.
OPERATORS: Final = "system"

# As in firestore.rules: an id that is the same in a path, in Stripe's metadata, in a log and in a mail.
_ORDER_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_RESERVED_BY_FIRESTORE: Final = re.compile(r"__.*__", re.DOTALL)


def is_document_id(value: object, *, bytes_max: int = 1_500) -> TypeGuard[str]:
    """Whether Firestore accepts the value as a document id.

    The rules: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
    """
    if not isinstance(value, str) or value in ("", ".", "..") or "/" in value:
        return False
    try:
        encoded = value.encode()
    except UnicodeEncodeError:  # A lone surrogate, which JSON can carry and UTF-8 cannot.
        return False
    return len(encoded) <= bytes_max and not _RESERVED_BY_FIRESTORE.fullmatch(value)


def is_user_id(value: object) -> TypeGuard[str]:
    return is_document_id(value) and value != OPERATORS


def is_order_id(value: object) -> TypeGuard[str]:
    return is_document_id(value) and _ORDER_ID.fullmatch(value) is not None


def can_be_settled(document_id: object) -> TypeGuard[str]:
    """Whether audit ids can be made from this id. Even if it cannot be an order's, the document can be refused."""
    return is_document_id(document_id, bytes_max=SETTLED_ID_BYTES_MAX)
