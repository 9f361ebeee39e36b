"""The endpoint's inputs: deliveries, whole or broken, and whether Stripe could have sent them."""

import base64
import io
import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from tests.support.signing import signature_of

CHUNK_BYTES_MAX: Final = 64 * 1024


@dataclass(frozen=True)
class Delivery:
    """One request, byte for byte."""

    body: bytes
    signature: str | None
    """The `Stripe-Signature` header; None without one."""
    is_true: bool
    """Whether the signature is Stripe's, for this body, and fresh."""
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers, in latin-1, as WSGI has them."""
    length: str | None = None
    """The claimed `Content-Length`; None for the right one."""
    is_chunked: bool = False
    """Whether the body comes in chunks, without a length."""
    is_endless: bool = False
    """Whether bytes follow the body without end."""

    @property
    def is_post(self) -> bool:
        return self.method.upper() == "POST"

    @property
    def is_whole(self) -> bool:
        """Whether the body arrives as it was sent."""
        return not self.is_endless and (self.is_chunked or self.length in (None, str(len(self.body))))


@dataclass(frozen=True, repr=False)
class Visit:
    """Deliveries, one after the other, to a shop with a history."""

    shop: str
    deliveries: tuple[Delivery, ...]

    def __repr__(self) -> str:
        return "\n".join((f"a shop where order-1 is {self.shop}", *map(_line_of, self.deliveries)))


def signed(body: bytes, **fields: Any) -> Delivery:
    """Signed as Stripe does."""
    return Delivery(body, signature_of(body), is_true=True, **fields)


class Stream(io.RawIOBase):
    """A request's body; counts the bytes read."""

    def __init__(self, delivery: Delivery) -> None:
        self._left = io.BytesIO(delivery.body)
        self._is_endless = delivery.is_endless
        self.bytes_taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), CHUNK_BYTES_MAX)
        taken = self._left.read(wanted) or b" " * wanted * self._is_endless
        buffer[: len(taken)] = taken
        self.bytes_taken += len(taken)
        return len(taken)


# --- Written to files, to be tried again -----------------------------------------------------------------------------


def written(visit: Visit) -> str:
    """The visit as text, which `visit_from` reads."""
    deliveries = [
        {**asdict(delivery), "body": base64.b64encode(delivery.body).decode()} for delivery in visit.deliveries
    ]
    return json.dumps({"shop": visit.shop, "deliveries": deliveries}, indent=1)


def visit_from(text: str) -> Visit:
    kept = json.loads(text)
    return Visit(kept["shop"], tuple(map(_delivery_from, kept["deliveries"])))


def _delivery_from(kept: dict[str, Any]) -> Delivery:
    headers = tuple((name, text) for name, text in kept["headers"])
    return Delivery(**{**kept, "body": base64.b64decode(kept["body"]), "headers": headers})


def _line_of(delivery: Delivery) -> str:
    truth = "signed" if delivery.is_true else f"not signed: {ascii(delivery.signature)[:200]}"
    length = f", Content-Length {delivery.length!a}" if delivery.length else ""
    how = f"{length}{', in chunks' * delivery.is_chunked}{', without end' * delivery.is_endless}"
    shown = ascii(delivery.body)[2:-1]
    body = shown if len(shown) <= 2_000 else f"{shown[:1_000]} ... {shown[-1_000:]}"
    return f"{delivery.method} of {len(delivery.body):,} bytes{how}, {truth}, {list(delivery.headers)}: {body}"
