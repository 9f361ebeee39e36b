"""Identifies the caller by an ID token of Firebase Authentication."""

from base64 import urlsafe_b64decode
from datetime import datetime
from typing import Final

from google.auth import crypt, jwt
from google.auth.exceptions import GoogleAuthError

from checkout.certificates import Certificates
from checkout.claims import Caller, Claims, NotSignedIn, caller_in
from orders.frozen import frozen

TOKEN_CHARACTERS_MAX: Final = 16_384
"""Custom claims take up to 1,000 bytes, everything else less."""


@frozen
class SignedTokens:
    """ID tokens signed by Google."""

    project: str
    certificates: Certificates

    def caller(self, token: str, now: datetime) -> Caller:
        """The user whose token it is.

        Raises:
            NotSignedIn: it is not a valid token of this project.
            KeysUnavailable: Google's keys could not be fetched.
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
    """ID tokens of the Auth emulator, which are not signed: whoever reaches it can be anybody."""

    project: str

    def caller(self, token: str, now: datetime) -> Caller:
        """The user whose token it is. Raises NotSignedIn."""
        header, claims = _read(token)
        if header.get("alg") != "none" or not token.endswith("."):
            raise NotSignedIn("the ID token is not the Auth emulator's")
        return caller_in(claims, self.project, now)


def _read(token: str) -> tuple[Claims, Claims]:
    """The token's header and claims, both unverified."""
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise NotSignedIn("the ID token is too long")
    try:
        return jwt.decode_header(token), jwt.decode(token, verify=False)
    except (GoogleAuthError, ValueError, RecursionError):
        # The library's message would repeat the token.
        raise NotSignedIn("the ID token cannot be read") from None


def _is_signed(token: str, certificate: str) -> bool:
    signed, _, signature = token.rpartition(".")
    try:
        # Surplus padding is ignored.
        decoded = urlsafe_b64decode(f"{signature}==")
    except ValueError:
        # The library has accepted the token because it ignores characters that are not ASCII.
        return False
    return bool(crypt.verify_signature(signed, decoded, certificate))
