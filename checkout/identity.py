"""Who calls: the customer whose ID token of Firebase Authentication is sent."""

from base64 import urlsafe_b64decode
from datetime import datetime
from typing import Final

from google.auth import crypt, jwt
from google.auth.exceptions import GoogleAuthError

from checkout.certificates import Certificates
from checkout.claims import Caller, Claims, NotSignedIn, caller_in
from orders.frozen import frozen

TOKEN_CHARACTERS_MAX: Final = 16_384
"""Custom claims take up to 1,000 bytes, and all else less."""


@frozen
class SignedTokens:
    """ID tokens as Google signs them."""

    project: str
    certificates: Certificates

    def caller(self, token: str, now: datetime) -> Caller:
        """Whose token it is.

        Raises:
            NotSignedIn: it is not a token of this project that is valid now.
            KeysUnavailable: Google has not said with which keys it signs.
        """
        header, claims = _read(token)
        if header.get("alg") != "RS256":
            raise NotSignedIn("the ID token is not signed as Google signs")
        certificate = self.certificates.named(header.get("kid"))
        if certificate is None or not _is_signed(token, certificate):
            raise NotSignedIn("the ID token is not signed by Google")
        return caller_in(claims, self.project, now)


@frozen
class UnsignedTokens:
    """ID tokens as the Auth emulator makes them, which signs nothing. Whoever can reach it can be anybody."""

    project: str

    def caller(self, token: str, now: datetime) -> Caller:
        """Whose token it is. Raises NotSignedIn."""
        header, claims = _read(token)
        if header.get("alg") != "none" or not token.endswith("."):
            raise NotSignedIn("the ID token is not the Auth emulator's")
        return caller_in(claims, self.project, now)


def _read(token: str) -> tuple[Claims, Claims]:
    """Its header and its claims, of which nothing is proven yet."""
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise NotSignedIn("the ID token is too long")
    try:
        return jwt.decode_header(token), jwt.decode(token, verify=False)
    except (GoogleAuthError, ValueError, RecursionError):
        # What the library says of it repeats it.
        raise NotSignedIn("the ID token cannot be read") from None


def _is_signed(token: str, certificate: str) -> bool:
    signed, _, signature = token.rpartition(".")
    try:
        # Padding that is not needed does no harm.
        decoded = urlsafe_b64decode(f"{signature}==")
    except ValueError:
        # The library, which has read the token, passes over characters that are not ASCII.
        return False
    return bool(crypt.verify_signature(signed, decoded, certificate))
