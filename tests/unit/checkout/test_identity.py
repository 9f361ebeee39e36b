"""Who calls: whose ID token it is, and which tokens are refused."""

from datetime import timedelta
from typing import Any

import pytest

from checkout.certificates import Certificates, KeysUnavailable, Published
from checkout.claims import Caller, NotSignedIn
from checkout.identity import SignedTokens, UnsignedTokens
from tests.support.builders import NOW
from tests.support.id_tokens import KEY_ID, PROJECT, certificate, claims_of, signed_token, unsigned_token

A_MINUTE = timedelta(minutes=1)


def google() -> SignedTokens:
    published = Published({"key-0": "another certificate", KEY_ID: certificate()}, 3_600)
    return SignedTokens(PROJECT, Certificates(lambda: published, lambda: 0.0))


def why_not(token: str, tokens: SignedTokens | UnsignedTokens | None = None) -> str:
    with pytest.raises(NotSignedIn) as refused:
        (tokens or google()).caller(token, NOW)
    return str(refused.value)


def changed(text: str, at: int) -> str:
    """The text with another character at that position."""
    other = "A" if text[at] != "A" else "B"
    return text[:at] + other + text[at:][1:]


def test_a_guest_is_somebody_too() -> None:
    guest = claims_of("guest", provider_id="anonymous")
    assert google().caller(signed_token(guest), NOW) == Caller("guest")


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "a@example.com", "email_verified": True}, "a@example.com"),
        ({"email": "a@example.com", "email_verified": False}, None),
        ({"email": "a@example.com"}, None),
        ({"email": "a@example.com", "email_verified": "true"}, None),
        ({"email": 1, "email_verified": True}, None),
        ({"email": "a@intranet", "email_verified": True}, None),
    ],
)
def test_an_address_counts_only_if_it_is_known_to_be_theirs_and_stripe_takes_it(
    claims: dict[str, Any], email: str | None
) -> None:
    assert google().caller(signed_token(claims_of(**claims)), NOW) == Caller("alice", email)


NOT_MEANT_FOR_US: dict[str, tuple[dict[str, Any], str]] = {
    "another audience": ({"aud": "other"}, "the ID token is another project's"),
    "several audiences": ({"aud": [PROJECT]}, "the ID token is another project's"),
    "another issuer": ({"iss": "https://securetoken.google.com/other"}, "the ID token is another project's"),
    "no issuer": ({"iss": None}, "the ID token is another project's"),
    "expired just now": ({"exp": NOW.timestamp()}, "the ID token has expired"),
    "never expires": ({"exp": None}, "the ID token has no usable exp"),
    "expires beyond all time": ({"exp": 10**18}, "the ID token has no usable exp"),
    "expires yes": ({"exp": True}, "the ID token has no usable exp"),
    "issued later": ({"iat": (NOW + A_MINUTE).timestamp()}, "the ID token is from the future"),
    "signed in later": ({"auth_time": (NOW + A_MINUTE).timestamp()}, "the ID token is from the future"),
    "never issued": ({"iat": "now"}, "the ID token has no usable iat"),
    "never signed in": ({"auth_time": None}, "the ID token has no usable auth_time"),
    "nobody": ({"sub": ""}, "the ID token names no user"),
    "no text": ({"sub": 7}, "the ID token names no user"),
    "a path": ({"sub": "a/b"}, "the ID token names no user"),
    "the operators": ({"sub": "system"}, "the ID token names no user"),
}


@pytest.mark.parametrize(("claims", "why"), NOT_MEANT_FOR_US.values(), ids=NOT_MEANT_FOR_US)
def test_a_signed_token_must_be_meant_for_this_project_and_for_now(claims: dict[str, Any], why: str) -> None:
    assert why_not(signed_token(claims_of(**claims))) == why


def test_a_token_is_good_until_its_last_second_and_may_be_of_the_second_that_google_is_ahead() -> None:
    last_second = claims_of(exp=NOW.timestamp() + 1)
    ahead = claims_of(at=NOW + timedelta(seconds=5), auth_time=NOW.timestamp() + 5)
    assert [google().caller(signed_token(each), NOW).user_id for each in (last_second, ahead)] == ["alice"] * 2


def test_what_was_changed_after_it_was_signed_proves_nothing() -> None:
    token = signed_token()
    signature = token.rindex(".") + 10
    payload = signed_token(claims_of("mallory")).split(".")[1]
    header, _, signed = token.split(".")
    of_nothing = [f"{header}.{payload}.{signature}" for signature in ("", "\xe9")]
    for forged in (changed(token, signature), f"{header}.{payload}.{signed}", *of_nothing):
        assert why_not(forged) == "the ID token is not signed by Google"


@pytest.mark.parametrize("header", [{"kid": "key-9"}, {"kid": None}, {"kid": ["key-1"]}])
def test_a_token_must_name_a_key_of_googles(header: dict[str, Any]) -> None:
    assert why_not(signed_token(**header)) == "the ID token is not signed by Google"


@pytest.mark.parametrize("algorithm", ["HS256", "none", "RS512", None])
def test_no_other_algorithm_counts(algorithm: str | None) -> None:
    assert why_not(signed_token(alg=algorithm)) == "the ID token is not signed as Google signs"


def test_an_unsigned_token_proves_nothing_where_google_signs() -> None:
    assert why_not(unsigned_token()) == "the ID token is not signed as Google signs"
    assert why_not(unsigned_token(alg="RS256", kid=KEY_ID)) == "the ID token is not signed by Google"


def test_the_emulators_token_counts_in_the_emulators_with_the_same_claims() -> None:
    emulator = UnsignedTokens(PROJECT)
    assert emulator.caller(unsigned_token(), NOW) == Caller("alice")
    assert why_not(unsigned_token(claims_of(aud="other")), emulator) == "the ID token is another project's"
    for foreign in (signed_token(), f"{unsigned_token()}eHg", unsigned_token(alg="RS256")):
        assert why_not(foreign, emulator) == "the ID token is not the Auth emulator's"


@pytest.mark.parametrize("text", ["", "x", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "e30.W10.", "W10.e30.", "\udcff.e30."])
def test_what_is_no_token_proves_nothing_and_is_not_repeated(text: str) -> None:
    assert why_not(text) == "the ID token cannot be read"


def test_nothing_longer_than_a_token_may_be_is_read() -> None:
    reasons = [why_not("x" * characters) for characters in (16_384, 16_385)]
    assert reasons == ["the ID token cannot be read", "the ID token is too long"]


def test_while_googles_keys_are_unknown_nobody_is_refused_for_good() -> None:
    def fetch() -> Published:
        raise KeysUnavailable("no answer")

    with pytest.raises(KeysUnavailable):
        SignedTokens(PROJECT, Certificates(fetch, lambda: 0.0)).caller(signed_token(), NOW)
