"""What may be the id of a document, of an order and of a customer. Pure."""

import re
from typing import Final, TypeGuard

# Firestore allows 1,500 bytes for a document id; audit ids are made of an order's id and a prefix.
ORDER_ID_BYTES_MAX: Final = 1_400

# Under this name operators have their notices; no customer can have it.
OPERATORS: Final = "system"

_RESERVED_BY_FIRESTORE: Final = re.compile(r"__.*__", re.DOTALL)


def is_document_id(value: object, *, bytes_max: int = 1_500) -> TypeGuard[str]:
    """Whether Firestore takes the value as a document id.

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
    return is_document_id(value, bytes_max=ORDER_ID_BYTES_MAX)
