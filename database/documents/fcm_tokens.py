"""`users/{userId}/fcmTokens/{token}`: the devices that a customer's push messages go to.

The app writes a device's document each time it starts; the document's id is the device's token.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from database.documents.values import time_or_none
from database.store import Delete, Document, Fields

DEVICES_MAX: Final = 20
"""More than anybody uses. If there are more, messages go to those on which the app was opened last."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


def fcm_tokens_path(user_id: str) -> str:
    return f"users/{user_id}/fcmTokens"


def fcm_token_path(user_id: str, token: str) -> str:
    return f"{fcm_tokens_path(user_id)}/{token}"


def newest_first(devices: Mapping[str, Fields]) -> Sequence[str]:
    """The tokens of at most DEVICES_MAX devices, the latest written first."""
    return sorted(devices, key=lambda token: _written_at(devices[token]), reverse=True)[:DEVICES_MAX]


def dead_token_write(user_id: str, token: str, device: Document) -> Delete:
    """Delete the token, unless the app has written it again since it was read: then it may work again."""
    return Delete(fcm_token_path(user_id, token), device.version)


def _written_at(device: Fields) -> datetime:
    return time_or_none(device.get("createdAt")) or _LONG_AGO
