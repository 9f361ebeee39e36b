"""Which bodies are believed to be Stripe's."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW
from tests.support.signing import SECRET, body_of, signature_of
from tests.support.stripe_objects import a_stripe_event
from webhooks.signature import Rejected, verified_message
from webhooks.signing_secrets import SigningSecret

BODY = body_of(a_stripe_event())
OLD_SECRET, NEW_SECRET = "whsec_old", "whsec_new"
FOR_LIVE, FOR_TEST = SigningSecret("whsec_for_live", livemode=True), SigningSecret("whsec_for_test", livemode=False)
FAILED, STALE = "signature verification failed", "timestamp outside the tolerance"


def verified(
    body: bytes = BODY, header: str | None = None, secrets: Sequence[str] = (SECRET,), now: datetime = NOW
) -> object:
    known = tuple(map(SigningSecret, secrets))
    return verified_message(body, signature_of(body) if header is None else header, known, now=now).message


def rejection_of(
    body: bytes = BODY, header: str | None = None, secrets: Sequence[str] = (SECRET,), now: datetime = NOW
) -> str:
    with pytest.raises(Rejected) as rejected:
        verified(body, header, secrets, now)
    return str(rejected.value)


def parts_of(header: str) -> tuple[str, str]:
    """`t=…` and `v1=…`."""
    timestamp, _, signature = header.partition(",")
    return timestamp, signature


# The exact bytes are verified, not their meaning.
@pytest.mark.parametrize("tampered", [BODY + b" ", b"", BODY.replace(b"3600", b"3601"), BODY.replace(b": ", b":")])
def test_a_body_that_was_changed_on_the_way_is_rejected(tampered: bytes) -> None:
    assert rejection_of(tampered, signature_of(BODY)) == FAILED


@pytest.mark.parametrize("secret", [OLD_SECRET, "whsec_of_nobody"])
def test_a_body_signed_with_another_secret_or_one_that_was_rolled_away_is_rejected(secret: str) -> None:
    assert rejection_of(header=signature_of(BODY, secret=secret), secrets=(NEW_SECRET,)) == FAILED


@pytest.mark.parametrize("secret", [OLD_SECRET, NEW_SECRET])
def test_while_a_secret_is_rolled_both_are_good(secret: str) -> None:
    assert verified(header=signature_of(BODY, secret=secret), secrets=(OLD_SECRET, NEW_SECRET)) == a_stripe_event()


@pytest.mark.parametrize("blank", ["", " "])
def test_nothing_is_verified_with_a_blank_secret_or_without_one(blank: str) -> None:
    assert rejection_of(header=signature_of(BODY, secret=blank), secrets=(blank,)) == FAILED
    assert rejection_of(header=signature_of(BODY, secret=blank), secrets=()) == FAILED


# --- A secret for one mode --------------------------------------------------------------------------------------------


def is_taken(livemode: object, signer: SigningSecret, *others: SigningSecret) -> bool | None:
    """Whether an event of that mode, signed with the first secret, is of its secret's mode; None if rejected."""
    body = body_of(a_stripe_event(livemode=livemode))
    try:
        verified = verified_message(body, signature_of(body, secret=signer.text), (*others, signer), now=NOW)
    except Rejected as rejected:
        assert str(rejected) == FAILED  # noqa: PT017
        return None
    return verified.is_of_its_secrets_mode


@pytest.mark.parametrize("others", [(), (SigningSecret(SECRET),), (SigningSecret("whsec_new", livemode=True),)])
@pytest.mark.parametrize(
    ("livemode", "signer", "taken"),
    [
        (True, FOR_LIVE, True),
        (True, FOR_TEST, None),
        (False, FOR_LIVE, False),
        (False, FOR_TEST, True),
        (True, SigningSecret(SECRET), True),
        (False, SigningSecret(SECRET), True),
        # An event that does not say so is not live.
        (None, FOR_LIVE, False),
        ("true", FOR_LIVE, False),
        ("true", FOR_TEST, True),
    ],
)
def test_a_secret_for_test_mode_moves_no_live_money_and_one_for_live_mode_counts_no_test(
    livemode: object, signer: SigningSecret, others: tuple[SigningSecret, ...], *, taken: bool | None
) -> None:
    assert is_taken(livemode, signer, *others) is taken


def test_a_thin_event_need_not_say_of_which_mode_it_is() -> None:
    body = body_of({"object": "v2.core.event", "type": "v1.payment_intent.succeeded"})
    assert verified_message(body, signature_of(body, secret=FOR_LIVE.text), (FOR_LIVE,), now=NOW).is_of_its_secrets_mode


@pytest.mark.parametrize("livemode", [True, False])
def test_an_event_that_is_signed_for_both_modes_is_of_either(*, livemode: bool) -> None:
    body = body_of(a_stripe_event(livemode=livemode))
    timestamp, live = parts_of(signature_of(body, secret=FOR_LIVE.text))
    header = f"{timestamp},{live},{parts_of(signature_of(body, secret=FOR_TEST.text))[1]}"
    assert verified_message(body, header, (FOR_LIVE, FOR_TEST), now=NOW).is_of_its_secrets_mode


# --- Freshness --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_five_minutes_either_way_are_fresh(seconds: int) -> None:
    assert verified(now=NOW + timedelta(seconds=seconds)) == a_stripe_event()


@pytest.mark.parametrize("seconds", [301, 300.001, 10**9])
def test_a_stale_body_is_rejected_and_one_from_the_future_too(seconds: float) -> None:
    assert rejection_of(now=NOW + timedelta(seconds=seconds)) == STALE
    assert rejection_of(now=NOW - timedelta(seconds=seconds)) == STALE


def test_no_other_timestamp_than_the_first_one_makes_an_old_signature_fresh() -> None:
    old_timestamp, old_signature = parts_of(signature_of(BODY, at=NOW - timedelta(hours=1)))
    fresh_timestamp, _ = parts_of(signature_of(BODY))
    assert rejection_of(header=f"{fresh_timestamp},{old_signature}") == FAILED
    assert rejection_of(header=f"{old_timestamp},{fresh_timestamp},{old_signature}") == STALE
    assert rejection_of(header=f"{fresh_timestamp},{old_timestamp},{old_signature}") == FAILED


@pytest.mark.parametrize("timestamp", [10**12, 10**18, -(10**12), "1=1", ""])
def test_a_signed_timestamp_that_is_not_a_possible_time_is_rejected(timestamp: object) -> None:
    signature = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + BODY, hashlib.sha256).hexdigest()
    assert rejection_of(header=f"t={timestamp},v1={signature}" if timestamp else f"v1={signature}") == STALE


# --- The header -------------------------------------------------------------------------------------------------------


def test_one_good_signature_is_enough_whatever_is_beside_it() -> None:
    timestamp, signature = parts_of(signature_of(BODY))
    for signatures in (f"v1={'0' * 64},{signature}", f"{signature},v1={'0' * 64}", f"{signature},v0=abc,v2=def"):
        assert verified(header=f"{timestamp},{signatures}") == a_stripe_event()


@pytest.mark.parametrize(
    "header",
    [
        *("", "nonsense", ",", "t=,v1=", "t=now,v1=abc", "v1=" + "0" * 64, "t=1773500966", "t=1773500966,v1"),
        signature_of(BODY).replace("v1=", "v0="),
        *(
            "t=1773500966,v1=é",
            "t=1773500966,v1=\x80",
            "é=1,v1=abc",
            "t=\u0661,v1=abc",
            "t=1,v1=\ud800",
            f"t={'9' * 5_000},v1=abc",
        ),
    ],
    ids=lambda header: ascii(header[:24]),
)
def test_a_header_that_is_garbled_or_of_the_test_scheme_is_rejected(header: str) -> None:
    assert rejection_of(header=header) == FAILED


def is_signed_for_stripes_library(header: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(BODY, header, SECRET)
    except stripe.SignatureVerificationError:
        return False
    return True


@given(
    st.lists(
        st.sampled_from([*parts_of(signature_of(BODY)), f"v1={'0' * 64}", "v0=abc", "t=1773500966", "t=", "", "v1="])
    )
)
def test_the_library_of_stripe_believes_the_same_headers(parts: list[str]) -> None:
    header = ",".join(parts)
    try:
        verified(header=header)
    except Rejected:
        assert not is_signed_for_stripes_library(header)
    else:
        assert is_signed_for_stripes_library(header)


@given(st.text(max_size=60), st.binary(max_size=40))
def test_no_forgery_is_anything_but_rejected(header: str, body: bytes) -> None:
    assert rejection_of(body, "x" + header) == FAILED


@given(st.binary(max_size=40) | st.dictionaries(st.text(), st.text() | st.none(), max_size=2).map(body_of))
def test_no_signed_body_is_anything_but_read_or_rejected(body: bytes) -> None:
    try:
        assert isinstance(verified(body), dict)
    except Rejected as rejected:
        assert str(rejected) in (FAILED, "the body is not JSON", "the body is not a JSON object")  # noqa: PT017


# --- The body ---------------------------------------------------------------------------------------------------------


def test_a_signed_body_may_begin_with_a_byte_order_mark() -> None:
    body = b"\xef\xbb\xbf" + BODY
    assert verified(body, signature_of(body)) == a_stripe_event()


UNREADABLE = {
    "the body is not JSON": [
        *(b"", b"{", b"id=evt_1", b'{"id": }', b"[" * 100_000, b"1" * 5_000),
        *(b"\xff\xfe", b'{"id": "\xe9"}', b"\x80", '{"id": "evt_1"}'.encode("utf-16")),
    ],
    "the body is not a JSON object": [b"null", b"[]", b'"evt_1"', b"7", b"true"],
}


@pytest.mark.parametrize(("defect", "bodies"), UNREADABLE.items())
def test_a_signed_body_that_is_no_json_object_in_utf8_is_rejected(defect: str, bodies: list[bytes]) -> None:
    for body in bodies:
        assert rejection_of(body) == defect
