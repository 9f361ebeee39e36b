"""Checks an ID token's claims, and returns whom they name. Pure.

These are the checks that Google requires of a third-party library:
https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from database.documents.users import email_or_none
from database.ids import is_user_id
from orders.frozen import frozen

CLOCKS_APART_MAX: Final = timedelta(seconds=5)
"""How far in the future a token may have been issued. Google's clocks agree, and a token's times are whole seconds."""
_ISSUER: Final = "https://securetoken.google.com/"

Claims = Mapping[str, Any]


class NotSignedIn(Exception):
    """The caller is unknown: there is no token, or no valid one. The message repeats nothing of it."""


@frozen
class Caller:
    """A signed-in user, perhaps an anonymous one."""

    user_id: str
    email: str | None = None
    """Only a verified, well-formed address."""


def caller_in(claims: Claims, project: str, now: datetime) -> Caller:
    """The user whom the claims name, if they are for this project and valid now. Raises NotSignedIn."""
    if claims.get("aud") != project or claims.get("iss") != f"{_ISSUER}{project}":
        raise NotSignedIn("the ID token is another project's")
    expires_at, issued_at, signed_in_at = (_time_in(claims, name) for name in ("exp", "iat", "auth_time"))
    if expires_at <= now:
        raise NotSignedIn("the ID token has expired")
    if max(issued_at, signed_in_at) > now + CLOCKS_APART_MAX:
        raise NotSignedIn("the ID token is from the future")
    user_id = claims.get("sub")
    if not is_user_id(user_id):
        raise NotSignedIn("the ID token names no user")
    # Stripe sends mail about the payment to this address, so it must be verified as the caller's; and it must be
    # well-formed, since Stripe refuses the whole session because of an address like alice@intranet.
    is_theirs = claims.get("email_verified") is True
    return Caller(user_id, email_or_none(claims.get("email")) if is_theirs else None)


def _time_in(claims: Claims, name: str) -> datetime:
    seconds = claims.get(name)
    try:
        if isinstance(seconds, int | float) and not isinstance(seconds, bool):
            return datetime.fromtimestamp(seconds, UTC)
    except (OSError, OverflowError, ValueError):
        pass
    raise NotSignedIn(f"the ID token has no usable {name}")
