"""ID tokens of Firebase Authentication: signed as Google does, with a key of ours, or as the emulator makes them."""

import functools
import json
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.support.builders import NOW, Fields

PROJECT: Final = "demo-shop"
KEY_ID: Final = "key-1"


def claims_of(user_id: str = "alice", *, at: datetime = NOW, **changes: object) -> Fields:
    """The claims of a token issued to this user just now."""
    seconds = int(at.timestamp())
    return {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "auth_time": seconds - 60,
        "user_id": user_id,
        "sub": user_id,
        "iat": seconds,
        "exp": seconds + 3_600,
        "firebase": {"identities": {}, "sign_in_provider": "anonymous"},
        **changes,
    }


def signed_token(claims: object = None, **header: object) -> str:
    """A token as Google signs it: https://www.rfc-editor.org/rfc/rfc7515#appendix-A.2."""
    named = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT", **header}
    signed = f"{_encoded(named)}.{_encoded(claims_of() if claims is None else claims)}"
    signature = _key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_without_padding(signature)}"


def unsigned_token(claims: object = None, **header: object) -> str:
    """A token as the Auth emulator makes it."""
    named = {"alg": "none", "typ": "JWT", **header}
    return f"{_encoded(named)}.{_encoded(claims_of() if claims is None else claims)}."


@functools.cache
def certificate() -> str:
    """For the key that `signed_token` uses, in PEM."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "securetoken.system.gserviceaccount.com")])
    builder = x509.CertificateBuilder(name, name, _key().public_key(), x509.random_serial_number())
    valid = builder.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=10))
    return valid.sign(_key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def _encoded(segment: object) -> str:
    return _without_padding(json.dumps(segment).encode())


def _without_padding(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
