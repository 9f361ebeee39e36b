"""Whom the claims of an ID token name, and whether they count here and now. Pure.

What is checked is what Google says a third-party library has to check:
https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from database.ids import is_user_id
from orders.frozen import frozen

CLOCKS_APART_MAX: Final = timedelta(seconds=5)
"""How far in the future a token may have been issued. Google's clocks agree, and a token's times are whole seconds."""
_ISSUER: Final = "https://securetoken.google.com/"
_EMAIL_CHARACTERS_MAX: Final = 800
"""The most that Stripe takes as `customer_email`."""

Claims = Mapping[str, Any]


class NotSignedIn(Exception):
    """Nobody is known to call: there is no token, or it proves nothing. The message repeats nothing of it."""


@frozen
class Caller:
    """Somebody who is signed in, if only anonymously."""

    user_id: str
    email: str | None = None
    """An address that is known to be theirs."""


def caller_in(claims: Claims, project: str, now: datetime) -> Caller:
    """Whom these claims name, if they are meant for this project and for now. Raises NotSignedIn."""
    if claims.get("aud") != project or claims.get("iss") != f"{_ISSUER}{project}":
        raise NotSignedIn("the ID token is another project's")
    expires_at, issued_at, signed_in_at = (_time_in(claims, name) for name in ("exp", "iat", "auth_time"))
    if expires_at <= now:
        raise NotSignedIn("the ID token has expired")
    if max(issued_at, signed_in_at) > now + CLOCKS_APART_MAX:
        raise NotSignedIn("the ID token is from the future")
    user_id, email = claims.get("sub"), claims.get("email")
    if not is_user_id(user_id):
        raise NotSignedIn("the ID token names no user")
    # Stripe sends what it has to say of the payment there, so it must not be anybody's.
    is_theirs = claims.get("email_verified") is True and isinstance(email, str) and len(email) <= _EMAIL_CHARACTERS_MAX
    return Caller(user_id, email if is_theirs else None)


def _time_in(claims: Claims, name: str) -> datetime:
    seconds = claims.get(name)
    try:
        if isinstance(seconds, int | float) and not isinstance(seconds, bool):
            return datetime.fromtimestamp(seconds, UTC)
    except (OSError, OverflowError, ValueError):
        pass
    raise NotSignedIn(f"the ID token has no usable {name}")
