"""`cancelRequests/{orderId}` ↔ who asked to cancel the order, and how long that is kept."""

from datetime import datetime, timedelta

from database.ids import is_user_id
from database.store import Document, Update
from settlement.snapshot import CancelRequest


def cancel_request_path(order_id: str) -> str:
    return f"cancelRequests/{order_id}"


def cancel_request_from(document: Document) -> CancelRequest:
    user_id = document.fields.get("userId")
    return CancelRequest(user_id if is_user_id(user_id) else None, document.version)


def settled_request(order_id: str, request: CancelRequest, now: datetime, lifetime: timedelta) -> Update:
    """Let the request expire: it only repeats the audit trail from now on, and it names a person."""
    return Update(cancel_request_path(order_id), {"expireAt": now + lifetime}, request.version)
