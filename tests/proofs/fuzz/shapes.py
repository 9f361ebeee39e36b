"""Stripe's events, whole and then broken: any field missing, null, of another type, or unknown; signed or forged."""

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import product
from typing import Any, Final

from hypothesis import strategies as st

from receiving.body import BODY_BYTES_MAX
from tests.proofs.fuzz.deliveries import Delivery, Visit, signed
from tests.proofs.fuzz.endpoint import shops
from tests.proofs.fuzz.values import MISSING, SECONDS, anything, large_shapes, of_any_kind, of_its_kind
from tests.support.builders import NOW, Fields
from tests.support.signing import SECRET, signature_of
from tests.support.stripe.versions import API_VERSIONS
from tests.support.stripe_objects import OBJECT_OF, a_thin_event, the_event

Place = tuple[str | int, ...]

_USUAL: Final = tuple(product(OBJECT_OF, API_VERSIONS))
_READ: Final = frozenset(
    {
        *("id", "object", "type", "created", "api_version", "livemode", "data", "metadata", "orderId", "status"),
        *("amount", "amount_received", "amount_captured", "amount_refunded", "amount_total", "currency", "captured"),
        *("payment_intent", "charge", "latest_charge", "charges", "client_reference_id", "payment_status", "refunds"),
        *("last_payment_error", "code", "decline_code", "failure_code", "outcome", "reason", "evidence_details"),
        *("due_by", "restock", "account", "context", "payment_link", "shop", "related_object", "snapshot_event"),
        *("mode", "next_action", "expires_at", "capture_before", "payment_method_types"),
    }
)
"""Changes to these fields are likely to matter."""
# --- Events ----------------------------------------------------------------------------------------------------------


def _places_in(value: object, path: Place = ()) -> Iterator[Place]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, content in inner:
        yield (*path, name)
        yield from _places_in(content, (*path, name))


@functools.cache
def _places_of(event_type: str, api_version: str) -> st.SearchStrategy[Place]:
    """Places in the usual event, or possible ones; most where a change is likely to matter."""
    places = list(_places_in(the_event(event_type, api_version)))
    envelope: list[Place] = [("account",), ("context",), *(place for place in places if len(place) == 1)]
    read = [place for place in places if place[-1] in _READ]
    added = [(*place[:-1], name) for place in read[-3:] for name in sorted(_READ)]
    named: list[Place] = [("data", "object", "metadata", name) for name in ("orderId", "shop")]
    named += [("data", "object", name) for name in ("client_reference_id", "payment_link")]
    return st.one_of(
        st.sampled_from(envelope),
        st.sampled_from(named),
        *[st.sampled_from(read)] * 4,
        st.sampled_from([*places, *added]),
    )


def _at(value: Any, place: Place) -> object:
    for name in place:
        if isinstance(value, list):
            value = value[0] if value else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def _changed(value: Any, place: Place, other: object) -> Any:
    """A copy with another value at that place, if it still exists."""
    name, *deeper = place
    if isinstance(value, list) and value:
        return [_changed({name: value[0]}, place, other).get(name), *value[1:]]
    if not isinstance(value, dict):
        return value
    content = _changed(value.get(name), tuple(deeper), other) if deeper else other
    kept = {known: inner for known, inner in value.items() if known != name}
    return kept if content is MISSING else {**kept, name: content}


_VOUCHER: Final[Fields] = {
    "type": "oxxo_display_details",
    "oxxo_display_details": {"expires_after": SECONDS + 3 * 86_400},
}
_TRANSFER: Final[Fields] = {"type": "display_bank_transfer_instructions", "display_bank_transfer_instructions": {}}
_HALF: Final[Fields] = {"amount": 1_800, "amount_received": 1_800, "amount_captured": 1_800}
_VARIANTS: Final[Mapping[str, Sequence[Mapping[str, Any]]]] = {
    "payment_intent": [
        *({}, {}, {"metadata": {}}, {"next_action": _VOUCHER}, {"next_action": _TRANSFER}),
        *({"id": "pi_2", "latest_charge": "ch_2"}, {"id": "pi_2", "latest_charge": None, **_HALF}),
        {"payment_method_types": ["sepa_debit", "card"]},
    ],
    "charge": [
        *({}, {}, {"metadata": {}}, {"payment_intent": None}),
        *({"id": "ch_2", "payment_intent": "pi_2"}, {"id": "ch_2", "payment_intent": "pi_2", **_HALF}),
    ],
    "checkout": [
        *({}, {}, {"metadata": {}, "client_reference_id": None}, {"mode": "subscription", "payment_intent": None}),
        *({"id": "cs_2", "payment_intent": "pi_2"}, {"metadata": {"orderId": "order-1"}, "payment_intent": None}),
    ],
    "refund": [
        *({}, {}, {"metadata": {"restock": "all"}}, {"metadata": {"restock": "none"}}, {"status": "pending"}),
        {"id": "re_2", "payment_intent": "pi_2", "charge": "ch_2"},
    ],
}
"""In what else the usual event may differ: a second payment, half of one, one that names no order, or a slow one."""


def _variants_of(event_type: str) -> st.SearchStrategy[Mapping[str, Any]]:
    return st.sampled_from(_VARIANTS[event_type.partition(".")[0]])


@st.composite
def _events(draw: st.DrawFn) -> Any:
    event_type, api_version = draw(st.sampled_from(_USUAL))
    event_id, variant = draw(st.sampled_from(["evt_1", "evt_2"])), draw(_variants_of(event_type))
    message: Any = the_event(event_type, api_version, event_id, **variant)
    if draw(st.integers(0, 19)) == 19:
        message = a_thin_event(f"v1.{event_type}", event_id)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(_places_of(event_type, api_version))
        # Rarely, since a large body takes as long as a hundred small ones.
        if draw(st.integers(0, 199)) == 199:
            values = large_shapes
        else:
            values = of_its_kind(place[-1], _at(message, place)) if draw(st.booleans()) else of_any_kind
        message = _changed(message, place, draw(values))
    return message


# --- Bodies ----------------------------------------------------------------------------------------------------------


def _written_plainly(message: object) -> bytes:
    return json.dumps(message).encode()


def _written_raw(message: object) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _first(member: bytes) -> Callable[[object], bytes]:
    """The message as plain JSON, with one more member before all others."""
    return lambda message: b"{" + member + b"," + _written_plainly(message).lstrip(b"{")


def _padded_to(size: int) -> Callable[[object], bytes]:
    return lambda message: _written_plainly(message).ljust(size)


_USUALLY_WRITTEN: Final = (_written_plainly, _written_raw)
_ODDLY_WRITTEN: Final[Sequence[Callable[[object], bytes]]] = (
    _first(b'"id":"evt_0"'),
    _first(b'"data":{"object":{}},"data":null'),
    _first(b'"deep":' + b"[" * 500 + b"]" * 500),
    _first(b'"deep":' + b'{"a":' * 100_000 + b"0" + b"}" * 100_000),
    _first(b'"deep":' + b"[" * 400_000),
    _first(b'"huge":' + b"9" * 4_300),
    _first(b'"huge":' + b"9" * 500_000),
    _first(b'"huge":1e999999999,"small":1e-999999999'),
    _first(b'"\\u0000":"\\ud800"'),
    _padded_to(BODY_BYTES_MAX),
    _padded_to(BODY_BYTES_MAX + 1),
    _padded_to(3 * BODY_BYTES_MAX),
    lambda message: b"\xef\xbb\xbf" + _written_plainly(message),
    lambda message: _written_plainly(message).decode().encode("utf-16"),
    lambda message: _written_plainly(message).decode().encode("utf-32-be"),
    lambda message: _written_plainly(message)[:-1],
    lambda message: _written_plainly(message) * 2,
    lambda message: b"[" + _written_plainly(message) + b"]",
    lambda message: b"",
    lambda message: b"null",
)


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    match draw(st.integers(0, 39)):
        case 39:
            return draw(st.binary(max_size=100))
        case 38:
            return _written_plainly(draw(anything))
        case 36 | 37:
            return draw(st.sampled_from(_ODDLY_WRITTEN))(draw(_events()))
        case _:
            return draw(st.sampled_from(_USUALLY_WRITTEN))(draw(_events()))


# --- Signatures ------------------------------------------------------------------------------------------------------


def _tampered(body: bytes) -> bytes:
    return body.replace(b"3600", b"1", 1) + b" "


_FORGERIES: Final[Mapping[str, Callable[[bytes], str | None]]] = {
    "none": lambda body: None,
    "empty": lambda body: "",
    "of somebody else": lambda body: signature_of(body, secret="whsec_of_somebody_else"),
    "of an empty secret": lambda body: signature_of(body, secret=""),
    "of another body": lambda body: signature_of(_tampered(body)),
    "stale": lambda body: signature_of(body, at=NOW - timedelta(seconds=301)),
    "from the future": lambda body: signature_of(body, at=NOW + timedelta(seconds=400)),
    "of another scheme": lambda body: signature_of(body).replace("v1=", "v0="),
    "with another time": lambda body: signature_of(body).replace("t=", "t=1"),
    "with a time before": lambda body: "t=1," + signature_of(body),
    "without a time": lambda body: signature_of(body).partition(",")[2],
    "cut short": lambda body: signature_of(body)[:-1],
    "without values": lambda body: "t=,v1=",
    "not ascii": lambda body: "t=1,v1=\xe9\xff",
    "the secret itself": lambda body: f"t={SECONDS},v1={SECRET[::-1]}",
    "very long": lambda body: f"t={SECONDS}" + ",v1=0" * 10_000,
    "a huge time": lambda body: "t=" + "9" * 5_000 + ",v1=" + "0" * 64,
}
_EMBELLISHED: Final[Sequence[Callable[[str], str]]] = (
    lambda signature: signature,
    lambda signature: signature,
    lambda signature: f"{signature},v1={'0' * 64}",
    lambda signature: f"{signature},v0=\0,v2=x,=,,t=1",
)
_one_byte_text = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60)


@st.composite
def _deliveries(draw: st.DrawFn) -> Delivery:
    body = draw(_bodies())
    carried = draw(_carriages) if draw(st.integers(0, 7)) == 7 else {}
    if draw(st.integers(0, 4)):
        delivery = signed(body, **carried)
        return Delivery(body, draw(st.sampled_from(_EMBELLISHED))(delivery.signature or ""), is_true=True, **carried)
    if draw(st.integers(0, 4)):
        return Delivery(body, _FORGERIES[draw(st.sampled_from(sorted(_FORGERIES)))](body), is_true=False, **carried)
    return Delivery(body, draw(_one_byte_text), is_true=False, **carried)


_LENGTHS: Final = (
    *("0", "1", "-1", "10737418240", "9" * 5_000, "", "abc", "1e3", "+7", " 7 ", "0x10", "1_000", "\xb2", "nan"),
    *(str(BODY_BYTES_MAX), str(BODY_BYTES_MAX + 1), str(BODY_BYTES_MAX + 2)),
)
_header_names = st.sampled_from(
    [
        *("X-Cloud-Trace-Context", "Content-Encoding", "Expect", "Host", "X-Forwarded-For", "Cookie", "Authorization"),
        *("Transfer-Encoding", "X-HTTP-Method-Override", "Function-Execution-Id", "Accept-Charset"),
    ]
)
_header_texts = _one_byte_text | st.sampled_from(
    ["gzip", "chunked, identity", "100-continue", "0" * 32 + "/1;o=1", "a" * 32, "x" * 60_000, "%0d%0aX-Injected: 1"]
)
_carriages: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"headers": st.lists(st.tuples(_header_names, _header_texts), max_size=3).map(tuple)}),
    st.fixed_dictionaries({"length": st.sampled_from(_LENGTHS)}),
    st.fixed_dictionaries(
        {"method": st.sampled_from(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "post", ""])}
    ),
    st.just({"is_chunked": True}),
    st.just({"is_chunked": True, "is_endless": True}),
)

visits: Final = st.builds(
    Visit, st.sampled_from(sorted(shops())), st.lists(_deliveries(), min_size=1, max_size=4).map(tuple)
)
