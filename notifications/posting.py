"""Makes requests to providers over HTTP: once, within a time limit, with nothing of the request in any error.

By `requests`, which is deployed anyway for google-auth. Its own errors contain the URL, which for some providers is
secret.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import field
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import requests
from requests.adapters import HTTPAdapter

from effects.outside import Failed
from orders.frozen import frozen
from orders.numbers import pause_from

ANSWER_SECONDS_MAX: Final = 5.0
"""How long a whole answer may take; or several that are requested at once."""
_CONNECT_SECONDS_MAX: Final = 3.0
_ANSWER_BYTES_MAX: Final = 64 * 1024
"""Of a body. Providers report a message's outcome in less than a thousand bytes."""
_PASSING: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


@frozen
class Post:
    """Its repr shows nothing, since all of it is secret or personal."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@frozen
class Answer:
    code: int
    body: bytes = b""
    """As much as arrived and was read: the code alone must say whether a message was accepted."""
    retry_after: timedelta | None = None
    """How long the provider asks to wait."""

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.code < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_passing(self) -> bool:
        """Whether a retry may help, according to the code."""
        return self.code in _PASSING or self.code >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def fields(self) -> Mapping[str, object]:
        """The JSON object in the body; empty if there is none."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}


def answer_to(post: Post, provider: str) -> Answer:
    """The provider's answer, whatever it is.

    Raises:
        Failed: it does not answer in time. Whether it did what was asked is unknown.
    """
    (answer,) = answers_to([post], provider)
    if isinstance(answer, Failed):
        raise answer
    return answer


def answers_to(posts: Sequence[Post], provider: str) -> list[Answer | Failed]:
    """The provider's answers to requests made at the same time, on new connections.

    A kept connection may have died while the instance was frozen, and then nobody would know what became of the
    message. Each step has a time limit, and so has the whole: an answer can come byte by byte.
    """
    with _session(len(posts)) as session:
        threads = ThreadPoolExecutor(max(len(posts), 1))
        try:
            asked = [threads.submit(_answer, session, post, provider) for post in posts]
            done, _ = wait(asked, ANSWER_SECONDS_MAX)
            return [each.result() if each in done else _silence(provider, "Timeout") for each in asked]
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _session(connections: int) -> requests.Session:
    session = requests.Session()
    # A password file (~/.netrc) would override the secret, and providers are not behind a proxy.
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=max(connections, 1)))
    return session


def _answer(session: requests.Session, post: Post, provider: str) -> Answer | Failed:
    try:
        # Redirects would take the secret elsewhere.
        answered = session.post(
            post.url,
            data=post.body,
            headers=dict(post.headers),
            timeout=(_CONNECT_SECONDS_MAX, ANSWER_SECONDS_MAX),
            allow_redirects=False,
            stream=True,
        )
    except requests.RequestException as error:
        return _silence(provider, type(error).__name__)
    with answered:
        return Answer(answered.status_code, _body_of(answered), pause_from(answered.headers.get("Retry-After")))


def _body_of(answered: requests.Response) -> bytes:
    body = b""
    with suppress(requests.RequestException):
        for part in answered.iter_content(4096):
            body += part
            if len(body) > _ANSWER_BYTES_MAX:
                break
    return body


def _silence(provider: str, error: str) -> Failed:
    return Failed(f"{provider} does not answer: {error}", retryable=True)
