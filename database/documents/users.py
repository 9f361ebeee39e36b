"""`users/{userId}` and `orderDetails/{orderId}` → how to reach a customer. A malformed value counts as missing.

Customers write both, so everything is validated: no address can break out of a mail header, and no time zone is a path.
"""

import re
from collections.abc import Mapping
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

from database.documents.values import text_or_none
from database.store import Document
from notifications.contact import Contact, QuietHours

# As browsers do (https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address), but with a dot in the domain.
_EMAIL: Final = re.compile(
    r"(?=.{6,254}\Z)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8}){0,4}")
_CLOCK: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2}")


def user_path(user_id: str) -> str:
    return f"users/{user_id}"


def order_details_path(order_id: str) -> str:
    return f"orderDetails/{order_id}"


def contact_from(document: Document | None) -> Contact:
    """The contact in `users/{userId}`; an empty one if there is no document."""
    if document is None:
        return Contact()
    channels = document.fields.get("channels")
    return Contact(
        email=email_or_none(document.fields.get("email")),
        phone=_matching(_PHONE, document.fields.get("phone")),
        locale=_matching(_LOCALE, document.fields.get("locale")),
        refused=_refused(channels) if isinstance(channels, Mapping) else frozenset(),
        quiet_hours=_quiet_hours_or_none(document.fields.get("quietHours")),
    )


def guest_email_from(document: Document | None, user_id: str) -> str | None:
    """The mail address in the order's details, if they are this customer's: another may have used the order id."""
    if document is None or document.fields.get("userId") != user_id:
        return None
    return email_or_none(document.fields.get("email"))


def email_or_none(value: object) -> str | None:
    """The mail address; None if it is invalid, or not ASCII, which few servers accept."""
    return _matching(_EMAIL, value)


def _matching(pattern: re.Pattern[str], value: object) -> str | None:
    text = text_or_none(value)
    return text if text is not None and pattern.fullmatch(text) else None


def _refused(channels: Mapping[object, object]) -> frozenset[str]:
    return frozenset(str(kind) for kind, wanted in channels.items() if wanted is False)


def _quiet_hours_or_none(value: object) -> QuietHours | None:
    if not isinstance(value, Mapping):
        return None
    begin, end = _clock_or_none(value.get("from")), _clock_or_none(value.get("until"))
    zone = _zone_or_none(value.get("timeZone"))
    return QuietHours(begin, end, zone) if begin is not None and end is not None and zone is not None else None


def _clock_or_none(value: object) -> time | None:
    text = _matching(_CLOCK, value)
    return time.fromisoformat(text) if text else None


def _zone_or_none(value: object) -> ZoneInfo | None:
    name = _matching(_ZONE, value)
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, OSError, ValueError):
        # Unknown, a folder of zones, or not a zone file.
        return None
