"""Requests to the real server that no HTTP client would send, and what must be so after each.

As a process of its own, it sends them until time is up: one share of the long run.
"""

import contextlib
import json
import random
import re
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.support.http_client import signed_now
from tests.support.production_server import Server, production_server
from tests.support.signing import SECRET, body_of
from tests.support.stripe_objects import a_stripe_event

NOWHERE: Final = "127.0.0.1:1"
"""No Firestore: no request here may need it."""
AS_IN_PRODUCTION: Final = {"FORWARDED_ALLOW_IPS": "192.0.2.1"}
"""gunicorn trusts local clients more than others, for example about SCRIPT_NAME."""
MEGABYTES_MAX: Final = 150
PAGE_BYTES_MAX: Final = 16 * 1024
"""An answer is shorter; gunicorn's own also repeat a header that it cannot parse to whoever sent it."""

_CARD: Final = b"4242424242424242"
_NOT_OURS: Final = body_of(a_stripe_event(event_type="customer.created"))
_STATUS_LINE: Final = re.compile(rb"^HTTP/1\.[01] (\d{3})", re.MULTILINE)
_MEGABYTE: Final = b" " * 2**20
_AN_END: Final = b"0\r\n\r\n"


def _post(*lines: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join([b"POST / HTTP/1.1", b"Host: shop", *lines, b"", b""]) + body


def _in_chunks(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)


def _forged(body: bytes) -> bytes:
    return b"Stripe-Signature: " + signed_now(body, secret="whsec_of_somebody_else")["Stripe-Signature"].encode()


_LENGTH: Final = b"Content-Length: %d" % len(_NOT_OURS)
_CHUNKED: Final = b"Transfer-Encoding: chunked"


def broken_requests() -> Sequence[bytes]:
    """None is signed by Stripe."""
    whole = _post(_forged(_NOT_OURS), _LENGTH, body=_NOT_OURS)
    several = (whole, whole * 3, whole + b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
    return [*several, *_with_broken_heads(), *_with_broken_bodies(), *_with_broken_headers()]


def _with_broken_heads() -> Iterator[bytes]:
    methods = (b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"PATCH", b"post", b"\xff", b"")
    targets = (b"*", b"//", b"//evil.example/", b"/%00", b"/%0d%0aX-Injected:%201", b"/\xff", b"/" + b"a" * 9_000)
    further = (b"/robots.txt", b"/favicon.ico", b"/?" + _CARD, b"http://evil.example/", b"/../..", b"/#", b"?", b"/%")
    hosts = (b"", b"a b", b"[", b"evil.example:99999", b"\xff", b"h" * 5_000, b"a\tb", b"a/b", b"@")
    yield from (
        b"",
        b"\r\n\r\n",
        b"\0" * 100,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: shop\r\n\r\n",
        b"POST /\r\n\r\n",
        b"POST / HTTP/1.0\r\n\r\n" + _NOT_OURS,
    )
    yield from (method + b" / HTTP/1.1\r\nHost: shop\r\n\r\n" for method in methods)
    yield from (b"POST " + target + b" HTTP/1.1\r\nHost: shop\r\n\r\n" for target in (*targets, *further))
    yield from (b"POST / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n" for host in hosts)


def _with_broken_bodies() -> Iterator[bytes]:
    # Without a signature, no body is read.
    made_up = _forged(b"")
    lengths = (b"-1", b"+7", b"abc", b"", b"0x10", b"1e3", b"10737418240", b"9" * 5_000, b"7, 7", b"\xb2", b"1_0")
    yield from (_post(_forged(_NOT_OURS), b"Content-Length: " + text, body=_NOT_OURS) for text in lengths)
    yield from (
        _post(made_up, _LENGTH, b"Content-Length: 3", body=_NOT_OURS),
        _post(made_up, _LENGTH, _CHUNKED, body=_in_chunks(_NOT_OURS) + _AN_END),
        _post(made_up, b"Transfer-Encoding: gzip", body=_NOT_OURS),
        _post(made_up, b"Transfer-Encoding: identity", _LENGTH, body=_NOT_OURS),
        _post(_CHUNKED, _forged(_NOT_OURS), body=_in_chunks(_NOT_OURS[:9], _NOT_OURS[9:]) + _AN_END),
        _post(made_up, _CHUNKED, body=_in_chunks(_NOT_OURS)),
        _post(made_up, _CHUNKED, body=_CARD + b" is no size\r\n"),
        _post(made_up, _CHUNKED, body=b"-5\r\nabc\r\n" + _AN_END),
        _post(made_up, _CHUNKED, body=b"ffffffffffffffff\r\nabc"),
        _post(made_up, _CHUNKED, body=b"3;" + b"x" * 20_000 + b"\r\nabc\r\n" + _AN_END),
        _post(made_up, _CHUNKED, body=b"3\r\nabcdef\r\n" + _AN_END),
        _post(made_up, _CHUNKED, body=_in_chunks(*[b"x"] * 20_000) + _AN_END),
        _post(made_up, _CHUNKED, body=_in_chunks(*[_MEGABYTE] * 3) + _AN_END),
        _post(made_up, b"Content-Length: %d" % (2 * len(_MEGABYTE)), body=_MEGABYTE * 2),
        _post(made_up, b"Expect: 100-continue", _LENGTH, body=_NOT_OURS),
    )


def _with_broken_headers() -> Iterator[bytes]:
    yield from (
        _post(b"Expect: 100-continue", _LENGTH),
        _post(b"Expect: " + _CARD, _LENGTH, body=_NOT_OURS),
        _post(b"Upgrade: websocket", b"Connection: Upgrade"),
        _post(b"Stripe-Signature : t=1,v1=" + _CARD),
        _post(b"Stripe-Signature: t=1\r\n v1=" + _CARD),
        _post(b"Stripe-Signature: t=1\nX-Injected: 1"),
        _post(b"Stripe-Signature: t=1\rX-Injected: 1"),
        _post(b"Stripe-Signature: t=1\0,v1=" + _CARD),
        _post(b"Stripe-Signature: \xff\xfe", _LENGTH, body=_NOT_OURS),
        _post(_forged(_NOT_OURS), _forged(b""), _LENGTH, body=_NOT_OURS),
        _post(b"Stripe_Signature: t=1,v1=" + _CARD, _LENGTH, body=_NOT_OURS),
        _post(b"Stripe-Signature: " + b"v1=0," * 1_600, _LENGTH, body=_NOT_OURS),
        _post(b"X: " + b"x" * 100_000),
        _post(*(b"X-%d: 1" % number for number in range(1_000))),
        _post(b"no colon"),
        _post(b": no name"),
        _post(b"Content-Type: multipart/form-data; boundary=x", _LENGTH, body=_NOT_OURS),
        _post(b"Content-Type: application/x-www-form-urlencoded", b"Content-Encoding: gzip", _LENGTH, body=_NOT_OURS),
        _post(b"X-Cloud-Trace-Context: " + b"\xff" * 100, b"Function-Execution-Id: " + _CARD, _LENGTH, body=_NOT_OURS),
        _post(b"X-Forwarded-For: a\xffb", b"X-Forwarded-Host: evil", b"X-HTTP-Method-Override: GET"),
        _post(b"SCRIPT_NAME: /x", b"Script-Name: /x"),
    )


def a_get_of(megabytes: int) -> bytes:
    """The server need not read the body of a request that it answers 405."""
    head = b"GET / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + _in_chunks(*[_MEGABYTE] * megabytes) + _AN_END


def changed(request: bytes, chance: random.Random) -> bytes:
    """The request with some of its bytes changed, removed or repeated."""
    bytes_left = bytearray(request)
    for _ in range(chance.randrange(1, 6)):
        start = chance.randrange(len(bytes_left) + 1)
        end = start + chance.randrange(12)
        new = chance.choice([b"", b"\r\n", b"\0", b" ", b"\xff", bytes(bytes_left[start:end]) * 2, chance.randbytes(3)])
        bytes_left[start:end] = new
    return bytes(bytes_left)


# --- The judge -------------------------------------------------------------------------------------------------------


def answer_to(request: bytes, server: Server) -> bytes:
    """The answer until the server closes the connection; sends nothing else."""
    with server.connect() as connection:
        # The server may have read enough and closed the connection.
        with contextlib.suppress(OSError):
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            return connection.makefile("rb").read()
        return b""


def statuses_in(answer: bytes) -> list[str]:
    return [status.decode() for status in _STATUS_LINE.findall(answer)]


def complaints_about_answer(request: bytes, answer: bytes) -> Iterator[str]:
    """Everything wrong with the answer to an unsigned request."""
    for status in statuses_in(answer):
        if status == "500" or "200" <= status < "300":
            yield f"answered {status}"
    if SECRET.encode() in answer:
        yield "leaked the secret"
    if re.search(rb"^X-Injected:", answer, re.MULTILINE):
        yield "let a header in"
    if len(answer) > len(request) + PAGE_BYTES_MAX:
        yield f"answered {len(answer):,} bytes"


def complaints_about_server(server: Server, worker: int) -> Iterator[str]:
    """The server must still be the same process, and must not have leaked."""
    if server.worker() != worker:
        yield "its worker has died"
    signed = server.post(_NOT_OURS, signed_now(_NOT_OURS))
    if signed.status != 200:
        yield f"answered {signed.status} to an event of Stripe's"
    if server.resident_megabytes() > MEGABYTES_MAX:
        yield f"holds {server.resident_megabytes():.0f} MB"
    log = server.log.read_text()
    if SECRET in log or _CARD.decode() in log:
        yield "leaked a secret in its log"
    for line in log.splitlines():
        if not _is_json(line):
            yield f"logged {line[:200]!a}"


def _is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


# --- A share of the long run -----------------------------------------------------------------------------------------


def main(seconds: float, folder: Path) -> int:
    """Write `tally.json` to the folder; after a failure, also `wrong.http`, and exit with 1."""
    chance, end = random.Random(), time.monotonic() + seconds  # noqa: S311
    statuses: Counter[str] = Counter()
    requests, complaints = 0, list[str]()
    with production_server("demo-fuzz", NOWHERE, folder, **AS_IN_PRODUCTION) as server:
        worker, usual = server.worker(), broken_requests()
        for request in _requests(usual, chance):
            answer = answer_to(request, server)
            requests += 1
            statuses.update(statuses_in(answer) or ["none"])
            complaints = list(complaints_about_answer(request, answer))
            if complaints:
                (folder / "wrong.http").write_bytes(request)
            if complaints or time.monotonic() >= end:
                break
        complaints += complaints_about_server(server, worker)
        megabytes = server.resident_megabytes()
    (folder / "tally.json").write_text(
        json.dumps({"requests": requests, "statuses": statuses, "megabytes": megabytes, "complaints": complaints})
    )
    return 1 if complaints else 0


def _requests(usual: Sequence[bytes], chance: random.Random) -> Iterator[bytes]:
    yield from usual
    yield a_get_of(megabytes=200)
    while True:
        yield changed(chance.choice(usual), chance)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), Path(sys.argv[2])))
